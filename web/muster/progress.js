/**
 * How far each match and placement has come for this client, so that each thing is handed out once and nothing goes back. Pushes may be
 * repeated and overtake one another, and the state that a resume begins with may be older than a push that was faster.
 */

import { dropOldest } from "./inbox.js";
import { Playing } from "./playing.js";

/** How many of each are remembered. A player is in one at a time, so that older ones are past being pushed again. */
const MOST = 256;

/** A placement's game server was told. */
const SESSION = 1;
/** A placement's end was told. Nothing comes after it. */
const OVER = 2;

/** A bounded memory of what was told. */
export class Progress {
  /** The highest version of each match, doubled; and one more if it was told with its events. @type {Map<string, number>} */
  #matches = new Map();
  /** Until when each match that is played waits. @type {Map<string, number | undefined>} */
  #dues = new Map();
  /** @type {Map<string, number>} */
  #placements = new Map();
  /** @type {Set<string>} */
  #tickets = new Set();
  /** Something has changed, or may have, that a state which was asked for before does not show. */
  #moved = false;
  #playing;

  /** @param {import("./inbox.js").Store} [store] */
  constructor(store) {
    this.#playing = new Playing(store);
  }

  /** A resume begins: whatever happened by now, its state shows. */
  asked() {
    this.#moved = false;
    this.#playing.asked();
  }

  /** A request that may take or give up the player's seat was sent or answered. */
  moved() {
    this.#moved = true;
  }

  /**
   * Whether a push tells something new.
   *
   * @param {string} type
   * @param {any} push
   */
  isNews(type, push) {
    const news = this.#isNews(type, push);
    this.#moved ||= news;
    return news;
  }

  /**
   * What is new in the state of a resume, or in a reply, in the order in which it is to be told: ends before game servers, so that nobody is told of a
   * server that was found and lost meanwhile, and each from the oldest on.
   *
   * @param {{matches?: object[], sessions?: object[], placements?: object[]}} state
   * @returns {[string, object][]}
   */
  news({ matches = [], sessions = [], placements = [] }) {
    const told = [of("placement", placements), of("session", sessions), of("match", matches)].flat();
    return told.filter(([type, push]) => this.#isNews(type, push));
  }

  /**
   * What the player is in, by the state that was asked for: `undefined` if that may have changed since, so that only pushes and replies
   * tell.
   *
   * @param {object[]} seats
   */
  seats(seats) {
    return this.#moved ? undefined : seats;
  }

  /**
   * How a match was last told.
   *
   * @param {string} matchId
   */
  match(matchId) {
    const stage = this.#matches.get(matchId);
    return stage === undefined ? undefined : { version: Math.floor(stage / 2), dueAt: this.#dues.get(matchId) };
  }

  /**
   * The matches that were played when they were last told of, and have ended since, by the state that was asked for.
   *
   * @param {{seats?: {id: string}[], matches?: {matchId: string}[]}} state
   */
  ended({ seats = [], matches = [] }) {
    return this.#playing.ended([...seats.map(({ id }) => id), ...matches.map(({ matchId }) => matchId)]);
  }

  /**
   * How this match ended cannot be told.
   *
   * @param {string} matchId
   */
  forget(matchId) {
    this.#playing.forget(matchId);
  }

  /**
   * @param {string} type
   * @param {any} push
   */
  #isNews(type, push) {
    switch (type) {
      case "match": {
        const news = advances(this.#matches, push.matchId, 2 * push.version + (push.events?.length > 0 ? 1 : 0));
        if (news) {
          this.#playing.told(push);
          this.#dues.set(push.matchId, push.dueAt);
          dropOldest(this.#dues, MOST);
        }
        return news;
      }
      case "session":
        return advances(this.#placements, push.placementId, SESSION);
      case "placement":
        return advances(this.#placements, push.placementId, OVER);
      case "pool": {
        const news = !this.#tickets.has(push.ticketId);
        this.#tickets.add(push.ticketId);
        dropOldest(this.#tickets, MOST);
        return news;
      }
      default:
        return true;
    }
  }
}

/**
 * Pushes of one type, the newest of which came first, from the oldest on.
 *
 * @param {string} type
 * @param {object[]} pushes
 * @returns {[string, object][]}
 */
function of(type, pushes) {
  return pushes.toReversed().map((push) => [type, push]);
}

/**
 * Remembers that `id` has come to `stage`, if it was not as far before.
 *
 * @param {Map<string, number>} memory
 * @param {string} id
 * @param {number} stage
 */
function advances(memory, id, stage) {
  const before = memory.get(id) ?? -1;
  // The one heard of last is forgotten last.
  memory.delete(id);
  memory.set(id, Math.max(before, stage));
  dropOldest(memory, MOST);
  return stage > before;
}
