/** The parts of the library that need no connection. */

import { BACKOFF, delay } from "../muster/backoff.js";
import { ServerClock, monotonic } from "../muster/clock.js";
import { Inbox } from "../muster/inbox.js";
import { Progress } from "../muster/progress.js";
import { expiryOf, rollOverIn } from "../muster/token.js";
import { equal, message, test } from "./harness.js";

const ids = (messages) => messages.map(({ messageId }) => messageId);

test("pauses double up to half a minute", () => {
  equal(
    [0, 1, 2, 6, 7, 2_000].map((failures) => delay(BACKOFF, failures, 1)),
    [500, 1_000, 2_000, 30_000, 30_000, 30_000],
  );
  equal(delay(BACKOFF, 1, 0.25), 250);
});

test("the server's clock is the median of a few pings", () => {
  const clock = new ServerClock();
  for (const [sent, ahead] of [1_000, 2_000, 3_000].map((sent, index) => [sent, [60_010, 60_000, 60_700][index]])) {
    clock.add(sent, sent + ahead, sent);
  }
  equal(clock.offset, 60_010);
  equal(Math.abs(clock.now() - monotonic() - 60_010) < 5, true);
});

test("a clock that jumps is believed at once", () => {
  const clock = new ServerClock();
  [1, 2, 3, 4, 5].forEach((sent) => clock.add(sent, sent, sent));
  clock.add(10, 3_600_010, 10);
  equal(clock.offset, 3_600_000);
});

test("a slow ping is no jump", () => {
  const clock = new ServerClock();
  [1, 2, 3].forEach((sent) => clock.add(sent, sent, sent));
  clock.add(0, 4_000, 4_000);
  equal(clock.offset, 0);
});

test("a token says when it expires, or does not", () => {
  const jwt = (claims) => `e30.${btoa(JSON.stringify(claims)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}.c2ln`;
  equal(expiryOf(jwt({ sub: "ü?>~", exp: 1_700_000_000 })), 1_700_000_000_000);
  equal(["", "t", "a.b.c", jwt({}), jwt({ exp: -1 }), jwt({ exp: "soon" })].map(expiryOf), [null, null, null, null, null, null]);
});

test("a connection is replaced before its age and before its token expires", () => {
  const minutes = (count) => count * 60_000;
  equal(rollOverIn(minutes(110), null, 0), minutes(110));
  equal(rollOverIn(minutes(110), null, 1), minutes(99));
  equal(rollOverIn(minutes(110), minutes(60), 0), minutes(59));
  equal(rollOverIn(minutes(110), 40_000, 0), 30_000);
  equal(rollOverIn(minutes(110), 4_000, 0), minutes(110));
});

test("a message is handed out once", () => {
  const inbox = new Inbox();
  equal(ids(inbox.pushed(message("m1"))), ["m1"]);
  equal(ids(inbox.pushed(message("m1"))), []);
  equal(ids(inbox.page({ messages: [message("m1"), message("m2")], after: "a", complete: true }).messages), ["m2"]);
});

test("a sender's repetition is dropped, and another text with the same requestId is not", () => {
  const inbox = new Inbox();
  const sent = (id, text, sentAt) => ids(inbox.pushed(message(id, text, { requestId: "r1", sentAt })));
  equal([sent("m1", "hi", 0), sent("m2", "hi", 5_000), sent("m3", "ho", 6_000), sent("m4", "hi", 900_000)], [["m1"], [], ["m3"], ["m4"]]);
});

test("an announcement does not pass for a player's message", () => {
  const inbox = new Inbox();
  inbox.pushed(message("m1", "hi", { requestId: "r" }));
  equal(ids(inbox.pushed(message("m2", "hi", { requestId: "r", announcement: "reward" }))), ["m2"]);
});

