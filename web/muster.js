/**
 * A client for Muster in a browser: one WebSocket that stays connected, requests with their answers, actions in matches, and pushes as
 * events.
 *
 *     import { connect } from "./muster.js";
 *
 *     const muster = connect({ url: "wss://…/dev", token: async () => "a token of the issuer" });
 *     muster.on("match", (match) => console.log(match.state, match.view));
 *     try {
 *       const { matchId } = await muster.newMatch({ mode: "tic-tac-toe", bots: 1 });
 *       await muster.play(matchId, 4);
 *     } catch (error) {
 *       if (error.code === "seated") console.log(error.message);
 *     }
 *
 * **When the connection is lost** the client connects again with growing random pauses, with a new token each time, until it is closed. A
 * request whose answer was lost fails, and *may have happened*: the client never sends a program's request twice by itself. One that was
 * not sent yet waits for the next connection, within its own time-out.
 *
 * **An action** (`play`) is acknowledged by the push that contains it, which may come only when the others have acted, too. Until then it is
 * sent again over each new connection, with the same `requestId` and the `version` that the player saw, so that it counts once, and for
 * nothing that came later; what came too late is refused as `stale`. It waits until some seconds after the match's time is up. Another
 * action in the same match is refused meanwhile, as `unacknowledged`.
 *
 * **A match** is told once in each version, however that came first: by a push, a reply, a resume, or the rejection of what was `stale`.
 * Versions only grow. A push of a version that a reply has told is told again if it has events, which only pushes have.
 *
 * **What was missed** comes by `resume`, which the client asks for after every connect: the inbox from its cursor on, and what the player
 * is in. Each message is handed out once, in the order of the inbox, and a placement only goes forward. A match that was played when it was
 * last told of, and in which the player is no more, is asked for once, so that whoever was away is told how it ended; the server remembers
 * that for a day. The cursor and which matches are played are kept in `store`, so that a page which is loaded anew goes on where it was.
 * Without a cursor the newest hundred messages are read.
 *
 * **Before a connection's time is up** (API Gateway ends each after two hours, and a token expires) another one is opened beside it. The
 * old one stays until its requests are answered and the inbox has been read over the new one.
 *
 * Events, for `on(name, handler)` or `addEventListener(name, ({ detail }) => …)`:
 *
 * | event | detail |
 * |---|---|
 * | `state` | `{ state, reason, retryIn, code }`: `connecting`, `online`, `waiting` for `retryIn` milliseconds, or `closed`; and why. The `code` of `closed` is `outdated` if the server wants a newer client |
 * | `message`, `session`, `placement`, `match`, `pool` | the push, once |
 * | `resumed` | `{ seats, complete }`: all that was missed has been told. `seats` is what the player is in, `undefined` if that may have changed meanwhile, so that pushes and replies tell; `complete` is false if the inbox did not reach back far enough |
 * | `gateway` | API Gateway's own frame, such as `{ message: "Too Many Requests" }` |
 */

import { Muster } from "./muster/client.js";

export { Muster };
export { rockPaperScissors, ticTacToe } from "./muster/games.js";
export { MusterError, Rejection, RequestError, TokenRefused } from "./muster/errors.js";
export { randomId } from "./muster/connection.js";

/**
 * @typedef {object} Options Times are in milliseconds.
 * @property {string} url The stage's URL.
 * @property {() => Promise<string>} token Asked at every attempt to connect. It may throw a `TokenRefused`, and then the client closes.
 * @property {import("./muster/inbox.js").Store} [store] What outlives a reload; in memory if absent. See `storedIn`.
 * @property {number} [connectTimeout] For one attempt, the token included.
 * @property {number} [requestTimeout] For an answer; longer than the 29 s after which API Gateway itself gives up. An action waits for longer
 *   if its match does.
 * @property {number} [keepAlive] After how long without a frame of ours a ping is sent: API Gateway closes a connection that was idle for ten minutes.
 * @property {number} [rollOver] How old a connection may become.
 * @property {import("./muster/backoff.js").Backoff} [backoff]
 * @property {typeof WebSocket} [Socket] Another implementation, for tests.
 */

/**
 * Connects, and stays connected until `close`.
 *
 * @param {Options} options
 */
export function connect(options) {
  return new Muster(options);
}

/**
 * A store in `sessionStorage` or `localStorage`.
 *
 * @param {Storage} storage
 * @param {string} key One for each player.
 * @returns {import("./muster/inbox.js").Store}
 */
export function storedIn(storage, key) {
  return {
    read() {
      try {
        return JSON.parse(storage.getItem(key) ?? "null");
      } catch {
        return null;
      }
    },
    write(value) {
      try {
        storage.setItem(key, JSON.stringify(value));
      } catch {
        // A full or forbidden storage costs repetitions after a reload, and nothing else.
      }
    },
  };
}
