/**
 * What a client missed while it was away: read over each new connection, page after page, and again if that fails.
 */

import { delay } from "./backoff.js";
import { Rejection } from "./errors.js";
import { Inbox } from "./inbox.js";

/** Rejections after which the same request may yet succeed. Any other is an answer. */
const PASSING = ["internal", "busy", "token_expired"];

/** After these no further attempt on this connection can do better. */
const HOPELESS = ["unknown_route", "token_expired", "outdated", "closed"];

/**
 * @typedef {import("./connection.js").Connection} Connection
 *
 * @typedef {object} Surroundings
 * @property {(connection: Connection, route: string, body: object) => Promise<any>} ask
 * @property {(name: string, detail: object) => void} emit
 * @property {(connection: Connection, error: any) => void} doubt A request failed in a way that may say something of its connection.
 * @property {import("./progress.js").Progress} progress
 * @property {import("./backoff.js").Backoff} backoff
 * @property {import("./inbox.js").Store} [store]
 */

/** Reads the inbox, and what the player is in. */
export class CatchingUp {
  #around;
  #inbox;
  /** Numbers the resumes, so that one which was overtaken stops. */
  #latest = 0;

  /** @param {Surroundings} around */
  constructor(around) {
    this.#around = around;
    this.#inbox = new Inbox(around.store);
  }

  /**
   * A message was pushed.
   *
   * @param {import("./inbox.js").Message} message
   */
  pushed(message) {
    this.#handOut(this.#inbox.pushed(message));
  }

  /** The connection is lost: no resume goes on, and the next one may be long in coming. */
  stop() {
    this.#latest += 1;
    this.#handOut(this.#inbox.release());
  }

  /**
   * Resumes over this connection; whether all was read.
   *
   * @param {Connection} connection
   */
  async resume(connection) {
    this.#latest += 1;
    const own = this.#latest;
    for (let failures = 0; own === this.#latest; failures += 1) {
      try {
        return await this.#read(connection, own);
      } catch (error) {
        const { code } = /** @type {import("./errors.js").MusterError} */ (error);
        if (own !== this.#latest) {
          break;
        }
        this.#handOut(this.#inbox.release());
        if (HOPELESS.includes(code)) {
          break;
        }
        if (code === "bad_request") {
          this.#inbox.forget();
        }
        this.#around.doubt(connection, error);
        await new Promise((done) => setTimeout(done, delay(this.#around.backoff, failures, Math.random())));
      }
    }
    return false;
  }

  /**
   * @param {Connection} connection
   * @param {number} own
   */
  async #read(connection, own) {
    const { ask, emit, progress } = this.#around;
    this.#inbox.hold();
    progress.asked();
    for (let seats = []; ;) {
      const page = await ask(connection, "resume", this.#inbox.request());
      if (own !== this.#latest) {
        return false;
      }
      if (page.state) {
        seats = page.state.seats ?? [];
        progress.news(page.state).forEach(([name, push]) => emit(name, push));
        for (const matchId of progress.ended(page.state)) {
          await this.#askForTheEnd(connection, own, matchId);
        }
        if (own !== this.#latest) {
          return false;
        }
      }
      const { messages, finished, complete } = this.#inbox.page(page);
      this.#handOut(messages);
      if (finished) {
        emit("resumed", { seats: progress.seats(seats), complete });
        this.#handOut(this.#inbox.release());
        return true;
      }
    }
  }

  /**
   * A match has ended while the player was away, which a resume does not show: its last view is asked for, and the reply tells it. That may
   * be remembered no more, and then there is nothing to tell.
   *
   * @param {Connection} connection
   * @param {number} own
   * @param {string} matchId
   */
  async #askForTheEnd(connection, own, matchId) {
    const { ask, progress } = this.#around;
    try {
      await ask(connection, "joinMatch", { matchId });
    } catch (error) {
      if (!(error instanceof Rejection) || PASSING.includes(error.code)) {
        throw error;
      }
      if (own === this.#latest) {
        progress.forget(matchId);
      }
    }
  }

  /** @param {object[]} messages */
  #handOut(messages) {
    messages.forEach((message) => this.#around.emit("message", message));
  }
}
