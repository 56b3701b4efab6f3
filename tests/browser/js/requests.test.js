import { Requests, UNKNOWN } from "/static/js/requests.js";
import { equal, test } from "./harness.js";

const make = () => new Requests({ transmit: () => {}, isOnline: () => true });

test("an answer is for whom it names", async () => {
  const requests = make();
  const [bob, carol] = ["bob", "carol"].map((user) => requests.ask({ t: "block", user }));
  requests.refused({ ref: { t: "block", user: "carol" }, code: "NOT_FOUND" });
  requests.done({ ref: { t: "block", user: "bob" } });
  equal([await bob, await carol], [null, { code: "NOT_FOUND" }]);
});

test("when the connection goes nobody knows", async () => {
  const requests = make();
  const asked = requests.ask({ t: "edit", conv: "c", seq: 1 });
  requests.abandon();
  equal(await asked, UNKNOWN);
});