test("pushes wait for a resume, up to a number", () => {
  const inbox = new Inbox();
  inbox.hold();
  equal(inbox.pushed(message("m2")), []);
  equal(ids(inbox.page({ messages: [message("m1"), message("m2")], after: "a", complete: true }).messages), ["m1", "m2"]);
  equal(inbox.release(), []);
  inbox.hold();
  const released = Array.from({ length: 300 }, (_, index) => inbox.pushed(message(`n${index}`))).flat();
  equal(released.length, 300);
});

test("pages are asked for by next, and the cursor moves by a finished resume only", () => {
  const inbox = new Inbox();
  inbox.hold();
  equal(inbox.request(), { limit: 100 });
  equal(inbox.page({ messages: [], next: "n1", complete: false }).finished, false);
  equal(inbox.request(), { next: "n1", limit: 100 });
  inbox.hold();
  equal(inbox.request(), { limit: 100 });
  inbox.page({ messages: [], next: "n1", complete: false });
  equal(inbox.page({ messages: [], after: "a1", complete: true }), { messages: [], finished: true, complete: false });
  equal(inbox.request(), { after: "a1", limit: 100 });
});

test("the cursor and the latest ids outlive a reload", () => {
  let kept = null;
  const store = { read: () => kept, write: (value) => (kept = JSON.parse(JSON.stringify(value))) };
  const before = new Inbox(store);
  before.page({ messages: [message("m1")], after: "a1", complete: true });
  const after = new Inbox(store);
  equal(after.request(), { after: "a1", limit: 100 });
  equal(after.pushed(message("m1")), []);
  kept = { after: 7, ids: "nonsense" };
  equal(new Inbox(store).request(), { limit: 100 });
});

test("of a match an older version is dropped", () => {
  const progress = new Progress();
  const versions = [1, 3, 2, 3, 4].map((version) => progress.isNews("match", { matchId: "m", version }));
  equal(versions, [true, true, false, false, true]);
  equal(progress.isNews("match", { matchId: "other", version: 1 }), true);
});

test("a push that a reply came before is told again if it has events, and no reply after it", () => {
  const progress = new Progress();
  const told = [[2], [2, 4], [2, 4], [2], [1, 4], [3, 4], [3]].map(([version, ...events]) => progress.isNews("match", { matchId: "m", version, events }));
  equal(told, [true, true, false, false, false, true, false]);
  equal([progress.match("m"), progress.match("n") === undefined], [{ version: 3 }, true]);
});

test("a placement only goes forward", () => {
  const progress = new Progress();
  const news = ["session", "session", "placement", "session", "placement"].map((type) => progress.isNews(type, { placementId: "p" }));
  equal(news, [true, false, true, false, false]);
});

test("a state tells ends first, the oldest first, and no server whose end it tells", () => {
  const progress = new Progress();
  const [p1, p2, s1, s2] = ["p1", "p2", "p1", "s2"].map((placementId) => ({ placementId }));
  const told = progress.news({ matches: [{ matchId: "m", version: 1 }], sessions: [s2, s1], placements: [p2, p1] });
  equal(
    told.map(([type, push]) => `${type} ${push.placementId ?? push.matchId}`),
    ["placement p1", "placement p2", "session s2", "match m"],
  );
});

test("a seat that may have changed since it was asked for is not told", () => {
  const progress = new Progress();
  progress.asked();
  equal(progress.seats([{ kind: "ticket" }]), [{ kind: "ticket" }]);
  progress.isNews("match", { matchId: "m", version: 1 });
  equal(progress.seats([{ kind: "ticket" }]) === undefined, true);
  progress.asked();
  progress.moved();
  equal(progress.seats([]) === undefined, true);
});

test("the memory of matches is bounded", () => {
  const progress = new Progress();
  for (let match = 0; match < 300; match += 1) {
    progress.isNews("match", { matchId: `m${match}`, version: 5 });
  }
  equal(
    [progress.isNews("match", { matchId: "m299", version: 5 }), progress.isNews("match", { matchId: "m0", version: 5 })],
    [false, true],
  );
});
