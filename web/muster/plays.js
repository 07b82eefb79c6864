/**
 * Actions in matches: one at a time in each, sent again until a push acknowledges it. The server knows it by its `requestId`, and does it
 * once.
 */

import { delay } from "./backoff.js";
import { randomId } from "./connection.js";
import { RequestError } from "./errors.js";

/** After these it is sent again: nobody refused it. */
const UNHEARD = ["disconnected", "gateway", "token_expired"];

/** How long after the match's time is up an acknowledgement may take, in milliseconds. */
const GRACE = 5_000;

/**
 * After how long without an acknowledgement the connection is doubted, in milliseconds: longer than most games wait for the others' secret
 * actions, which are acknowledged together.
 */
const DOUBT = 8_000;

/**
 * @typedef {object} Surroundings
 * @property {(what: {route: string, body: object, id: string, timeout: number}) => Promise<any>} ask
 * @property {(matchId: string) => {version: number, dueAt?: number} | undefined} seen How a match was last told.
 * @property {() => number} now The server's time.
 * @property {() => void} doubt
 * @property {number} timeout The least that an action waits.
 * @property {import("./backoff.js").Backoff} backoff
 */

/** The unacknowledged action of each match. */
export class Plays {
  #around;
  /** The match of each, by the ids of their requests. @type {Map<string, string>} */
  #open = new Map();

  /** @param {Surroundings} around */
  constructor(around) {
    this.#around = around;
  }

  /**
   * @param {string} matchId
   * @param {unknown} action
   * @returns {Promise<any>} The match with the action in it.
   */
  async play(matchId, action) {
    if ([...this.#open.values()].includes(matchId)) {
      throw new RequestError("unacknowledged", "the action before in this match is not acknowledged yet", false);
    }
    const { seen, now, doubt, timeout } = this.#around;
    const { version, dueAt = 0 } = seen(matchId) ?? {};
    const patience = Math.max(timeout, dueAt - now() + GRACE);
    const doubting = setTimeout(doubt, DOUBT);
    const id = randomId();
    this.#open.set(id, matchId);
    try {
      return await this.#send(id, { matchId, action, version }, performance.now() + patience);
    } finally {
      this.answered(id);
      clearTimeout(doubting);
    }
  }

  /**
   * This action is acknowledged or refused: whoever is told the match with it can act at once.
   *
   * @param {string} id
   */
  answered(id) {
    this.#open.delete(id);
  }

  /**
   * @param {string} id
   * @param {object} body
   * @param {number} deadline
   */
  async #send(id, body, deadline) {
    const { ask, backoff } = this.#around;
    let mayHaveHappened = false;
    for (let failures = 0; ; failures += 1) {
      try {
        return await ask({ route: "play", body, id, timeout: deadline - performance.now() });
      } catch (caught) {
        const error = /** @type {import("./errors.js").MusterError} */ (caught);
        if (!UNHEARD.includes(error.code)) {
          const isDoubtful = error.code === "not_sent" && mayHaveHappened;
          throw isDoubtful ? new RequestError("timed_out", "nothing acknowledged it in time", true) : error;
        }
        mayHaveHappened ||= error.mayHaveHappened;
        if (error.code === "gateway") {
          await new Promise((done) => setTimeout(done, delay(backoff, failures, Math.random())));
        }
      }
    }
  }
}
