/**
 * The match that the player is in: told by the server, acted in, left, and played again.
 */

import { Rejection, storedIn } from "../muster.js";
import { gameOf } from "../games/all.js";
import { byId, setText } from "./dom.js";
import { notice, screen, show } from "./screens.js";
import { all, failure, nameOf, othersIn } from "./words.js";

/** What a player says who waits in the next match. It makes sense to somebody with another client, too. */
export const OFFER = "Rematch?";

/** Rejections that say nothing of the match that was asked for. */
const PASSING = ["internal", "busy", "token_expired"];

/** Which match's end is shown: kept for the tab, so that a page which is loaded anew shows it again. */
const ended = storedIn(sessionStorage, "muster.ended");

/** The code in the page's address, with which somebody invites. */
export function invitation() {
  return /^#([A-Za-z0-9-]{6,36})$/.exec(location.hash)?.[1];
}

/** @param {string} hash */
export function setHash(hash) {
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

/** The match that is shown. */
export class Sitting {
  #muster;
  #table;
  #chat;
  #toLobby;
  /** @type {any} */
  match = null;
  /** @type {{action: unknown} | null} */
  #pending = null;
  /** Who was in the match before, if this is the next one after it. @type {string[]} */
  #expected = [];

  /**
   * @param {object} wires
   * @param {() => import("../muster.js").Muster} wires.muster
   * @param {import("./table.js").Table} wires.table
   * @param {import("./chat.js").Chat} wires.chat
   * @param {(words: string) => void} wires.toLobby
   */
  constructor({ muster, table, chat, toLobby }) {
    this.#muster = muster;
    this.#table = table;
    this.#chat = chat;
    this.#toLobby = toLobby;
  }

  /** The match whose end was shown before the page was loaded anew. */
  get endedBefore() {
    return ended.read();
  }

  /** Nothing is shown any more. */
  forget() {
    this.match = null;
    this.#pending = null;
    this.#expected = [];
    ended.write(null);
    this.#table.forget();
  }

  /**
   * The server tells how a match stands.
   *
   * @param {any} told
   */
  changed(told) {
    const { match } = this;
    const isSame = told.matchId === match?.matchId;
    // Of another match only the beginning is news, and to a page that is loaded anew also the end.
    const isNoNews = told.state === "over" ? screen() !== "loading" : told.seat === undefined || match?.state === "playing";
    if (!isSame && isNoNews) {
      return;
    }
    if (isSame) {
      // Whoever has left is told as one who watches.
      told.seat ??= match.seat;
    }
    if (told.state === "over" && told.players.length < 2) {
      this.#toLobby("The match was called off.");
      return;
    }
    if (!isSame) {
      this.#pending = null;
      setText(byId("rematch-status"), "");
      notice("");
    }
    if (told.ack !== undefined || told.state === "over") {
      this.#pending = null;
    }
    this.match = told;
    setHash(told.state === "waiting" ? told.matchId : "");
    ended.write(told.state === "over" ? told.matchId : null);
    this.#chat.joins(told);
    show("match");
    if (told.state === "waiting") {
      this.#drawWaiting();
    }
    this.#table.show(told, this.#pending, told.events ?? []);
  }

  /** A match that has not begun: how others come into it. */
  #drawWaiting() {
    const { matchId, host, seat, least, players } = this.match;
    const isCode = matchId.length === 6;
    byId("invite-code").hidden = !isCode;
    setText(byId("invite-code"), matchId);
    byId("invite-link").value = location.href;
    const missing = this.#expected.filter((name) => !players.some((/** @type {any} */ { playerId }) => playerId === name));
    const isAgain = missing.length > 0;
    setText(byId("waiting-title"), isAgain ? `Waiting for ${all(missing)}…` : "Send this link to a friend");
    const lead = isAgain ? "They have been asked, and can come by this link, too." : "The match begins when your friend opens it.";
    setText(byId("invite-lead"), lead);
    byId("start").hidden = host !== seat || players.length < least;
  }

  /**
   * The player acts.
   *
   * @param {unknown} action
   */
  async act(action) {
    const { match } = this;
    if (this.#pending || match?.state !== "playing" || !match.awaits?.includes(match.seat)) {
      return;
    }
    const pending = { action };
    this.#pending = pending;
    notice("");
    this.redraw();
    try {
      await this.#play(match, action);
    } catch (error) {
      this.#refused(match, /** @type {import("../muster.js").MusterError} */ (error));
    } finally {
      // A push that came before may have acknowledged it already, and another may be on its way.
      if (this.#pending === pending) {
        this.#pending = null;
        this.redraw();
      }
    }
  }

  /**
   * Plays, and once more if the match has a newer version, but nothing in it is due that was not before: somebody has come or gone.
   *
   * @param {any} seen
   * @param {unknown} action
   */
  async #play({ matchId, dueAt }, action) {
    try {
      await this.#muster().play(matchId, action);
    } catch (error) {
      const { code, match: now } = /** @type {any} */ (error);
      const isStillMeant = code === "stale" && now?.dueAt === dueAt && now.awaits?.includes(now.seat);
      if (!isStillMeant) {
        throw error;
      }
      await this.#muster().play(matchId, action);
    }
  }

  /**
   * @param {any} match
   * @param {import("../muster.js").MusterError} error
   */
  #refused({ matchId, mode }, error) {
    if (error.code === "closed" || matchId !== this.match?.matchId) {
      return;
    }
    notice(failure(error, gameOf(mode).refusals));
    if (error.code !== "stale") {
      this.#muster().resync();
    }
  }

  /** What the player has chosen has changed, or whether there is a connection. */
  redraw() {
    if (this.match?.state === "playing") {
      this.#table.show(this.match, this.#pending, []);
    }
  }

  /**
   * All that was missed has been told, and the player is in these: a match that is shown and not among them is over. How it ended would have
   * been told by now if it was played. If it waited, that is asked for: whoever was in a match is shown it.
   *
   * @param {{id: string}[]} seats
   */
  async resumed(seats) {
    const { match } = this;
    if (match === null || match.state === "over" || seats.some(({ id }) => id === match.matchId)) {
      return;
    }
    try {
      await this.#muster().joinMatch(match.matchId);
    } catch (error) {
      const isGone = error instanceof Rejection && !PASSING.includes(error.code);
      if (isGone && this.match?.matchId === match.matchId) {
        this.#toLobby(match.state === "waiting" ? "Your invitation has expired." : "The match ended while you were away.");
      }
    }
  }

  /**
   * Somebody offers a rematch.
   *
   * @param {string} sender
   */
  offered(sender) {
    if (this.match?.state === "over" && othersIn(this.match).includes(sender)) {
      setText(byId("rematch-status"), `${sender} wants a rematch.`);
    }
  }

  /**
   * The player wants the next match, in which the others may wait already.
   *
   * @param {(request: () => Promise<any>) => Promise<any>} ask
   */
  async again(ask) {
    const { matchId } = this.match;
    this.#expected = othersIn(this.match);
    const next = await ask(() => this.#muster().nextMatch(matchId));
    if (next?.state === "waiting" && next.players.length === 1) {
      this.#chat.say(OFFER, this.#expected);
    }
  }

  /**
   * The player does not wait for others any longer.
   *
   * @param {(request: () => Promise<any>) => Promise<any>} ask
   */
  async callOff(ask) {
    const { match } = this;
    // Its end is no news to whoever ends it.
    this.match = null;
    if (await ask(() => this.#muster().leaveMatch(match.matchId))) {
      this.#toLobby("");
    } else {
      this.match = match;
    }
  }

  /** What leaving it means, in words. */
  get leaving() {
    const { players, seat } = this.match;
    return players.length === 2 ? `Then ${nameOf(this.match, 1 - seat)} wins.` : "The others play on without you.";
  }
}
