/**
 * What the page says, for every code of the protocol. Nobody should have to read a code.
 */

import { capital } from "./dom.js";

/** What each code of a rejection means to a player, and what can be done. @type {Record<string, string>} */
const CODES = {
  bad_frame: "The server did not understand this page. Reload it, and if that does not help, tell us.",
  unknown_route: "This server does not offer that.",
  bad_request: "The server does not take that.",
  token_expired: "Your sign-in has expired. A new one is on its way: try again in a moment.",
  seated: "You are in something else already. Finish or leave that first.",
  not_found: "There is no such match, or it is not yours.",
  unavailable: "This server does not offer that.",
  maintenance: "There is maintenance: nothing new begins for a while.",
  match_full: "That match has all its players already.",
  match_not_begun: "The match has not begun: it waits for players.",
  match_begun: "That match has begun without you.",
  match_over: "That match is over.",
  not_host: "Only whoever opened the match can start it.",
  not_your_turn: "It is not your turn.",
  stale: "Too late: that round was over.",
  busy: "Too much is going on there right now. Try again.",
  outdated: "This page is out of date. Reload it.",
  internal: "Something went wrong on the server. Try again.",
  disconnected: "The connection was lost before the answer came.",
  timed_out: "The server did not answer in time.",
  gateway: "The server is too busy right now. Try again in a moment.",
  not_sent: "There is no connection. Try again when it is back.",
  too_large: "That is too long to be sent.",
  unacknowledged: "One thing at a time: what you played before is still on its way.",
  closed: "You have left. Reload the page to come back.",
};

/**
 * A failed request in words.
 *
 * @param {{code?: string, message?: string}} error
 * @param {Record<string, string>} [own] A game's own words.
 */
export function failure({ code = "" }, own = {}) {
  return own[code] ?? CODES[code] ?? "That cannot be done here.";
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
 * @param {{outcome: string}} placement
 */
export function placementEnd({ outcome }) {
  return PLACEMENTS[outcome] ?? "You have no game server any more.";
}

/** How tickets end. @type {Record<string, string>} */
const TICKETS = {
  timedOut: "Nobody came to play with you in time. Try again, play the computer, or invite a friend.",
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
const CONNECTION = { connecting: "Connecting…", online: "Connected", waiting: "Reconnecting…", closed: "Signed out" };

/**
 * The state of the connection in words.
 *
 * @param {string} state
 */
export function connection(state) {
  return state !== "online" && state !== "closed" && !navigator.onLine ? "Offline" : CONNECTION[state];
}

/**
 * Who sits in a seat.
 *
 * @param {any} match
 * @param {number} seat
 */
export function nameOf({ players, seat: own }, seat) {
  const { playerId, bot } = players[seat] ?? { playerId: "nobody" };
  if (bot) {
    const bots = players.filter((/** @type {any} */ player) => player.bot);
    return bots.length === 1 ? "the computer" : `computer ${bots.indexOf(players[seat]) + 1}`;
  }
  return seat === own ? "you" : playerId;
}

/**
 * Everybody else in a match, the computer, too.
 *
 * @param {any} match
 */
export function opponents(match) {
  const others = match.players.map((/** @type {any} */ _, /** @type {number} */ at) => (at === match.seat ? "" : nameOf(match, at)));
  return all(others.filter(Boolean));
}

/**
 * The players of a match beside the one who plays here, and without the computer.
 *
 * @param {any} match
 * @returns {string[]}
 */
export function othersIn({ players, seat }) {
  const others = players.filter((/** @type {any} */ { bot }, /** @type {number} */ at) => !bot && at !== seat);
  return others.map((/** @type {any} */ { playerId }) => playerId);
}

/**
 * Several names.
 *
 * @param {string[]} names
 */
export function all(names) {
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : (names[0] ?? "nobody");
}

/**
 * How a match ended, as a headline and a sentence.
 *
 * @param {any} match
 * @returns {[string, string]}
 */
export function matchEnd(match) {
  const { outcome, seat, players } = match;
  const { ending, places, scores = [], words } = outcome;
  const isFirst = places[seat] === 1;
  const named = (/** @type {(at: number) => boolean} */ isMeant) =>
    players.flatMap((/** @type {any} */ _, /** @type {number} */ at) => (isMeant(at) ? [nameOf(match, at)] : []));
  const winners = capital(all(named((at) => places[at] === 1)));
  const left = named((at) => players[at].left && at !== seat);
  const isScored = players.length === 2 && scores.length === 2;
  const [mine, theirs] = [scores[seat], scores[1 - seat]];
  switch (ending) {
    case "won":
      if (players.length > 2 && !isFirst) {
        return ["You lose", `You are number ${places[seat]} of ${players.length}. ${winners} wins.`];
      }
      if (!isScored) {
        return [isFirst ? "You win!" : "You lose", `${capital(words)}.`];
      }
      return isFirst
        ? ["You win!", `You beat ${opponents(match)} by ${mine} to ${theirs}.`]
        : ["You lose", `${winners} wins by ${theirs} to ${mine}.`];
    case "drawn":
      return ["A draw", isScored ? `It is ${mine} to ${theirs}.` : `${capital(words)}.`];
    case "forfeited":
      return isFirst && left.length > 0 ? ["You win!", `${capital(all(left))} has left the match.`] : ["You left", `${winners} wins.`];
    case "void":
      return ["The match cannot go on", "Something went wrong on the server. It does not count."];
    default:
      return ["Match abandoned", `${capital(words)}.`];
  }
}

/**
 * A number of seconds.
 *
 * @param {number} count
 */
export function seconds(count) {
  return count === 1 ? "1 second" : `${count} seconds`;
}
