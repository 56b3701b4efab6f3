// Frames about entries: new ones, what became of old ones, how far others have got, and what is not to be had. What a
// handler gives back is what other tabs are told in place of the frame.

const WAITING = new Set(["send", "resend"]);

export class EntryIntake {
  constructor(sync) {
    this.sync = sync;
  }

  async on_messages({ conv, entries, absent = [] }) {
    const { chat, stored } = await this.#store(conv, entries, absent);
    if (!chat) return;
    // Also when they are no news: the server repeats what it does not know to be stored.
    this.#delivered(chat, entries.length);
    this.sync.tell("stored", { chat, entries: stored });
  }

  async on_page(frame) {
    const { conv, entries, absent = [] } = frame;
    const before = this.sync.chats.get(conv)?.received ?? 0;
    const { chat, stored } = await this.#store(conv, entries, absent);
    if (chat?.received > before) this.#delivered(chat, chat.received - before);
    this.sync.history.answered(frame, stored, absent);
  }

  // Other tabs are told the entries, not the acknowledgement: they may not know yet what was sent.
  async on_ack({ acks }) {
    const accepted = new Map();
    const others = [];
    for (const ack of acks) {
      if (ack.type === "ACCEPTED") this.#accepted(ack, accepted);
      else if (ack.type === "REJECTED") this.sync.outbox.reject(ack.client_id, ack.error_text, ack.error_code);
      else others.push(ack);
    }
    for (const ack of others) this.#tick(ack);
    for (const [conv, entries] of accepted) {
      const { chat } = await this.#store(conv, entries);
      if (chat) this.#delivered(chat, entries.length);
    }
    const frames = [...accepted].map(([conv, entries]) => ({ t: "messages", conv, entries }));
    return others.length ? [...frames, { t: "ack", acks: others }] : frames;
  }

  // Told in the order of revisions, and again on every connection until the device says that it has stored them.
  async on_changes({ conv, upto, changes }) {
    const { chats, database } = this.sync;
    const chat = chats.joined(conv);
    if (!chat) return;
    const rev = Math.max(chat.rev, upto);
    const outcomes = await database.change(conv, changes, { ...chat.kept, rev });
    chat.change(outcomes, rev);
    if (!chat.last) chat.last = await database.newest(conv, chat.received + 1);
    this.sync.acknowledge("CHANGED", conv, rev, changes.length);
    this.#changed(chat);
  }

  // What this device lacks up to there has expired; it goes on above.
  async on_reset({ conv, horizon }) {
    const { chats, database, mender } = this.sync;
    const chat = chats.joined(conv);
    // One that stands there already may not have known why.
    if (!chat || horizon < chat.received || horizon <= chat.horizon) return;
    await database.setPositions([{ ...chat.kept, received: horizon, horizon }]);
    chat.reset(horizon);
    mender.watch(chat);
    this.#changed(chat);
  }

  on_retry(frame) {
    this.sync.outbox.retry(frame);
    return [];
  }

  on_done(frame) {
    this.sync.requests.done(frame);
  }

  on_error(frame) {
    const { history, requests, outbox } = this.sync;
    const { ref, code, text, retryable, retry_after_ms } = frame;
    if (ref) requests.refused(frame);
    if (ref?.t === "fetch") history.abandon(ref.conv);
    else if (WAITING.has(ref?.t) && retryable) outbox.retry({ client_id: ref.client_id, error_code: code, error_text: text, retry_after_ms });
    else if (ref?.t === "resend") outbox.discard(ref.client_id);
    else if (ref?.t === "send") outbox.reject(ref.client_id, text, code);
    this.sync.tell("refused", frame);
  }

  // An accepted message is an entry, at the place it was given. One that is not here any more was discarded, but it
  // is in the log.
  #accepted({ conv, seq, message_id, client_id, timestamp }, accepted) {
    const item = this.sync.outbox.find(client_id);
    if (item && this.sync.chats.get(conv)?.isLeft) this.sync.outbox.discard(client_id);
    const chat = this.sync.chats.joined(conv);
    if (!chat) return;
    if (item) {
      const { body, reply_to, mentions } = item;
      const entry = { seq, id: message_id, sender: this.sync.me, client_id, body, at: timestamp };
      if (reply_to) entry.reply_to = reply_to;
      if (mentions) entry.mentions = mentions;
      const attachments = item.attachments ?? item.files?.map(({ attachment }) => attachment);
      if (attachments?.length) entry.attachments = attachments;
      accepted.set(conv, [...(accepted.get(conv) ?? []), entry]);
    } else {
      chat.heardOf(seq);
      this.sync.mender.watch(chat);
    }
  }

  // One's own entry may come as ACCEPTED or as a push: the same entry, at the same place.
  async #store(conv, entries, absent = []) {
    const { chats, database, mender, progress, me } = this.sync;
    const chat = chats.joined(conv);
    if (!chat) return { stored: entries };
    const cursor = chat.cursorAfter(entries, absent);
    const own = entries.filter(({ sender }) => sender === me);
    const answered = own.map(({ client_id }) => client_id).filter((id) => this.sync.outbox.find(id));
    const stored = await database.store(conv, entries, { ...chat.kept, received: cursor.position }, absent, answered);
    chat.take(stored, cursor, absent);
    for (const entry of own) this.#settle(chat, entry);
    mender.watch(chat);
    progress.moved();
    this.#changed(chat);
    return { chat, stored };
  }

  #settle(chat, { client_id, seq }) {
    const item = this.sync.outbox.settle(client_id);
    if (item?.kind === "resend") chat.withdraw(item.seq, seq);
  }

  // Nothing yet, when all that came lies above a hole.
  #delivered(chat, count) {
    if (chat.received > 0) this.sync.acknowledge("DELIVERED", chat.id, chat.received, count);
  }

  #tick({ conv, type, seq, sender_id, lapsed }) {
    const chat = this.sync.chats.get(conv);
    if (!chat) return;
    if (type === "FAILED") chat.roster.lapse(sender_id, lapsed);
    else if (!chat.raise(sender_id, type, seq)) return;
    this.#changed(chat);
  }

  #changed(chat) {
    this.sync.chats.changed(chat.id);
    this.sync.keeper.soon([chat.id]);
  }
}
