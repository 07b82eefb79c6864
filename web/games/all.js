/**
 * The games that this page can draw, a file each. The frame around them (`../play/`) knows none: it goes by what is written here.
 *
 * @typedef {object} Game What a file of this folder exports as its default.
 * @property {Record<string, string>} modes The modes that it draws, each with its title.
 * @property {string[]} signs What it is known by.
 * @property {(mode: string) => string[]} rules How it is played, in paragraphs.
 * @property {Record<string, string>} [refusals] What its own codes mean, and those that have a better word in it.
 * @property {(root: HTMLElement, seat: Seat) => Board} sit Puts a board for one match into an empty element.
 *
 * @typedef {object} Seat Where the player sits.
 * @property {(action: unknown) => void} act Plays an action, if it is the player's turn. A button that the digit 1 is to press has the
 *   attribute `aria-keyshortcuts="1"`.
 * @property {(seat: number) => string} name Who sits there, such as `bob` or `the computer`.
 *
 * @typedef {object} Board
 * @property {(now: Moment) => {happened: string, prompt: string}} show Draws the match as it is, lets `events` be seen to happen one after
 *   another, and says in words what has happened and what the player may do.
 * @property {() => void} [end] The board is taken away.
 *
 * @typedef {object} Moment
 * @property {any} match The match as the server tells it.
 * @property {boolean} isYours Whether the player is to act.
 * @property {{action: any} | null} pending What the player has played, if it is not in the match yet.
 * @property {any[]} events What has just happened; nothing, if the same is drawn again.
 */

import * as generic from "./generic.js";
import rpsls from "./rpsls.js";
import ticTacToe from "./tic-tac-toe.js";

/** @type {Game[]} */
const GAMES = [rpsls, ticTacToe];

/** The modes that are offered, the first one chosen. One without a file here can be asked for in the page's address: `?mode=NAME`. */
export function offered() {
  const asked = new URLSearchParams(location.search).getAll("mode");
  return [...new Set([...asked, ...GAMES.flatMap(({ modes }) => Object.keys(modes))])];
}

/**
 * The game of a mode.
 *
 * @param {string} mode
 * @returns {Game}
 */
export function gameOf(mode) {
  return GAMES.find(({ modes }) => Object.hasOwn(modes, mode)) ?? generic.of(mode);
}
