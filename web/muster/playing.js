/**
 * The matches that the player was last told to be playing. A resume shows what the player's seat is in, and the seat is given up at the end:
 * so whoever was away at the end of one of these sees only that it is gone, and has to ask how it ended.
 *
 * Only what was seen *playing* is remembered. Asking is done by joining, and such a match has its two players, so that the question can take
 * no seat. One that waits for its second player would be joined by it. (A match that is forgotten leaves its code to others, of which there
 * are 30 to the sixth.)
 */

import { dropOldest } from "./inbox.js";

/** How many are remembered. A player is in one at a time, so that a further one means that the end of the one before was missed. */
const MOST = 8;

/** A bounded memory of what is played. */
export class Playing {
  /** Each match, and whether anything was told of it since the resume began. @type {Map<string, boolean>} */
  #matches;
  /** @type {import("./inbox.js").Store | undefined} */
  #store;

  /** @param {import("./inbox.js").Store} [store] */
  constructor(store) {
    this.#store = store;
    const { playing } = /** @type {{playing?: unknown}} */ (store?.read() ?? {});
    this.#matches = new Map(Array.isArray(playing) ? playing.map((matchId) => [matchId, false]) : []);
  }

  /** A resume begins: whatever happened by now, its state shows. */
  asked() {
    this.#matches.forEach((_, matchId) => this.#matches.set(matchId, false));
  }

  /**
   * A match is told as it is now.
   *
   * @param {{matchId: string, state: string}} match
   */
  told({ matchId, state }) {
    if (state !== "playing") {
      this.forget(matchId);
      return;
    }
    const isKnown = this.#matches.has(matchId);
    this.#matches.set(matchId, true);
    dropOldest(this.#matches, MOST);
    if (!isKnown) {
      this.#keep();
    }
  }

  /**
   * Which of them have ended unseen, as the player is in these by the state that was asked for. Of one that was told since, that state may
   * be too old to know.
   *
   * @param {string[]} present
   */
  ended(present) {
    return [...this.#matches].filter(([matchId, isTold]) => !isTold && !present.includes(matchId)).map(([matchId]) => matchId);
  }

  /**
   * There is nothing more to learn of this one.
   *
   * @param {string} matchId
   */
  forget(matchId) {
    if (this.#matches.delete(matchId)) {
      this.#keep();
    }
  }

  #keep() {
    this.#store?.write({ ...this.#store.read(), playing: [...this.#matches.keys()] });
  }
}
