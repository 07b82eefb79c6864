/** Connections and requests: lost, made again, replaced. */

import { TokenRefused } from "../muster.js";
import { Server, equal, failure, pause, test, until } from "./harness.js";

test("a request is answered by its requestId, which is never used again", async () => {
  const server = new Server();
  server.answers.echo = (body) => body;
  const { muster } = server.client();
  equal(await Promise.all([muster.request("echo", { n: 1 }), muster.request("echo", { n: 2 })]), [{ n: 1 }, { n: 2 }]);
  equal(new Set(server.frames.map(([, , id]) => id)).size, server.frames.length);
  equal(server.sockets[0].url.searchParams.get("token"), "t");
  muster.close();
});

test("a rejection is an error with the server's code and message", async () => {
  const server = new Server();
  server.answers.joinPool = () => ({ type: "rejection", code: "seated", message: "you wait for a placement" });
  const { muster } = server.client();
  const { name, code, message, mayHaveHappened } = await failure(muster.request("joinPool"));
  equal([name, code, message, mayHaveHappened], ["Rejection", "seated", "you wait for a placement", false]);
  muster.close();
});

test("what has no answer in time may have happened, and what was not sent has not", async () => {
  const server = new Server();
  const { muster } = server.client();
  const silent = await failure(muster.request("silence", {}, { timeout: 20 }));
  server.isUp = false;
  server.lose();
  const unsent = await failure(muster.request("echo", {}, { timeout: 20 }));
  equal([silent.code, silent.mayHaveHappened, unsent.code, unsent.mayHaveHappened], ["timed_out", true, "not_sent", false]);
  muster.close();
});

test("a lost connection is made again, and what waits is sent over the next one", async () => {
  const server = new Server();
  server.answers.echo = (body) => body;
  const { muster } = server.client();
  const states = [];
  muster.on("state", ({ state }) => states.push(state));
  await until(() => muster.state === "online");
  const lost = muster.request("silence");
  server.isUp = false;
  server.lose();
  equal((await failure(lost)).code, "disconnected");
  const waiting = muster.request("echo", { n: 3 });
  await until(() => server.sockets.length > 3);
  server.isUp = true;
  equal(await waiting, { n: 3 });
  equal(states.slice(0, 4), ["connecting", "online", "waiting", "connecting"]);
  equal(server.asked("silence").length, 1);
  muster.close();
});

test("a frame of the gateway fails the one request that it must be about", async () => {
  const server = new Server();
  const { muster, of } = server.client();
  await until(() => of("resumed").length === 1 && server.asked("ping").length === 3);
  await pause(5);
  const asked = muster.request("silence");
  server.push({ message: "Internal server error", connectionId: "c", requestId: "of the gateway" });
  const { code, message } = await failure(asked);
  equal([code, message], ["gateway", "Internal server error"]);
  const two = [muster.request("silence", {}, { timeout: 30 }), muster.request("silence", {}, { timeout: 30 })].map(failure);
  server.push({ message: "Too Many Requests" });
  equal(
    (await Promise.all(two)).map(({ code }) => code),
    ["timed_out", "timed_out"],
  );
  equal(of("gateway").length, 2);
  muster.close();
});

test("a frame that would close the connection is not sent", async () => {
  const server = new Server();
  const { muster } = server.client();
  equal((await failure(muster.request("sendMessage", { message: "ü".repeat(17_000) }))).code, "too_large");
  muster.close();
});

test("nothing that a server sends breaks the client", async () => {
  const server = new Server();
  const { muster, of } = server.client();
  await until(() => of("resumed").length === 1);
  for (const data of ["not JSON", "null", "7", "[]", '{"type":"weather"}', '{"type":"reply"}', '{"type":"rejection"}', "{}"]) {
    server.sockets[0].onmessage({ data });
  }
  equal(muster.state, "online");
  muster.close();
});

