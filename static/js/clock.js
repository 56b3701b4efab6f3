// The server's time as far as this page can tell: a computer's own clock may be days off, and messages carry the
// server's. Set at every welcome; how far the computer's is off is kept for visits without a network.
//
// While the page is open the time does not go back, whatever becomes of the computer's clock. It may have been set ahead
// or have slept, which look alike: that is taken for time gone by, until the server tells.

const NOTABLE_MS = 1000;

let [ahead, kept, told, toldAt] = [0, 0, Date.now(), performance.now()];

export const now = () => Math.max(Date.now() + ahead, told + Math.round(performance.now() - toldAt));

// How far the server's was ahead at the last visit.
export function resumeClock(offset = 0) {
  [ahead, kept, told, toldAt] = [offset, offset, Date.now() + offset, performance.now()];
}

// What is to be kept of it; null when that is known already.
export function setServerTime(time) {
  [ahead, told, toldAt] = [time - Date.now(), time, performance.now()];
  if (Math.abs(ahead - kept) < NOTABLE_MS) return null;
  kept = ahead;
  return kept;
}
