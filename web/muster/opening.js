/**
 * One attempt to get a connection, the token included.
 */

import { Connection } from "./connection.js";
import { expiryOf } from "./token.js";

/**
 * Opens a connection; whoever gives up aborts.
 *
 * @param {Pick<Required<import("../muster.js").Options>, "url" | "token" | "connectTimeout" | "Socket">} options
 * @param {AbortController} attempt
 * @param {(connection: () => Connection) => import("./connection.js").Handlers} handlersOf
 * @returns {Promise<{connection: Connection, expiresIn: number | null}>} With the time for which the token is good, if it says so.
 */
export async function open(options, attempt, handlersOf) {
  const timer = setTimeout(() => attempt.abort(), options.connectTimeout);
  try {
    const token = await Promise.race([options.token(), aborted(attempt.signal)]);
    const url = new URL(options.url);
    // A page cannot set headers of a WebSocket.
    url.searchParams.set("token", token);
    const socket = await openSocket(url.href, attempt.signal, options.Socket);
    /** @type {Connection} */
    const connection = new Connection(
      socket,
      handlersOf(() => connection),
    );
    const expiry = expiryOf(token);
    return { connection, expiresIn: expiry === null ? null : expiry - Date.now() };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 * @param {typeof WebSocket} Socket
 * @returns {Promise<WebSocket>}
 */
function openSocket(url, signal, Socket) {
  return new Promise((resolve, reject) => {
    const socket = new Socket(url);
    const fail = (/** @type {string} */ message) => {
      socket.onopen = socket.onclose = null;
      socket.close();
      reject(new Error(message));
    };
    const abort = () => fail(TOO_LATE);
    // A browser does not tell a page why a handshake failed.
    socket.onclose = () => fail("there is no connection to be had");
    socket.onopen = () => {
      signal.removeEventListener("abort", abort);
      resolve(socket);
    };
    signal.addEventListener("abort", abort, { once: true });
  });
}

const TOO_LATE = "the server did not answer in time";

/**
 * @param {AbortSignal} signal
 * @returns {Promise<never>}
 */
function aborted(signal) {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error(TOO_LATE)), { once: true }));
}
