/** What was missed, and what comes twice. */

import { Server, equal, message, pause, test, until } from "./harness.js";

const ids = (messages) => messages.map(({ messageId }) => messageId);

test("every connect resumes, page by page, from where the last resume ended", async () => {
  const server = new Server();
  const pages = [
    { messages: [message("m1")], after: "a1", complete: true, state: {} },
    { messages: [message("m1"), message("m2")], next: "n1", complete: true, state: {} },
    { messages: [message("m3")], after: "a2", complete: true },
  ];
  server.answers.resume = () => pages.shift();
  const { muster, of } = server.client();
  await until(() => of("resumed").length === 1);
  server.lose();
  await until(() => of("resumed").length === 2);
  equal(ids(of("message")), ["m1", "m2", "m3"]);
  equal(server.asked("resume"), [{ limit: 100 }, { after: "a1", limit: 100 }, { next: "n1", limit: 100 }]);
  muster.close();
});

test("a long inbox is read page by page to its end, also where a page is empty", async () => {
  const server = new Server();
  const all = Array.from({ length: 230 }, (_, index) => message(`m${index}`));
  const of = (from, to, more) => ({ messages: all.slice(from, to), complete: true, ...more });
  const pages = [of(0, 100, { next: "n1", state: {} }), of(0, 0, { next: "n2" }), of(100, 200, { next: "n3" }), of(200, 230, { after: "a2" })];
  server.answers.resume = () => pages.shift();
  const { muster, of: told } = server.client({ store: { read: () => ({ after: "a1" }), write: () => {} } });
  await until(() => told("resumed").length === 1);
  equal(ids(told("message")), ids(all));
  const asked = [{ after: "a1" }, { next: "n1" }, { next: "n2" }, { next: "n3" }];
  equal(server.asked("resume"), asked.map((place) => ({ ...place, limit: 100 })));
  muster.close();
});

test("what is pushed during a resume comes after what was missed, and once", async () => {
  const server = new Server();
  server.answers.resume = () => {
    setTimeout(() => server.push(message("m2")), 0);
    setTimeout(() => server.push(message("m3")), 0);
    return undefined;
  };
  const { muster, of } = server.client();
  await until(() => server.asked("resume").length === 1);
  await pause(5);
  const [, , requestId] = server.frames.find(([route]) => route === "resume");
  equal(of("message"), []);
  server.push({ type: "reply", requestId, body: { messages: [message("m1"), message("m2")], after: "a", complete: false, state: {} } });
  await until(() => of("message").length === 3);
  equal([ids(of("message")), of("resumed")], [["m1", "m2", "m3"], [{ seats: [], complete: false }]]);
  muster.close();
});

test("a resume that fails lets pushes through and is tried again", async () => {
  const server = new Server();
  const answers = [
    { type: "rejection", code: "internal", message: "ours" },
    { type: "rejection", code: "bad_request", message: "body.after" },
  ];
  const well = { messages: [], after: "a", complete: true, state: {} };
  server.answers.resume = () => answers.shift() ?? well;
  const { muster, of } = server.client({ store: { read: () => ({ after: "of another server" }), write: () => {} } });
  await until(() => of("resumed").length === 1);
  equal(server.asked("resume"), [{ after: "of another server", limit: 100 }, { after: "of another server", limit: 100 }, { limit: 100 }]);
  muster.close();
});

test("the state of a resume brings the match, and a push of an older version is dropped", async () => {
  const server = new Server();
  const match = { matchId: "m", version: 3, state: "playing", mode: "rps" };
  server.answers.resume = () => ({ messages: [], after: "a", complete: true, state: { seats: [{ kind: "match", id: "m" }], matches: [match] } });
  const { muster, of } = server.client();
  await until(() => of("resumed").length === 1);
  server.push({ type: "match", ...match, version: 2 });
  server.push({ type: "match", ...match, version: 4 });
  equal([of("match").map(({ version }) => version), of("resumed")[0].seats[0].kind], [[3, 4], "match"]);
  muster.close();
});

/** A server whose player is in this match at first, and in nothing after that. */
function serverOf(match) {
  const server = new Server();
  const states = [{ seats: [{ kind: "match", id: match.matchId }], matches: [match] }];
  server.answers.resume = () => ({ messages: [message("m1")], after: "a", complete: true, state: states.shift() ?? {} });
  return server;
}

const played = { matchId: "m", version: 3, state: "playing", mode: "rps" };
const ended = { ...played, version: 5, state: "over", outcome: { ending: "won", places: [2, 1] } };

