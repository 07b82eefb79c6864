/**
 * What the page says, for every code of the protocol. Nobody should have to read a code.
 */

/** What each code of a rejection means to a player, and what can be done. @type {Record<string, string>} */
const CODES = {
  bad_frame: "The server did not understand this page. Reload it, and if that does not help, tell us.",
  unknown_route: "This server does not offer that.",
  bad_request: "The server does not take that.",
  token_expired: "Your sign-in has expired. A new one is on its way: try again in a moment.",
  seated: "You are in something else already. Finish or leave that first.",
  not_found: "There is no such match or placement, or it is not yours.",
  unavailable: "This server does not offer that mode.",
  match_full: "That match has its two players already.",
  match_not_begun: "The match has not begun: it waits for its second player.",
  match_over: "That match is over.",
  old_round: "That round is over.",
  future_round: "That round has not begun.",
  late_play: "Too late: the time of that round is up.",
  repeated_play: "You have already played in this round.",
  unknown_play: "This game has no such hand.",
  internal: "Something went wrong on the server. Try again.",
  disconnected: "The connection was lost before the answer came.",
  timed_out: "The server did not answer in time.",
  gateway: "The server is too busy right now. Try again in a moment.",
  not_sent: "There is no connection. Try again when it is back.",
  too_large: "That is too long to be sent.",
  closed: "You have left. Reload the page to come back.",
};

/** Codes of which the server's own message says more than we could: which field, or which seat. */
const TELLING = ["bad_request", "seated", "unavailable"];

/**
 * A failed request in words.
 *
 * @param {{code?: string, message: string}} error
 */
export function failure({ code = "", message }) {
  const words = CODES[code];
  if (words === undefined) {
    return `The server refuses that: ${message}`;
  }
  // Which field of the frame it was is of no interest here.
  return TELLING.includes(code) ? `${words} (${message.replace(/^body\.[\w.[\]]+: /, "")})` : words;
}

/** How placements end. @type {Record<string, string>} */
const PLACEMENTS = {
  timedOut: "No game server was free in time.",
  failed: "No game server could be started.",
  cancelled: "You no longer wait for a game server.",
  ended: "The game on the server is over.",
};

/**
 * The end of a placement in words.
 *
 * @param {{outcome: string, reason?: string}} placement
 */
export function placementEnd({ outcome, reason }) {
  const words = PLACEMENTS[outcome] ?? "The placement is over.";
  return reason && outcome === "failed" ? `${words} (${reason})` : words;
}

/** How tickets end. @type {Record<string, string>} */
const TICKETS = {
  timedOut: "Nobody came to play with you in time. Try again, or invite a friend.",
  away: "You were away for too long, so your place was given up.",
};

/**
 * The end of a ticket in words.
 *
 * @param {{outcome: string}} push
 */
export function ticketEnd({ outcome }) {
  return TICKETS[outcome] ?? "You no longer wait for an opponent.";
}

/** The state of the connection. @type {Record<string, string>} */
export const CONNECTION = {
  connecting: "Connecting…",
  online: "Connected",
  waiting: "Reconnecting…",
  closed: "Signed out",
};

/**
 * How a match ended, as a headline and a sentence.
 *
 * @param {{winner?: string, ending?: string, yourScore: number, theirScore: number}} match
 * @param {string} opponent
 * @returns {[string, string]}
 */
export function matchEnd({ winner, ending, yourScore, theirScore }, opponent) {
  const score = `${yourScore} to ${theirScore}`;
  switch (ending) {
    case "won":
      return winner === "you"
        ? ["You win!", `You beat ${opponent} by ${score}.`]
        : ["You lose", `${opponent} wins by ${theirScore} to ${yourScore}.`];
    case "drawn":
      return ["A draw", `It is ${score} after the last round.`];
    case "forfeited":
      return winner === "you" ? ["You win!", `${opponent} has left the match.`] : ["You left", `${opponent} wins.`];
    case "abandoned":
      return ["Match abandoned", "Nobody played any more."];
    default:
      return ["The match is over", `It ended ${score}.`];
  }
}

/**
 * A round that is over, in one sentence.
 *
 * @param {{roundSummary?: string, roundWinner?: string}} match
 * @param {string} opponent
 */
export function roundEnd({ roundSummary = "", roundWinner }, opponent) {
  // The wire knows him in lower case only.
  const named = roundSummary.replaceAll("spock", "Spock");
  const summary = named.charAt(0).toUpperCase() + named.slice(1);
  const result = roundWinner === "you" ? "You win the round." : roundWinner === "them" ? `${opponent} wins the round.` : "Nobody scores.";
  return `${summary}. ${result}`;
}

/**
 * A number of seconds.
 *
 * @param {number} count
 */
export function seconds(count) {
  return count === 1 ? "1 second" : `${count} seconds`;
}
