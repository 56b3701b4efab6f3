import { Media } from "/static/js/media.js";
import { equal, test } from "./harness.js";

// `answer(url)`: [status, body], as the server has it.
function make(answer) {
  const [calls, clock] = [[], { now: 0 }];
  globalThis.fetch = async (url) => {
    calls.push(url);
    const [status, body] = answer(url, calls.length);
    const isJson = !(body instanceof Blob);
    return new Response(isJson ? JSON.stringify(body) : body, { status, headers: { "Content-Type": isJson ? "application/json" : body.type } });
  };
  document.cookie = "csrftoken=x";
  const local = new Map([["f", new Blob(["local"])]]);
  const media = new Media({ blobs: { get: async (id) => local.get(id) }, now: () => clock.now });
  return { media, calls, clock };
}

function box(names) {
  const element = document.createElement("div");
  Object.assign(element.dataset, names);
  element.append(document.createElement("img"));
  element.firstChild.hidden = true;
  document.body.append(element);
  return element;
}

const until = async (ready) => {
  while (!ready()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const known = (more = {}) => ({ id: "a", url: "/files/a?key=1", thumbnail_url: "/files/a/thumbnail?key=1", expires_at: 600_000, ...more });
const picture = new Blob(["p"], { type: "image/webp" });

test("an address is asked for once, however many want it, and again when it has ended", async () => {
  const { media, calls, clock } = make(() => [200, known()]);
  await Promise.all([media.info("a"), media.info("a")]);
  equal((await media.info("a")).url, "/files/a?key=1");
  equal(calls, ["/api/v1/attachments/a"]);
  clock.now = 596_000;
  await media.info("a");
  equal(calls.length, 2);
});

test("a picture that is not made yet is asked for again until it is", async () => {
  const { media, calls } = make((url, count) => (url.startsWith("/api") ? [200, known()] : count < 3 ? [404, { code: "NOT_READY", title: "" }] : [200, picture]));
  const element = box({ picture: "a" });
  media.watch([element]);
  await until(() => !element.firstChild.hidden);
  equal(calls, ["/api/v1/attachments/a", "/files/a/thumbnail?key=1", "/files/a/thumbnail?key=1"]);
  // Drawn anew it is there at once.
  const again = box({ picture: "a" });
  media.watch([again]);
  equal([again.firstChild.hidden, again.firstChild.src], [false, element.firstChild.src]);
});

test("what nobody can see is not asked for", async () => {
  const { media, calls } = make(() => [404, { code: "NOT_READY", title: "" }]);
  const element = box({ picture: "a" });
  element.style.display = "none";
  media.watch([element]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  equal(calls, []);
});

test("one that is not to be had says so, and its address is not kept", async () => {
  const { media, calls } = make((url) => (url.startsWith("/api") ? [200, known()] : [404, { code: "NOT_FOUND", title: "" }]));
  const element = box({ picture: "a" });
  media.watch([element]);
  await until(() => "gone" in element.dataset);
  equal(element.firstChild.hidden, true);
  await media.info("a");
  equal(calls.filter((url) => url.startsWith("/api")).length, 2);
});

test("a picture of this device stays the same when it is on the server", async () => {
  const { media, calls } = make(() => [500, {}]);
  const element = box({ local: "f" });
  media.watch([element]);
  await until(() => !element.firstChild.hidden);
  media.alias({ id: "f" }, { id: "a" });
  const sent = box({ picture: "a" });
  media.watch([sent]);
  equal([sent.firstChild.src, calls], [element.firstChild.src, []]);
});
