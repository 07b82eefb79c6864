/**
 * The table that a match is played at: who sits there, the clock, the game's board, and how it ends. It shows what it is given, decides
 * nothing, and knows no game.
 */

import { gameOf } from "../games/all.js";
import { Clock } from "./clock.js";
import { announce, byId, capital, element, isUsable, setText } from "./dom.js";
import { entitle } from "./screens.js";
import { all, matchEnd, nameOf, opponents } from "./words.js";

/** The table. */
export class Table {
  #clock;
  #act;
  #isOnline;
  /** @type {any} */
  #match = null;
  /** @type {import("../games/all.js").Board | null} */
  #board = null;
  /** What was last told in words, so that it is told once. */
  #told = "";

  /**
   * @param {object} wires
   * @param {() => number} wires.now The server's time.
   * @param {() => boolean} wires.isOnline
   * @param {(action: unknown) => void} wires.act
   * @param {() => void} wires.overdue The time is up, and nothing has come.
   */
  constructor({ now, isOnline, act, overdue }) {
    this.#isOnline = isOnline;
    this.#act = act;
    this.#clock = new Clock(now, overdue);
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /**
   * Shows a match as it is now.
   *
   * @param {any} match
   * @param {{action: unknown} | null} pending What the player has played, if it is not in the match yet.
   * @param {any[]} events What has just happened.
   */
  show(match, pending, events) {
    const before = this.#match?.matchId === match.matchId ? this.#match : null;
    this.#match = match;
    if (before === null) {
      this.#clear();
    }
    const hasView = match.view !== undefined;
    this.#board ??= hasView ? this.#sit() : null;
    const isOver = match.state === "over";
    const awaits = isOver ? [] : (match.awaits ?? []);
    const isYours = awaits.includes(match.seat) && pending === null;
    this.#drawSeats(awaits, pending !== null);
    this.#clock.set(isOver ? undefined : match.dueAt, isYours);
    const { happened = "", prompt = "" } = (hasView && this.#board?.show({ match, isYours, pending, events })) || {};
    const others = awaits.filter((/** @type {number} */ seat) => seat !== match.seat);
    const names = all(others.map((/** @type {number} */ seat) => nameOf(match, seat)));
    let waits = isYours || others.length === 0 ? "" : `Waiting for ${names}…`;
    if (pending !== null && !this.#isOnline()) {
      waits = "It is sent as soon as there is a connection.";
    }
    const asked = isOver ? "" : `${prompt} ${waits}`.trim();
    setText(byId("summary"), happened);
    setText(byId("prompt"), asked);
    this.#drawParts();
    this.#tell(before, happened, asked);
  }

  /** The match is left: nothing of it is counted or told any more. */
  forget() {
    this.#match = null;
    this.#clear();
    this.#clock.set(undefined, false);
  }

  #clear() {
    this.#board?.end?.();
    this.#board = null;
    byId("board").replaceChildren();
  }

  #sit() {
    const seat = { act: (/** @type {unknown} */ action) => this.#act(action), name: (/** @type {number} */ at) => nameOf(this.#match, at) };
    return gameOf(this.#match.mode).sit(byId("board"), seat);
  }

  /**
   * Everybody at the table, the player first, with the clock between the player and the others.
   *
   * @param {number[]} awaits
   * @param {boolean} hasActed
   */
  #drawSeats(awaits, hasActed) {
    const { players, seat: own, outcome } = this.#match;
    const drawn = players.map((/** @type {any} */ { away, left }, /** @type {number} */ seat) => {
      const isOwn = seat === own;
      const isAwaited = awaits.includes(seat) && !(isOwn && hasActed);
      const drawn = element("p", `seat ${isOwn ? "you" : "them"}`);
      drawn.classList.toggle("awaited", isAwaited);
      drawn.classList.toggle("first", outcome?.ending !== "drawn" && outcome?.places[seat] === 1 && players.length > 1);
      const state = left ? "has left" : away && !isOwn ? "away" : isAwaited ? (isOwn ? "your turn" : "thinking…") : "";
      drawn.append(element("span", "name", capital(nameOf(this.#match, seat))));
      if (state) {
        drawn.append(element("span", state === "away" ? "away" : "state", state));
      }
      return drawn;
    });
    const [mine] = own === undefined ? [] : drawn.splice(own, 1);
    byId("seats").hidden = players.length < 2;
    byId("seats").replaceChildren(...(mine ? [mine] : []), byId("clock"), ...drawn);
  }

  #drawParts() {
    const { state } = this.#match;
    const title = state === "waiting" ? "Waiting for players" : `Match against ${opponents(this.#match)}`;
    const [end, text] = state === "over" ? matchEnd(this.#match) : ["", ""];
    setText(byId("match-title"), title);
    entitle(end || title);
    setText(byId("over-title"), end);
    setText(byId("over-text"), text);
    // Whoever has pressed what is gone now is led on, and the focus with them.
    const isLedOn = ["waiting", "playing", "over"].some((part) => part !== state && byId(part).contains(document.activeElement));
    for (const part of ["waiting", "playing", "over"]) {
      byId(part).hidden = part !== state;
    }
    byId("summary").hidden = state === "waiting";
    if (isLedOn) {
      byId(state === "over" ? "over-title" : "match-title").focus({ preventScroll: true });
    }
  }

  /**
   * Says in words what has changed, each thing once.
   *
   * @param {any} before
   * @param {string} happened
   * @param {string} asked
   */
  #tell(before, happened, asked) {
    const { matchId, state, version, players, seat } = this.#match;
    const told = `${matchId} ${state} ${happened} ${asked}`;
    const presence = players.flatMap((/** @type {any} */ { away, left }, /** @type {number} */ at) => {
      const was = before?.players[at];
      const isNews = at !== seat && was && !left && Boolean(was.away) !== Boolean(away);
      return isNews ? [`${capital(nameOf(this.#match, at))} is ${away ? "away" : "back"}.`] : [];
    });
    if (told === this.#told && presence.length === 0) {
      return;
    }
    const isNew = before === null || before.state !== state;
    const hasMoved = isNew || before.version !== version;
    this.#told = told;
    const [end, text] = state === "over" ? matchEnd(this.#match) : ["", ""];
    const begun = isNew && state === "playing" ? `${byId("match-title").textContent}.` : "";
    announce([begun, ...presence, hasMoved ? happened : "", end ? `${end}.` : "", text, asked].filter(Boolean).join(" "));
    if (state === "over" && isNew && !byId("chat-form").contains(document.activeElement)) {
      // The board is no longer to be played on, and the focus must not be lost with it; whoever is writing is left alone.
      byId("over-title").focus({ preventScroll: true });
    }
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const isWriting = event.target instanceof Element && event.target.matches("input:not([type=checkbox]), textarea, select");
    const isOther = event.ctrlKey || event.altKey || event.metaKey || event.repeat || isWriting || !byId("keys").checked;
    if (isOther || byId("leave-dialog").open || this.#match?.state !== "playing" || byId("screen-match").hidden) {
      return;
    }
    const button = /^[1-9]$/.test(event.key) && byId("board").querySelector(`[aria-keyshortcuts="${event.key}"]`);
    if (button && isUsable(button)) {
      event.preventDefault();
      button.click();
    }
  }
}
