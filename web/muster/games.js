/**
 * Typed helpers, one for each game: what a program may do in it, and what it is shown.
 *
 * @typedef {object} SecretRound A round of rock-paper-scissors as one of its players sees it.
 * @property {number} round The open round, from 1 on.
 * @property {number} wins Rounds that win the match.
 * @property {number} yourScore
 * @property {number} theirScore
 * @property {string[]} plays What can be played.
 * @property {string} [played] What the player has played in the open round.
 * @property {string} [yourPlay] In the round before; nothing, if the player was late.
 * @property {string} [theirPlay]
 * @property {"you" | "them"} [winner] Of the round before.
 * @property {string} [roundSummary] Such as "paper covers rock".
 *
 * @typedef {object} Board Tic-tac-toe.
 * @property {(number | null)[]} cells The seat whose mark each of the nine has, row by row.
 * @property {number} turn The seat that is to move.
 * @property {number[]} bank Milliseconds that each seat may think beside its turns.
 */

/**
 * @template View, Action, Event
 * @typedef {object} Game
 * @property {(how?: {options?: object, bots?: number}) => Promise<any>} newMatch
 * @property {() => Promise<any>} joinPool
 * @property {(matchId: string, action: Action) => Promise<any>} play
 * @property {(handler: (match: {matchId: string, view?: View, events?: Event[]}) => void) => () => void} on Stops listening when called.
 */

/**
 * The helper of a mode.
 *
 * @param {import("./client.js").Muster} muster
 * @param {string} mode
 * @returns {Game<any, any, any>}
 */
function game(muster, mode) {
  return {
    newMatch: (how) => muster.newMatch({ mode, ...how }),
    joinPool: () => muster.request("joinPool", { mode }),
    play: (matchId, action) => muster.play(matchId, action),
    on: (handler) => muster.on("match", (match) => match.mode === mode && handler(match)),
  };
}

/**
 * Rock-paper-scissors, with lizard and Spock or without. An action is one of the view's `plays`.
 *
 * @param {import("./client.js").Muster} muster
 * @param {"rps" | "rpsls"} [mode]
 * @returns {Game<SecretRound, string, {round: number, winner?: number}>}
 */
export const rockPaperScissors = (muster, mode = "rpsls") => game(muster, mode);

/**
 * Tic-tac-toe. An action, and an event, is the number of a cell, 0 to 8.
 *
 * @param {import("./client.js").Muster} muster
 * @returns {Game<Board, number, number>}
 */
export const ticTacToe = (muster) => game(muster, "tic-tac-toe");
