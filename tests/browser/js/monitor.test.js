import { Monitor } from "/static/js/monitor.js";
import { equal, fakeTimers, test } from "./harness.js";

class FakeSocket {
  static OPEN = 1;
  static made = [];

  constructor() {
    this.readyState = 1;
    this.sent = [];
    FakeSocket.made.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.isClosed = true;
  }

  hear(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }
}

function make() {
  const timers = fakeTimers();
  performance.now = timers.now;
  globalThis.WebSocket = FakeSocket;
  FakeSocket.made = [];
  const log = [];
  let beat;
  const monitor = new Monitor({
    onOpen: () => log.push("open"),
    onFrame: ({ t }) => log.push(t),
    onState: (state) => log.push(state),
    onHeartbeat: () => log.push("beat"),
    pulse: (call) => (beat = call),
  });
  const pulse = (ms) => {
    for (let passed = 0; passed < ms; passed += 1000) {
      timers.pass(1000);
      beat();
    }
  };
  const connect = () => {
    monitor.start();
    FakeSocket.made.at(-1).onopen();
    monitor.welcomed(25000);
  };
  return { monitor, timers, log, pulse, beat: () => beat(), connect, take: () => log.splice(0), socket: () => FakeSocket.made.at(-1) };
}

test("it beats before the server wonders, and gives a silent server up", () => {
  const { connect, pulse, take, socket } = make();
  connect();
  take();
  pulse(20000);
  equal(take(), ["beat"]);
  const first = socket();
  pulse(9000);
  equal(take(), []);
  pulse(1000);
  equal(take(), ["waiting"]);
  equal(first.isClosed, true);
});

test("any frame shows life, but beats are due all the same", () => {
  const { connect, pulse, take, socket } = make();
  connect();
  take();
  for (let turn = 0; turn < 12; turn += 1) {
    pulse(5000);
    socket().hear({ t: "messages" });
  }
  equal(take().filter((what) => what !== "messages"), ["beat", "beat", "beat"]);
});

test("it comes back with growing pauses, and afterwards begins anew", () => {
  const { monitor, connect, timers, socket } = make();
  connect();
  const pauses = [];
  for (let turn = 0; turn < 8; turn += 1) {
    const before = timers.now();
    const dead = socket();
    dead.onclose({ code: 1006 });
    while (socket() === dead) timers.pass(10);
    pauses.push(timers.now() - before);
  }
  pauses.forEach((pause, at) => {
    const base = Math.min(60000, 500 * 2 ** at);
    if (pause < base * 0.7 - 1 || pause > base * 1.3 + 10) throw new Error(`${pauses}`);
  });
  socket().onopen();
  monitor.welcomed(25000);
  equal(monitor.failures, 0);
});

test("a connection that never opens is given up", () => {
  const { monitor, timers, take } = make();
  monitor.start();
  timers.pass(10000);
  equal(take(), ["connecting", "waiting"]);
});

test("signed out and not understood are for good", () => {
  for (const [code, state] of [[4401, "signed-out"], [4400, "stopped"]]) {
    const { connect, timers, take, socket, pulse } = make();
    connect();
    socket().onclose({ code });
    take();
    timers.pass(1000000);
    pulse(30000);
    dispatchEvent(new Event("online"));
    equal(take(), [], state);
  }
});

test("the server says when to come back", () => {
  const { connect, timers, take, socket } = make();
  connect();
  const first = socket();
  first.hear({ t: "reconnect", after_ms: 1200 });
  take();
  timers.pass(1199);
  equal(take(), []);
  timers.pass(1);
  equal(take(), ["connecting"]);
});

test("the network is back: at once", () => {
  const { connect, take, socket } = make();
  connect();
  socket().onclose({ code: 1006 });
  take();
  dispatchEvent(new Event("online"));
  equal(take(), ["connecting"]);
});

test("where timers sleep, the pulse reconnects", () => {
  const { monitor, connect, take, socket, beat } = make();
  connect();
  socket().onclose({ code: 1006 });
  take();
  // Long past, and no timer has come.
  monitor.now = () => 10 ** 9;
  beat();
  equal(take(), ["connecting"]);
});

test("a late welcome of a connection that was stopped changes nothing", () => {
  const { monitor, connect } = make();
  connect();
  monitor.stop("signed-out");
  monitor.welcomed(25000);
  equal(monitor.state, "signed-out");
});

test("the computer's clock may be set back: a silent server is given up all the same", () => {
  const { connect, pulse, take } = make();
  connect();
  take();
  const before = Date.now();
  Date.now = () => before - 24 * 60 * 60 * 1000;
  pulse(30000);
  equal(take(), ["beat", "waiting"]);
});
