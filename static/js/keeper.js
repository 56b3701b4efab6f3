// Keeps what the list shows for the next visit: a conversation at once, its news a moment later. Losing the last moment
// of it costs nothing, the server tells it again; a conversation that is not kept would not be there without a network.

const DELAY_MS = 500;

export class Keeper {
  constructor(chats, database) {
    Object.assign(this, { chats, database });
    this.unkept = new Set();
    this.kept = new Set();
  }

  soon(ids) {
    for (const id of ids) this.unkept.add(id);
    if (ids.some((id) => !this.kept.has(id))) this.#keep();
    else this.timer ??= setTimeout(() => this.#keep(), DELAY_MS);
  }

  // It is not in the list any more.
  forget(id) {
    this.kept.delete(id);
    this.database.removeConversation(id).catch(() => {});
  }

  // Another epoch: nothing kept is there any more.
  drop() {
    this.#rest();
    this.kept.clear();
  }

  #rest() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.unkept.clear();
  }

  #keep() {
    const chats = [...this.unkept].map((id) => this.chats.get(id)).filter(Boolean);
    this.#rest();
    for (const { id } of chats) this.kept.add(id);
    this.database.storeConversations(chats.map((chat) => chat.summary)).catch(() => {});
  }
}
