// messenger.v1 as the browser speaks it. Shapes: docs/protocol.md. No I/O here.

export const SUBPROTOCOL = "messenger.v1.json";
export const BODY_CHARS = 4096;
// So many fit into a frame of 64 KiB, whatever their seqs.
export const MAX_POSITIONS = 500;
export const MAX_ACKS = 100;
export const MAX_RANGE = 100;

// Closed with one of these: coming back by oneself would meet the same answer.
export const isTerminal = (code) => code >= 4000 && code < 4500;
export const SIGN_IN_AGAIN = 4401;

// Composite `device_counter_millis`: the counter never repeats on this device, the time is for people. Of the
// device's id the end is taken: it is a UUIDv7, whose beginning is a time that two devices may share.
export const clientId = (device, counter, now) => `${device.replaceAll("-", "").slice(-12)}_${counter}_${now}`;

export const hello = (device, epoch, positions) => ({ t: "hello", device, epoch, positions });
export const ping = (positions) => ({ t: "ping", positions });
export const fetchRange = (conv, from, to) => ({ t: "fetch", conv, from, to });
export const info = (conv, seq, after) => ({ t: "info", conv, seq, after });
export const edit = (conv, seq, body) => ({ t: "edit", conv, seq, body });
// `whom`: "me" or "all".
export const remove = (conv, seq, whom) => ({ t: "delete", conv, seq, for: whom });
export const resend = ({ client_id, conv, seq }) => ({ t: "resend", conv, seq, client_id });
export const open = (username) => ({ t: "open", username });
export const typing = (conv) => ({ t: "typing", conv });
export const presence = (conv) => ({ t: "presence", conv });
export const ack = (acks) => ({ t: "ack", acks });
export const upTo = (type, conv, seq) => ({ type, conv, seq, cumulative: true });

// A message on its way out: written, or expired and sent anew.
export const outgoing = (item, after) => (item.kind === "resend" ? resend(item) : send(item, after));

export function send({ client_id, conv, body, reply_to, files, mentions }, after) {
  const frame = { t: "send", client_id, conv, body };
  if (after) frame.after = after;
  if (reply_to) frame.reply_to = reply_to;
  if (mentions?.length) frame.mentions = mentions;
  if (files?.length) frame.attachments = files.map(({ attachment }) => attachment.id);
  return frame;
}

// Python counts code points, JavaScript UTF-16 units: the limit is in code points.
export const length = (text) => [...text].length;

// What the server would refuse although nobody meant to write it: NUL, and halves of characters cut in two.
const LONE = /\p{Surrogate}/gu;
export const storable = (text) => text.replaceAll("\0", "").replace(LONE, "\uFFFD").trim();
