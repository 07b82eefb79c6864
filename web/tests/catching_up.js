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
  equal([ids(of("message")), of("resumed")], [["m1", "m2", "m3"], [{ seat: null, complete: false }]]);
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
  const match = { matchId: "m", version: 3, state: "playing", round: 2 };
  server.answers.resume = () => ({ messages: [], after: "a", complete: true, state: { seat: { kind: "match", id: "m" }, match } });
  const { muster, of } = server.client();
  await until(() => of("resumed").length === 1);
  server.push({ type: "match", ...match, version: 2 });
  server.push({ type: "match", ...match, version: 4 });
  equal([of("match").map(({ version }) => version), of("resumed")[0].seat.kind], [[3, 4], "match"]);
  muster.close();
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
  equal("seat" in of("resumed")[0] && of("resumed")[0].seat !== undefined, false);
  await muster.resync();
  equal(of("resumed")[1].seat, null);
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
