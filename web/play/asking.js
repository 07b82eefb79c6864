/**
 * Requests of the page. A seat is given up a moment after the answer to whoever leaves, so that what is asked for right after it may be
 * refused for a moment.
 */

/** How long a seat may take to be given up, in milliseconds. */
const SETTLING = 3_000;

/** How long to wait before the same is asked for again, in milliseconds. */
const PAUSE = 250;

/** Asks the server, and knows when the player last left something. */
export class Asking {
  #muster;
  #leftAt = -Infinity;

  /** @param {() => import("../muster.js").Muster | undefined} muster Once there is a player. */
  constructor(muster) {
    this.#muster = muster;
  }

  /**
   * Asks for something, and a little later again if the server does not know yet that the player has left what it was in.
   *
   * @param {string} route
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  async request(route, body) {
    const muster = this.#muster();
    if (!muster) {
      throw new Error("there is no player yet");
    }
    for (;;) {
      try {
        const reply = await muster.request(route, body);
        if (route.startsWith("leave")) {
          this.#leftAt = performance.now();
        }
        return reply;
      } catch (error) {
        const isSettling = performance.now() - this.#leftAt < SETTLING;
        if (/** @type {any} */ (error).code !== "seated" || !isSettling) {
          throw error;
        }
        await new Promise((done) => setTimeout(done, PAUSE));
      }
    }
  }
}
