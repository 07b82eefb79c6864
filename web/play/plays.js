/**
 * What the player has played in the open round, which no push tells: kept for the tab, so that a page that is loaded anew knows, and sent
 * again with the same `requestId` if it may not have arrived.
 */

import { randomId, storedIn } from "../muster.js";

/** @typedef {{matchId: string, round: number, play: string, requestId: string, isSure: boolean}} Play */

const store = storedIn(sessionStorage, "muster.play");

/**
 * The player's play in the open round of a match.
 *
 * @param {any} match
 * @returns {Play | null}
 */
export function playIn(match) {
  const play = /** @type {Play | null} */ (store.read());
  const isOfIt = play && match?.state === "playing" && play.matchId === match.matchId && play.round === match.round;
  return isOfIt ? play : null;
}

/**
 * A new play in the open round.
 *
 * @param {any} match
 * @param {string} play
 * @returns {Play}
 */
export function begin({ matchId, round }, play) {
  const begun = { matchId, round, play, requestId: randomId(), isSure: false };
  store.write(begun);
  return begun;
}

/**
 * What became of a play: it counts, or it does not.
 *
 * @param {Play} play
 * @param {boolean} counts
 */
export function settle(play, counts) {
  const kept = /** @type {Play | null} */ (store.read());
  if (kept?.requestId === play.requestId) {
    store.write(counts ? { ...play, isSure: true } : null);
  }
}
