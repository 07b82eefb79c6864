/**
 * The clock of a match: a ring that empties, and the seconds. It is for the eyes; that the time is running out is said once, in words.
 */

import { announce, byId, setText, wantsStillness } from "./dom.js";
import { seconds } from "./words.js";

/** From here on it is red: this part of the time. */
const HURRY = 0.4;

/** Of a time that is at least as long, in milliseconds, that is said in words, too. In a shorter one there is no time to listen. */
const LONG = 12_000;

/** A time that is longer, in milliseconds, is nobody's to hurry for, and not shown. */
const ENDLESS = 10 * 60_000;

/** How long after the time is up the result is waited for, in milliseconds, before it is asked for; and between askings. */
const GRACE = 3_000;

/** The countdown to what is due. */
export class Clock {
  #now;
  #overdue;
  /** @type {number | undefined} */
  #dueAt;
  /** How long it is, as far as this page has seen of it. */
  #length = 1;
  #hurried = false;
  #askAt = Infinity;
  /** Whether the player is waited for. */
  #isYours = false;

  /**
   * @param {() => number} now The server's time.
   * @param {() => void} overdue The time is up and nothing has come.
   */
  constructor(now, overdue) {
    this.#now = now;
    this.#overdue = overdue;
    setInterval(() => this.#tick(), 100);
  }

  /**
   * Counts down to this time; `undefined` stops it.
   *
   * @param {number | undefined} dueAt
   * @param {boolean} isYours
   */
  set(dueAt, isYours) {
    this.#isYours = isYours;
    if (dueAt !== this.#dueAt) {
      this.#dueAt = dueAt;
      this.#length = Math.max(1, (dueAt ?? 0) - this.#now());
      this.#askAt = (dueAt ?? 0) + GRACE;
      this.#hurried = this.#length < LONG;
    }
    byId("clock").hidden = dueAt === undefined || this.#length > ENDLESS;
    this.#tick();
  }

  #tick() {
    if (this.#dueAt === undefined) {
      return;
    }
    const left = Math.max(0, Math.ceil((this.#dueAt - this.#now()) / 1_000));
    const part = (this.#dueAt - this.#now()) / this.#length;
    const shown = wantsStillness() ? (left * 1_000) / this.#length : part;
    setText(byId("clock-text"), String(left));
    byId("clock-left").style.strokeDashoffset = String(1 - Math.min(1, Math.max(0, shown)));
    byId("clock").classList.toggle("hurry", part <= HURRY);
    if (part <= HURRY && !this.#hurried) {
      this.#hurried = true;
      if (this.#isYours) {
        announce(`${seconds(left)} left.`);
      }
    }
    if (this.#now() > this.#askAt) {
      this.#askAt = this.#now() + GRACE;
      this.#overdue();
    }
  }
}
