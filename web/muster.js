/**
 * A client for Muster in a browser: one WebSocket that stays connected, requests with their answers, and pushes as events.
 *
 *     import { connect } from "./muster.js";
 *
 *     const muster = connect({ url: "wss://…/dev", token: async () => "a token of the issuer" });
 *     muster.on("match", (match) => console.log(match.state, match.round));
 *     try {
 *       await muster.request("joinPool", { mode: "rpsls" });
 *     } catch (error) {
 *       if (error.code === "seated") console.log(error.message);
 *     }
 *
 * **When the connection is lost** the client connects again with growing random pauses, with a new token each time, until it is closed. A
 * request whose answer was lost fails, and *may have happened*: the client never sends a program's request twice by itself. One that was
 * not sent yet waits for the next connection, within its own time-out.
 *
 * **What was missed** comes by `resume`, which the client asks for after every connect: the inbox from its cursor on, and what the player
 * is in. Each message is handed out once, in the order of the inbox; of a match the versions only grow, and a placement only goes forward.
 * A match that was played when it was last told of, and in which the player is no more, is asked for once, so that whoever was away is told
 * how it ended; the server remembers that for ten minutes. The cursor and which match is played are kept in `store`, so that a page which is
 * loaded anew goes on where it was. Without a cursor the newest hundred messages are read.
 *
 * **Before a connection's time is up** (API Gateway ends each after two hours, and a token expires) another one is opened beside it. The
 * old one stays until its requests are answered and the inbox has been read over the new one.
 *
 * Events, for `on(name, handler)` or `addEventListener(name, ({ detail }) => …)`:
 *
 * | event | detail |
 * |---|---|
 * | `state` | `{ state, reason, retryIn }`: `connecting`, `online`, `waiting` for `retryIn` milliseconds, or `closed`; and why |
 * | `message`, `session`, `placement`, `match`, `pool` | the push, once; a match also when a reply or a resume brought it |
 * | `resumed` | `{ seat, complete }`: all that was missed has been told. `seat` is what the player is in, `null` for nothing, `undefined` if that has changed meanwhile, so that pushes and replies tell; `complete` is false if the inbox did not reach back far enough |
 * | `gateway` | API Gateway's own frame, such as `{ message: "Too Many Requests" }` |
 */

import { Muster } from "./muster/client.js";

export { Muster };
export { MusterError, Rejection, RequestError, TokenRefused } from "./muster/errors.js";
export { randomId } from "./muster/connection.js";

/**
 * @typedef {object} Options Times are in milliseconds.
 * @property {string} url The stage's URL.
 * @property {() => Promise<string>} token Asked at every attempt to connect. It may throw a `TokenRefused`, and then the client closes.
 * @property {import("./muster/inbox.js").Store} [store] What outlives a reload; in memory if absent. See `storedIn`.
 * @property {number} [connectTimeout] For one attempt, the token included.
 * @property {number} [requestTimeout] For an answer; longer than the 29 s after which API Gateway itself gives up.
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
