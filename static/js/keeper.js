// Keeps what the list shows for the next visit. Losing the last moment of it costs nothing: the server tells it again.

const DELAY_MS = 500;

export class Keeper {
  constructor(chats, database) {
    Object.assign(this, { chats, database });
    this.unkept = new Set();
  }

  soon(ids) {
    for (const id of ids) this.unkept.add(id);
    this.timer ??= setTimeout(() => this.#keep(), DELAY_MS);
  }

  // The person is not in it any more: nothing of it stays.
  forget(id) {
    this.database.removeConversations([id]).catch(() => {});
  }

  drop() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.unkept.clear();
  }

  #keep() {
    const chats = [...this.unkept].map((id) => this.chats.get(id)).filter(Boolean);
    this.drop();
    this.database.storeConversations(chats.map((chat) => chat.summary)).catch(() => {});
  }
}
