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
