/**
 * A rematch: a new private match, whose code goes to the other player as a message. Both may ask at once; then the match whose code comes
 * first in the alphabet is played, and the other is given up.
 *
 * Who has offered what is kept for the tab: a message is told once, so that a page which is loaded anew would not hear of it again.
 */

import { storedIn } from "../muster.js";
import { byId, setText } from "./dom.js";
import { failure } from "./words.js";

/** How an offer reads. It makes sense to somebody with another client, too. */
const OFFER = /^Rematch\? #([A-Z0-9]{6})$/;

/** What a player is refused whose opponent has stopped waiting. */
const GONE = ["not_found", "match_full", "match_over"];

/** @typedef {{own?: string, theirs?: string, isOffered?: boolean}} Offers Our match that waits for the other, theirs, and whether ours was told. */

const store = storedIn(sessionStorage, "muster.rematch");

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
  #ask;
  #request;
  /** @type {Offers} */
  #offers = {};
  /** Since when nobody is to press anything, because something is being asked. */
  #isBusy = false;
  #opponent = "";
  /** The match of ours that was given up last: that it waits is no news any more. */
  #left = "";

  /**
   * @param {(route: string, body?: object) => Promise<any>} ask Says itself what goes wrong, and then gives `undefined`.
   * @param {(route: string, body?: object) => Promise<any>} request Fails if something goes wrong.
   */
  constructor(ask, request) {
    this.#ask = ask;
    this.#request = request;
  }

  /** Our match that waits for the other, if there is one. */
  get own() {
    return this.#offers.own;
  }

  /** Whether this match is one of ours that waits, or did. */
  waitsIn(/** @type {string} */ matchId) {
    return matchId === this.#offers.own || matchId === this.#left || this.#isBusy;
  }

  /** Another match is played, or none. */
  reset() {
    this.#isBusy = false;
    this.#keep({});
    this.#draw("");
  }

  /**
   * The page was loaded anew, and shows again how the match with this opponent ended.
   *
   * @param {string} opponent
   */
  async restore(opponent) {
    this.#opponent = opponent;
    this.#offers = /** @type {Offers | null} */ (store.read()) ?? {};
    const { own, theirs, isOffered } = this.#offers;
    this.#draw(own ? `Waiting for ${opponent} to accept…` : theirs ? `${opponent} wants a rematch.` : "");
    if (own && !isOffered) {
      await this.#offer();
    }
  }

  /**
   * The player wants one.
   *
   * @param {string} opponent
   */
  async want(opponent) {
    this.#opponent = opponent;
    if (this.#isBusy || this.#offers.own) {
      return;
    }
    if (this.#offers.theirs) {
      await this.#accept(this.#offers.theirs);
      return;
    }
    this.#isBusy = true;
    const made = await this.#ask("newMatch", { mode: "rpsls" });
    this.#isBusy = false;
    if (made) {
      this.#keep({ ...this.#offers, own: made.matchId });
      this.#draw(`Waiting for ${opponent} to accept…`);
      await this.#offer();
    }
  }

  /** The player does not wait any longer. */
  async cancel() {
    const { own } = this.#offers;
    this.reset();
    if (own) {
      await this.#leave(own);
    }
  }

  /** Our match is no more, and nobody came. */
  ended() {
    this.reset();
    this.#draw(`${this.#opponent} did not accept in time.`);
  }

  /**
   * The other offers one.
   *
   * @param {string} code
   * @param {string} opponent
   */
  async hear(code, opponent) {
    this.#opponent = opponent;
    this.#keep({ ...this.#offers, theirs: code });
    this.#draw(`${opponent} wants a rematch.`);
    await this.#settle();
  }

  /** The other is told of our match. */
  async #offer() {
    const { own } = this.#offers;
    const sent = await this.#ask("sendMessage", { playerIds: [this.#opponent], message: `Rematch? #${own}` });
    if (sent && own === this.#offers.own) {
      this.#keep({ ...this.#offers, isOffered: true });
    }
    await this.#settle();
  }

  /** Both have asked: one of the matches is played. */
  async #settle() {
    const { own, theirs } = this.#offers;
    if (own && theirs && theirs < own) {
      this.#keep({ theirs });
      await this.#leave(own);
      await this.#accept(theirs);
    }
  }

  /** @param {string} matchId */
  async #leave(matchId) {
    this.#left = matchId;
    await this.#ask("leaveMatch", { matchId });
  }

  /** @param {string} code */
  async #accept(code) {
    this.#isBusy = true;
    try {
      await this.#request("joinMatch", { matchId: code });
    } catch (error) {
      const { code: problem = "" } = /** @type {{code?: string}} */ (error);
      if (GONE.includes(problem)) {
        this.#keep({});
        this.#draw(`${this.#opponent} no longer waits. You can offer one yourself.`);
      } else {
        this.#draw(failure(/** @type {Error} */ (error)));
      }
    } finally {
      this.#isBusy = false;
    }
  }

  /** @param {Offers} offers */
  #keep(offers) {
    this.#offers = offers;
    store.write(offers);
  }

  /** @param {string} status */
  #draw(status) {
    const { own, theirs } = this.#offers;
    setText(byId("rematch-status"), status);
    setText(byId("rematch"), theirs && !own ? "Accept the rematch" : "Rematch");
    const waits = own !== undefined;
    const hadFocus = document.activeElement === byId(waits ? "rematch" : "rematch-cancel");
    byId("rematch").hidden = waits;
    byId("rematch-cancel").hidden = !waits;
    if (hadFocus) {
      byId(waits ? "rematch-cancel" : "rematch").focus();
    }
  }
}
