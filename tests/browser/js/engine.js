// The engine with a real database and a socket whose other end is the test.

import { Chats } from "/static/js/chats.js";
import { openDatabase } from "/static/js/database.js";
import { Sync } from "/static/js/sync.js";
import { fakeTimers } from "./harness.js";

export const CONV = "01a20d51-c834-714c-b108-1217ce6921fc";
export const [ME, YOU] = ["01a20d51-0000-7000-8000-00000000000a", "01a20d51-0000-7000-8000-00000000000b"];

export const entry = (seq, sender = YOU) => ({ seq, id: CONV, sender, client_id: `c${seq}`, body: `text ${seq}`, at: seq });
const member = (id, name) => ({ id, name, username: name, role: "member", stays: [[1, null]], delivered: 0, seen: 0 });
export const summary = (more = {}) => ({
  id: CONV, kind: "direct", title: null, head: 0, rev: 0, received: 0, received_rev: 0, start: 1, seen: 0, unread: 0, last: null,
  members: [member(ME, "me"), member(YOU, "you")],
  ...more,
});
export const DEVICE = "device-0123456789ab";
export const welcome = (more = {}) => ({ t: "welcome", user: { id: ME }, device: DEVICE, epoch: "e", heartbeat_ms: 25000, time: 0, ...more });
export const shown = (chat) => chat.log.shown.map(({ seq }) => seq);

// `isStarted: false`: the test starts it.
export async function make({ isStarted = true } = {}) {
  const timers = fakeTimers();
  const sent = [];
  let socket;
  globalThis.WebSocket = class {
    static OPEN = 1;
    readyState = 1;
    constructor() {
      socket = this;
    }
    send(text) {
      sent.push(JSON.parse(text));
    }
    close() {}
  };
  const database = await openDatabase("device", () => {});
  const chats = new Chats(ME);
  const sync = new Sync({ me: ME, device: DEVICE, chats, database, pulse: () => {} });
  const [states, progress] = [[], []];
  sync.addEventListener("state", ({ detail }) => states.push(detail.state));
  sync.addEventListener("progress", ({ detail }) => progress.push(detail));
  const hear = async (frame) => {
    socket.onmessage?.({ data: JSON.stringify(frame) });
    await sync.intake.working;
  };
  // `done`: nothing is owed.
  const connect = async (epoch = "e", items = [summary()], done = true, time = 0) => {
    if (sync.link.state !== "connecting") sync.link.start();
    socket.onopen();
    await hear(welcome({ epoch, time }));
    await hear({ t: "conversations", items, more: false });
    if (done) await hear({ t: "sync_done", as_of: 0 });
  };
  const take = () => sent.splice(0);
  const acks = () => take().filter(({ t }) => t === "ack").flatMap((frame) => frame.acks.map(({ type, seq }) => `${type} ${seq}`));
  if (isStarted) await sync.start();
  while (isStarted && !sync.link.socket) await new Promise((resolve) => requestAnimationFrame(resolve));
  const drop = () => socket.onclose({ code: 1006 });
  return { sync, chats, database, timers, hear, connect, take, acks, states, progress, drop, chat: () => chats.get(CONV) };
}
