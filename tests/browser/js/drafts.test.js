import { Drafts } from "/static/js/drafts.js";
import { equal, test } from "./harness.js";

const draft = (text, conv = "c") => ({ conv, text, quote: null });
const turn = () => new Promise((resolve) => requestAnimationFrame(resolve));

// A disk that takes its time: `write()` finishes one.
function make() {
  const [told, writes, stored] = [[], [], []];
  const store = {
    drafts: async () => stored,
    setDraft: ({ text }) => new Promise((resolve) => writes.push(() => stored.push(text) && resolve())),
  };
  const drafts = new Drafts({ store, guard: (work) => work(), share: ({ text }) => told.push(text) });
  const write = async () => {
    writes.shift()();
    await turn();
  };
  return { drafts, write, writes, stored, told };
}

test("it goes to disk from the first key on, then others are told; what is typed meanwhile goes with the next", async () => {
  const { drafts, write, writes, stored, told } = make();
  drafts.set(draft("a"));
  drafts.set(draft("ab"));
  drafts.set(draft("abc"));
  equal([writes.length, told], [1, []]);
  await write();
  await write();
  equal([stored, told, writes.length], [["a", "abc"], ["abc"], 0]);
});

test("sent while it was on its way to disk, it does not come back in another tab", async () => {
  const { drafts, write, told } = make();
  drafts.set(draft("a"));
  drafts.sent("c");
  await write();
  equal([told, drafts.get("c").text], [[""], ""]);
});

test("what another tab has gone on with meanwhile is not taken back", async () => {
  const { drafts, write, told } = make();
  drafts.set(draft("a"));
  drafts.learn(draft("theirs"));
  await write();
  equal([told, drafts.get("c").text], [[], "theirs"]);
});

const edited = { conv: "c", text: "other", quote: null, edit: { entry: { seq: 3, body: "as sent" }, text: "as it" } };

test("an edit is a draft, and shows before what was being written", () => {
  const { drafts, writes } = make();
  drafts.set({ ...edited, edit: { ...edited.edit, text: "as sent" } });
  equal([drafts.textOf("c"), writes.length], ["other", 1]);
  drafts.set(edited);
  equal([drafts.textOf("c"), drafts.convs], ["as it", ["c"]]);
});

test("in another epoch it edits nothing, and its text stays", () => {
  const { drafts } = make();
  const heard = [];
  drafts.set(edited);
  drafts.set(draft("plain", "d"));
  drafts.addEventListener("change", ({ detail }) => detail && heard.push(detail.text));
  drafts.endEdits();
  equal([drafts.get("c"), drafts.get("d").text, heard], [{ conv: "c", text: "as it\nother", quote: null }, "plain", ["as it\nother"]]);
});