test("a match that ended while its player was away is asked for once, and its end is told before the resume's", async () => {
  const server = serverOf(played);
  server.answers.joinMatch = () => ended;
  const { muster, events, of } = server.client();
  await until(() => of("resumed").length === 1);
  server.lose();
  await until(() => of("resumed").length === 2);
  server.push({ type: "match", ...ended });
  await muster.resync();
  equal(server.asked("joinMatch"), [{ matchId: "m" }]);
  const told = events.map(([name, { state, seats }]) => `${name} ${state ?? seats?.map(({ id }) => id)}`);
  equal(told, ["match playing", "message undefined", "resumed m", "match over", "resumed ", "resumed "]);
  muster.close();
});

test("a match that is remembered no more is not told, and not asked for again", async () => {
  const server = serverOf(played);
  server.answers.joinMatch = () => ({ type: "rejection", code: "not_found", message: "there is no match m" });
  const { muster, of } = server.client();
  await until(() => of("resumed").length === 1);
  await muster.resync();
  await muster.resync();
  equal([server.asked("joinMatch").length, of("match").length, of("resumed").at(-1).seats], [1, 1, []]);
  muster.close();
});

test("an end that could not be asked for is asked for again", async () => {
  const server = serverOf(played);
  const answers = [{ type: "rejection", code: "internal", message: "ours" }, ended];
  server.answers.joinMatch = () => answers.shift();
  const { muster, of } = server.client();
  await until(() => of("resumed").length === 1);
  await muster.resync();
  equal([server.asked("joinMatch").length, of("match").map(({ version }) => version), of("message").length], [2, [3, 5], 1]);
  muster.close();
});

test("a match that waits for its second player is never asked for, since that would join it", async () => {
  const server = serverOf({ ...played, state: "waiting", mode: "rps" });
  const { muster, of } = server.client();
  await until(() => of("resumed").length === 1);
  await muster.resync();
  equal([server.asked("joinMatch"), of("resumed").at(-1).seats], [[], []]);
  muster.close();
});

test("a match that began after the state was read is not asked for", async () => {
  const server = new Server();
  server.answers.resume = () => {
    server.push({ type: "match", ...played });
    return { messages: [], after: "a", complete: true, state: {} };
  };
  const { muster, of } = server.client();
  await until(() => of("resumed").length === 1);
  equal([server.asked("joinMatch"), of("match").length], [[], 1]);
  muster.close();
});

test("a page that is loaded anew asks how the match ended that it was in", async () => {
  const kept = { value: null };
  const store = { read: () => kept.value, write: (value) => (kept.value = JSON.parse(JSON.stringify(value))) };
  const server = serverOf(played);
  server.answers.joinMatch = () => ended;
  const before = server.client({ store });
  await until(() => before.of("resumed").length === 1);
  before.muster.close();
  for (const expected of [[5], []]) {
    const after = server.client({ store });
    await until(() => after.of("resumed").length === 1);
    equal(after.of("match").map(({ version }) => version), expected);
    after.muster.close();
  }
  equal(server.asked("joinMatch").length, 1);
});

test("a match that a reply brings is told once, whichever comes first", async () => {
  const server = new Server();
  const match = { matchId: "m", version: 1, state: "waiting" };
  server.answers.newMatch = () => match;
  const { muster, of } = server.client();
  equal(await muster.request("newMatch", { mode: "rpsls" }), match);
  server.push({ type: "match", ...match });
  equal(of("match").length, 1);
  muster.close();
});

test("a seat that was asked for while it changed is not told", async () => {
  const server = new Server();
  server.answers.joinPool = () => ({ ticketId: "t" });
  const { muster, of } = server.client();
  const joined = muster.request("joinPool", { mode: "rpsls" });
  await joined;
  await until(() => of("resumed").length === 1);
  equal(of("resumed")[0].seats === undefined, true);
  await muster.resync();
  equal(of("resumed")[1].seats, []);
  muster.close();
});

test("the end of a ticket is told once", async () => {
  const server = new Server();
  const { muster, of } = server.client();
  await until(() => muster.state === "online");
  server.push({ type: "pool", ticketId: "t", outcome: "timedOut" });
  server.push({ type: "pool", ticketId: "t", outcome: "timedOut" });
  equal(of("pool").length, 1);
  muster.close();
});

test("the server's clock is known after a connect", async () => {
  const server = new Server();
  server.answers.ping = () => ({ time: Date.now() + 3_600_000 });
  const { muster } = server.client();
  await until(() => server.asked("ping").length === 3);
  await pause(5);
  equal(Math.abs(muster.now() - Date.now() - 3_600_000) < 50, true);
  muster.close();
});
