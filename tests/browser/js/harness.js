// The least a test needs: named tests, equality, and timers that go when told to.

const tests = new Map();

export const test = (name, body) => tests.set(name, body);
export const run = (name) => tests.get(name)();

export function equal(actual, expected, what = "") {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what} ${a} is not ${b}`);
}

export const shared = async (name) => (await fetch(`/shared/${name}.json`)).json();

// Numbers that look random and are the same each time.
export function dice(seed) {
  let state = seed;
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * sides);
  };
}

// Replaces the page's timers. `pass(ms)` lets that much time go by.
export function fakeTimers() {
  let [time, last] = [0, 0];
  const due = new Map();
  globalThis.setTimeout = (call, ms = 0) => due.set((last += 1), { at: time + ms, call }) && last;
  globalThis.clearTimeout = (id) => due.delete(id);
  const next = () => [...due].sort(([, a], [, b]) => a.at - b.at)[0];
  return {
    now: () => time,
    pass(ms) {
      const end = time + ms;
      for (let [id, timer] = next() ?? []; timer && timer.at <= end; [id, timer] = next() ?? []) {
        due.delete(id);
        time = timer.at;
        timer.call();
      }
      time = end;
    },
  };
}
