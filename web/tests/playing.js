/** Actions in matches, and how matches are told. */

import { ticTacToe } from "../muster.js";
import { Server, equal, failure, pause, test, until } from "./harness.js";

const match = (version, more = {}) => ({ matchId: "m", mode: "tic-tac-toe", version, state: "playing", now: 0, ...more });

/** A client that was told of a match, and what it plays. */
async function begun(options = {}, more = {}) {
  const server = new Server();
  const { muster, of } = server.client(options);
  await until(() => of("resumed").length === 1);
  server.push({ type: "match", ...match(3, more) });
  return { server, muster, of, plays: () => server.frames.filter(([route]) => route === "play") };
}

test("an action is quiet, names the version that was seen, and is acknowledged by its push", async () => {
  const { server, muster, of, plays } = await begun();
  const played = muster.play("m", 4);
  await until(() => plays().length === 1);
  const [, body, requestId, reply] = plays()[0];
  equal([body, reply], [{ matchId: "m", action: 4, version: 3 }, false]);
  server.push({ type: "match", ...match(4) });
  server.push({ type: "match", ...match(5, { ack: requestId, events: [4] }) });
  equal((await played).version, 5);
  equal(of("match").map(({ version }) => version), [3, 4, 5]);
  muster.close();
});

test("one action at a time in each match", async () => {
  const { server, muster, plays } = await begun();
  const first = muster.play("m", 4);
  const { code, mayHaveHappened } = await failure(muster.play("m", 5));
  equal([code, mayHaveHappened], ["unacknowledged", false]);
  const other = muster.play("n", 1);
  await until(() => plays().length === 2);
  for (const [, { matchId }, ack] of plays()) {
    server.push({ type: "match", ...match(4, { matchId, ack }) });
  }
  await Promise.all([first, other]);
  const again = failure(muster.play("m", 5));
  muster.close();
  equal((await again).code, "closed");
});

test("whoever is told the match with an action, or that it came too late, can act at once", async () => {
  const { server, muster, plays } = await begun();
  const acted = [];
  muster.on("match", ({ version }) => version < 9 && acted.push(muster.play("m", version).catch(({ code }) => code)));
  acted.push(muster.play("m", 3));
  server.push({ type: "match", ...match(4, { ack: plays()[0][2] }) });
  server.push({ type: "rejection", requestId: plays()[1][2], code: "stale", message: "", match: match(5) });
  server.push({ type: "match", ...match(9, { ack: plays()[2][2] }) });
  equal(await Promise.all(acted.map((play) => play.then((told) => told.version ?? told))), [4, "stale", 9]);
  muster.close();
});

test("what no push acknowledged is sent again after reconnecting, as it was, and a reply acknowledges it, too", async () => {
  const { server, muster, of, plays } = await begun();
  const played = muster.play("m", 4);
  await until(() => plays().length === 1);
  server.lose();
  server.answers.play = () => match(6);
  equal((await played).version, 6);
  equal([plays()[1], plays().length], [plays()[0], 2]);
  equal(of("match").map(({ version }) => version), [3, 6]);
  muster.close();
});

test("an action without a connection is sent over the next one", async () => {
  const { server, muster, plays } = await begun();
  server.isUp = false;
  server.lose();
  const played = muster.play("m", 4);
  await pause(10);
  equal(plays().length, 0);
  server.answers.play = () => match(4);
  server.isUp = true;
  equal((await played).version, 4);
  muster.close();
});

test("a stale action is refused with the match as it is, which is told first", async () => {
  const { server, muster, of } = await begun();
  server.answers.play = () => ({ type: "rejection", code: "stale", message: "it has gone on", matchId: "m", match: match(9) });
  const error = await failure(muster.play("m", 4));
  equal([error.code, error.match.version, of("match").at(-1).version], ["stale", 9, 9]);
  muster.close();
});

test("an action waits for as long as its match does, and no longer", async () => {
  const slow = await begun({ requestTimeout: 20 }, { dueAt: Date.now() + 60_000 });
  const waiting = slow.muster.play("m", 4);
  await pause(60);
  slow.server.push({ type: "match", ...match(4, { ack: slow.plays()[0][2] }) });
  equal((await waiting).version, 4);
  slow.muster.close();
  const quick = await begun({ requestTimeout: 20 });
  const { code, mayHaveHappened } = await failure(quick.muster.play("m", 4));
  equal([code, mayHaveHappened], ["timed_out", true]);
  quick.muster.close();
});

test("an action that the gateway would not take is sent again", async () => {
  const { server, muster, plays } = await begun();
  await until(() => server.asked("ping").length === 3);
  await pause(5);
  const played = muster.play("m", 4);
  await until(() => plays().length === 1);
  server.push({ message: "Internal server error" });
  await until(() => plays().length === 2);
  equal(plays()[1], plays()[0]);
  server.push({ type: "match", ...match(4, { ack: plays()[1][2] }) });
  await played;
  muster.close();
});

test("a connection that is replaced loses no action, and sends none twice", async () => {
  const { server, muster, plays } = await begun({ rollOver: 60, requestTimeout: 500 });
  const played = muster.play("m", 4);
  await until(() => server.sockets.length === 2 && server.asked("resume").length === 2);
  server.push({ type: "match", ...match(4, { ack: plays()[0][2] }) });
  equal([(await played).version, plays().length], [4, 1]);
  await until(() => server.sockets[0].isClosed);
  muster.close();
});

test("the routes of matches are answered with a match, which is told once", async () => {
  const { server, muster, of } = await begun();
  const routes = { newMatch: [10, 11], joinMatch: [12], startMatch: [13], leaveMatch: [14] };
  for (const [route, versions] of Object.entries(routes)) {
    server.answers[route] = () => match(versions.shift());
  }
  await ticTacToe(muster).newMatch({ bots: 1 });
  await muster.nextMatch("l");
  await muster.joinMatch("m");
  await muster.startMatch("m");
  await muster.leaveMatch("m");
  equal(of("match").map(({ version }) => version), [3, 10, 11, 12, 13, 14]);
  equal(server.asked("newMatch"), [{ mode: "tic-tac-toe", bots: 1 }, { after: "l" }]);
  muster.close();
});

test("a client that is too old closes, and says so", async () => {
  const server = new Server();
  server.answers.ping = ({ protocol }) => ({ type: "rejection", code: "outdated", message: `at least 2, not ${protocol}` });
  const { muster } = server.client();
  const states = [];
  muster.on("state", ({ state, code }) => states.push([state, code]));
  await until(() => muster.state === "closed");
  equal([states.at(-1), (await failure(muster.request("echo"))).code], [["closed", "outdated"], "closed"]);
});
