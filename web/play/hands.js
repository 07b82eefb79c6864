/**
 * The hands of each game, as the wire names them, in the order of their keys.
 */

/** @typedef {{play: string, name: string, sign: string, beats: string}} Hand */

/** @type {Record<string, Hand>} */
const HANDS = {
  rock: { play: "rock", name: "Rock", sign: "✊", beats: "crushes scissors and lizard" },
  paper: { play: "paper", name: "Paper", sign: "✋", beats: "covers rock, disproves Spock" },
  scissors: { play: "scissors", name: "Scissors", sign: "✌️", beats: "cuts paper, decapitates lizard" },
  lizard: { play: "lizard", name: "Lizard", sign: "🦎", beats: "eats paper, poisons Spock" },
  spock: { play: "spock", name: "Spock", sign: "🖖", beats: "smashes scissors, vaporizes rock" },
};

/** @type {Record<string, string[]>} */
const MODES = {
  rps: ["rock", "paper", "scissors"],
  rpsls: ["rock", "paper", "scissors", "lizard", "spock"],
};

/** What this page offers to play. */
export const MODE = "rpsls";

/**
 * The hands of a mode.
 *
 * @param {string} mode
 * @returns {Hand[]}
 */
export function handsOf(mode) {
  return (MODES[mode] ?? MODES[MODE]).map((play) => HANDS[play]);
}

/**
 * The hand of a play; `undefined` for one that this page does not know, or for none.
 *
 * @param {string | undefined} play
 * @returns {Hand | undefined}
 */
export function hand(play) {
  return play === undefined ? undefined : (HANDS[play] ?? { play, name: play, sign: "❔", beats: "" });
}