test("an expired token is replaced with the connection", async () => {
  const server = new Server();
  let tokens = 0;
  const { muster } = server.client({ token: async () => `t${(tokens += 1)}` });
  server.answers.joinPool = () => ({ type: "rejection", code: "token_expired", message: "expired" });
  await until(() => muster.state === "online");
  equal((await failure(muster.request("joinPool"))).code, "token_expired");
  await until(() => server.sockets.length === 2 && muster.state === "online");
  equal(server.sockets[1].url.searchParams.get("token"), "t2");
  muster.close();
});

test("a token that is refused for good closes the client, and any other trouble does not", async () => {
  const server = new Server();
  let asked = 0;
  const token = async () => {
    asked += 1;
    throw asked < 3 ? new Error("the issuer is away") : new TokenRefused("no such player");
  };
  const { muster } = server.client({ token });
  const ends = [];
  muster.on("state", ({ state, reason }) => state === "closed" && ends.push(reason));
  await until(() => muster.state === "closed");
  equal([asked, ends], [3, ["no such player"]]);
  equal((await failure(muster.request("ping"))).code, "closed");
});

test("a connection is replaced before its time is up, and no request fails", async () => {
  const server = new Server();
  server.answers.echo = (body) => body;
  const { muster } = server.client({ rollOver: 60 });
  const states = [];
  muster.on("state", ({ state }) => states.push(state));
  await until(() => muster.state === "online");
  await pause(45);
  const late = muster.request("late", {}, { timeout: 1_000 });
  const [, , lateId] = server.frames.find(([route]) => route === "late");
  await until(() => server.sockets.length === 2 && server.asked("resume").length === 2);
  equal(server.sockets[0].isClosed ?? false, false);
  server.push({ type: "reply", requestId: lateId, body: { well: true } }, server.sockets[0]);
  equal(await late, { well: true });
  await until(() => server.sockets[0].isClosed);
  equal(states.includes("waiting"), false);
  equal(await muster.request("echo", { n: 4 }), { n: 4 });
  muster.close();
});

test("if the new connection is lost while the old one drains, both are given up", async () => {
  const server = new Server();
  const { muster } = server.client({ rollOver: 40 });
  await until(() => muster.state === "online");
  await pause(25);
  const late = failure(muster.request("late", {}, { timeout: 1_000 }));
  await until(() => server.sockets.length === 2 && server.asked("resume").length === 2);
  server.lose(server.sockets[1]);
  equal((await late).code, "disconnected");
  await until(() => server.sockets.length > 2 && muster.state === "online");
  muster.close();
});

test("if there is no other connection to be had, the old one goes on", async () => {
  const server = new Server();
  server.answers.echo = (body) => body;
  const { muster } = server.client({ rollOver: 20 });
  await until(() => muster.state === "online");
  server.isUp = false;
  await until(() => server.sockets.length > 3);
  equal([muster.state, await muster.request("echo", { n: 5 })], ["online", { n: 5 }]);
  muster.close();
});

test("a quiet connection is pinged, and a dead one replaced", async () => {
  const server = new Server();
  const { muster } = server.client({ keepAlive: 20, requestTimeout: 40 });
  await until(() => server.asked("ping").length > 5);
  equal(server.sockets.length, 1);
  server.answers.ping = () => undefined;
  await until(() => server.sockets.length === 2);
  muster.close();
});

test("a doubted connection is looked at, and one that waits is made at once", async () => {
  const server = new Server();
  const { muster } = server.client({ backoff: { base: 60_000, cap: 60_000 } });
  await until(() => muster.state === "online");
  server.lose();
  equal(muster.state, "waiting");
  muster.check();
  await until(() => muster.state === "online");
  muster.close();
});

test("closing ends everything", async () => {
  const server = new Server();
  const { muster } = server.client();
  await until(() => muster.state === "online");
  const open = failure(muster.request("silence"));
  muster.close();
  equal([(await open).code, muster.state, server.sockets[0].isClosed], ["closed", "closed", true]);
  await pause(50);
  equal(server.sockets.length, 1);
});
