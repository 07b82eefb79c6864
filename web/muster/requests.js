/**
 * The requests of a client: sent at once or, as long as there is no connection, kept until there is one, and each within its own time.
 */

import { frame } from "./connection.js";
import { RequestError } from "./errors.js";

/** All requests of one client. */
export class Requests {
  /** Those that wait for a connection, by their ids. @type {Map<string, import("./connection.js").Request>} */
  #queue = new Map();
  #isClosed = false;

  /**
   * Asks for something over `connection`, or over the next one if there is none.
   *
   * @param {import("./connection.js").Connection | null} connection
   * @param {object} what
   * @param {string} what.route
   * @param {object} what.body
   * @param {string} what.id
   * @param {number} what.timeout
   * @param {boolean} what.isOwn
   * @param {boolean} [what.isQuiet] A push acknowledges it, and there is no reply.
   * @returns {Promise<any>} The reply's body.
   */
  ask(connection, { route, body, id, timeout, isOwn, isQuiet }) {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        throw new RequestError("closed", "the client is closed", false);
      }
      const settled = (/** @type {(value: any) => void} */ settle) => (/** @type {any} */ value) => {
        clearTimeout(timer);
        settle(value);
      };
      const text = frame({ route, requestId: id, reply: isQuiet ? false : undefined, body });
      /** @type {import("./connection.js").Request} */
      const request = { id, text, isOwn, resolve: settled(resolve), reject: settled(reject) };
      const timer = setTimeout(() => {
        if (this.#queue.delete(id)) {
          reject(new RequestError("not_sent", "there was no connection in time", false));
        } else {
          // What is acknowledged by a push needs no answer that others could be mistaken for.
          request.connection?.[isQuiet ? "take" : "abandon"](id);
          reject(new RequestError("timed_out", "the server did not answer in time", true));
        }
      }, timeout);
      if (connection) {
        connection.send(request);
      } else {
        this.#queue.set(id, request);
      }
    });
  }

  /**
   * There is a connection: whatever waited for one goes out.
   *
   * @param {import("./connection.js").Connection} connection
   */
  flush(connection) {
    this.#queue.forEach((request) => connection.send(request));
    this.#queue.clear();
  }

  /** There will be no further connection. */
  close() {
    this.#isClosed = true;
    this.#queue.forEach((request) => request.reject(new RequestError("closed", "the client was closed", false)));
    this.#queue.clear();
  }
}
