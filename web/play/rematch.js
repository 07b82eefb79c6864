/**
 * A rematch: a new private match, whose code goes to the other player as a message. Both may ask at once; then the match whose code comes
 * first in the alphabet is played, and the other is given up.
 */

import { byId, setText } from "./dom.js";

/** How an offer reads. It makes sense to somebody with another client, too. */
const OFFER = /^Rematch\? #([A-Z0-9]{6})$/;

/**
 * The code that a message offers, if it is an offer.
 *
 * @param {string} text
 */
export function offered(text) {
  return OFFER.exec(text)?.[1];
}

/** What two players of a match that is over agree on. */
export class Rematch {
  #request;
  /** Our own match, which waits for the other. @type {string | undefined} */
  #own;
  /** The other's. @type {string | undefined} */
  #theirs;
  /** Since when nobody is to press anything, because something is being asked. */
  #isBusy = false;

  /** @param {(route: string, body?: object) => Promise<any>} request Says itself what goes wrong, and then gives `undefined`. */
  constructor(request) {
    this.#request = request;
  }

  /** Whether this match is one of ours that waits. */
  waitsIn(/** @type {string} */ matchId) {
    return matchId === this.#own || this.#isBusy;
  }

  /** Another match is played, or none. */
  reset() {
    this.#own = this.#theirs = undefined;
    this.#isBusy = false;
    this.#draw("");
  }

  /**
   * The player wants one.
   *
   * @param {string} opponent
   */
  async want(opponent) {
    if (this.#isBusy || this.#own) {
      return;
    }
    if (this.#theirs) {
      await this.#accept(this.#theirs, opponent);
      return;
    }
    this.#isBusy = true;
    const made = await this.#request("newMatch", { mode: "rpsls" });
    this.#isBusy = false;
    if (made) {
      this.#own = made.matchId;
      this.#draw(`Waiting for ${opponent} to accept…`);
      await this.#request("sendMessage", { playerIds: [opponent], message: `Rematch? #${made.matchId}` });
      await this.#settle(opponent);
    }
  }

  /** The player does not wait any longer. */
  async cancel() {
    const own = this.#own;
    this.reset();
    if (own) {
      await this.#request("leaveMatch", { matchId: own });
    }
  }

  /**
   * The other offers one.
   *
   * @param {string} code
   * @param {string} opponent
   */
  async hear(code, opponent) {
    this.#theirs = code;
    this.#draw(`${opponent} wants a rematch.`);
    await this.#settle(opponent);
  }

  /**
   * Both have asked: one of the matches is played.
   *
   * @param {string} opponent
   */
  async #settle(opponent) {
    if (this.#own && this.#theirs && this.#theirs < this.#own) {
      const own = this.#own;
      this.#own = undefined;
      await this.#request("leaveMatch", { matchId: own });
      await this.#accept(this.#theirs, opponent);
    }
  }

  /**
   * @param {string} code
   * @param {string} opponent
   */
  async #accept(code, opponent) {
    this.#isBusy = true;
    const joined = await this.#request("joinMatch", { matchId: code });
    this.#isBusy = false;
    if (!joined) {
      this.#theirs = undefined;
      this.#draw(`${opponent} no longer waits. You can offer one yourself.`);
    }
  }

  /** @param {string} status */
  #draw(status) {
    setText(byId("rematch-status"), status);
    setText(byId("rematch"), this.#theirs && !this.#own ? "Accept the rematch" : "Rematch");
    const waits = this.#own !== undefined;
    const hadFocus = document.activeElement === byId(waits ? "rematch" : "rematch-cancel");
    byId("rematch").hidden = waits;
    byId("rematch-cancel").hidden = !waits;
    if (hadFocus) {
      byId(waits ? "rematch-cancel" : "rematch").focus();
    }
  }
}
