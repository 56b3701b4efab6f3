// Groups, as soon as there is one (or a chat is muted): what is said of them in list and thread, who is in a large one, and the screens for
// them, each a part of its own.

import { askRoster, countOf } from "./group_api.js";
import { Faces } from "./faces.js";
import { eventText } from "./group_events.js";
import { FILES } from "./group_parts.js";
import { late } from "./late.js";
import { marked, mentioned, usernames } from "./mentions.js";
import { byId } from "./views/dom.js";
import { mentionMark, mutedMark } from "./views/marks.js";
import { gettext, interpolate, isolated } from "./words.js";

// Who comes and goes in a crowd is not worth more.
const APART_MS = 5000;
// No roster is of this revision.
const NEVER = -1;

// The line under a group's name.
const company = (roster) => (roster.isWhole && !roster.isLarge ? roster.members.map(({ id }) => isolated(roster.nameOf(id))).join(", ") : countOf(roster.count));

export class Groups {
  constructor(app, lazy) {
    Object.assign(this, { app, asked: new Map() });
    this.faces = new Faces(() => app.chats.changed(null));
    const face = (avatar, chat) => this.faces.dress(avatar, chat);
    const lookOf = (chat) => [chat.isMuted, chat.isMentioned, this.faces.urlOf(chat)];
    Object.assign(late, { company, eventText, face, lookOf, marked, mentioned, mentionMark, mutedMark, usernames });
    this.panel = lazy(FILES.groupPanel, ({ GroupPanel }) => new GroupPanel(this));
    this.people = lazy(FILES.people, ({ PeopleDialog }) => new PeopleDialog(this));
    this.joining = lazy(FILES.joinDialog, ({ JoinDialog }) => new JoinDialog(this));
    this.list = lazy(FILES.mentionList, ({ MentionList }) => new MentionList());
    byId("body").addEventListener("input", ({ target }) => this.#written(target));
    app.sync.addEventListener("left", ({ detail }) => this.#left(detail));
    // What was known of a crowd may be long past.
    app.sync.addEventListener("ready", () => this.asked.clear());
    app.chats.changed(null);
    this.#invited();
  }

  // A chat's own screen.
  info(chat, opener) {
    this.panel.use((panel) => panel.open(chat), opener);
  }

  create(opener) {
    this.people.use((dialog) => dialog.create(), opener);
  }

  add(chat, opener) {
    this.people.use((dialog) => dialog.add(chat), opener);
  }

  // Another chat is looked at.
  close() {
    for (const each of [this.panel, this.list]) {
      each.leave();
      each.part?.close();
    }
  }

  // Who came by a link is asked whatever has the focus by then. The address keeps the token as long as nobody was.
  async #invited() {
    const { hash } = location;
    const [where, token] = hash.slice(1).split("/");
    if (where !== "join" || !token) return;
    await this.joining.get();
    this.joining.use((dialog) => {
      if (location.hash === hash) history.replaceState(null, "", "/");
      dialog.open(token);
    });
  }

  // What is drawn has changed; `chat` is open, or none.
  look(chat) {
    this.panel.part?.refresh();
    if (chat && (chat.roster.isLarge || !chat.roster.isWhole)) this.#ask(chat);
  }

  // The whole roster of a crowd: whom to name, and whose ticks to count. Once a connection, and when it has changed.
  async #ask(chat) {
    const { roster } = chat;
    const at = performance.now();
    const asked = this.asked.get(chat.id);
    if (!this.app.sync.isReady || chat.isLeft || asked?.rev === roster.rev) return;
    if (at - asked?.at < APART_MS) {
      this.#lookIn(asked.at + APART_MS - at);
      return;
    }
    this.asked.set(chat.id, { rev: roster.rev, at });
    const found = await askRoster(chat.id);
    this.asked.set(chat.id, { rev: found?.members_rev ?? NEVER, at });
    if (found?.members_rev >= roster.rev) roster.update({ ...found, title: roster.title, picture: roster.picture });
    if (found) this.app.chats.changed(chat.id);
    else this.#lookIn(APART_MS);
  }

  // Once, however often it is wanted meanwhile.
  #lookIn(pause) {
    this.later ??= setTimeout(() => {
      this.later = undefined;
      this.look(this.app.thread.chat);
    }, pause);
  }

  #written(field) {
    const { chat } = this.app.thread;
    if (chat?.kind === "group" && (this.list.part || field.value.includes("@"))) this.list.use((list) => list.look(chat), field);
  }

  // After what was open has gone from the screen.
  #left({ name }) {
    setTimeout(() => this.app.notice.say(interpolate(gettext("You are no longer in “%(name)s”."), { name })), 0);
  }
}
