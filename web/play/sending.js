/**
 * A play on its way to the server: sent, doubted if the answer takes long, and sent again if it may not have arrived.
 */

import { announce } from "./dom.js";
import * as plays from "./plays.js";
import { notice } from "./screens.js";
import { failure } from "./words.js";

/** How long a play may be unanswered before the connection is doubted, in milliseconds. */
const PATIENCE = 3_000;

/** Sends the player's plays. */
export class Sending {
  #muster;
  #match;
  #changed;

  /**
   * @param {object} wires
   * @param {() => import("../muster.js").Muster | undefined} wires.muster Once there is a player.
   * @param {() => any} wires.match The match that is shown.
   * @param {() => void} wires.changed What the player has chosen has changed.
   */
  constructor({ muster, match, changed }) {
    this.#muster = muster;
    this.#match = match;
    this.#changed = changed;
  }

  /** @param {string} name */
  play(name) {
    const match = this.#match();
    if (match?.state === "playing" && !plays.playIn(match)) {
      notice("");
      this.#send(plays.begin(match, name));
    }
  }

  /** A play that may not have arrived, now that there is a connection again. */
  again() {
    const before = plays.playIn(this.#match());
    if (before && !before.isSure) {
      this.#send(before);
    }
  }

  /** @param {plays.Play} of */
  async #send(of) {
    const muster = this.#muster();
    const { matchId, round, play, requestId } = of;
    this.#changed();
    const doubt = setTimeout(() => muster?.check(), PATIENCE);
    try {
      await muster?.request("play", { matchId, round, play }, { requestId });
      plays.settle(of, true);
    } catch (error) {
      const { code, mayHaveHappened } = /** @type {import("../muster.js").MusterError} */ (error);
      if (code === "repeated_play") {
        // It had arrived, or one from another device of this player.
        plays.settle(of, true);
        announce(failure(/** @type {Error} */ (error)));
      } else if (code === "internal" || code === "gateway") {
        plays.settle(of, false);
        notice(failure(/** @type {Error} */ (error)));
      } else if (!mayHaveHappened) {
        plays.settle(of, false);
        notice(failure(/** @type {Error} */ (error)));
        muster?.resync();
      }
    } finally {
      clearTimeout(doubt);
      this.#changed();
    }
  }
}
