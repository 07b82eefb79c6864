/**
 * The clock of a round: a ring that empties, and the seconds. It is for the eyes; that the time is running out is said once, in words.
 */

import { announce, byId, setText, wantsStillness } from "./dom.js";
import { seconds } from "./words.js";

/** From here on it is red: this part of the round. */
const HURRY = 0.4;

/** In a round that lasts at least as long, in milliseconds, it is said in words, too. In a shorter one there is no time to listen. */
const LONG = 12_000;

/** How long after the time is up the result is waited for, in milliseconds, before it is asked for; and between askings. */
const GRACE = 3_000;

/** The countdown of the open round. */
export class Countdown {
  #now;
  #overdue;
  /** @type {number | undefined} */
  #dueAt;
  /** How long the round is, as far as this page has seen of it. */
  #length = 1;
  #hurried = false;
  #askAt = Infinity;
  /** @type {() => boolean} */
  #isWaitedFor = () => false;

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
   * Counts down to `dueAt`.
   *
   * @param {number} dueAt
   * @param {() => boolean} isWaitedFor Whether the player has yet to play.
   */
  start(dueAt, isWaitedFor) {
    this.#isWaitedFor = isWaitedFor;
    if (dueAt !== this.#dueAt) {
      this.#dueAt = dueAt;
      this.#length = Math.max(1, dueAt - this.#now());
      this.#askAt = dueAt + GRACE;
      this.#hurried = this.#length < LONG;
    }
    this.#tick();
  }

  /** There is nothing to count. */
  stop() {
    this.#dueAt = undefined;
    setText(byId("clock-text"), "");
    byId("clock").classList.remove("hurry");
    byId("clock-left").style.strokeDashoffset = "1";
  }

  /** Whole seconds that are left. */
  get secondsLeft() {
    return this.#dueAt === undefined ? 0 : Math.max(0, Math.ceil((this.#dueAt - this.#now()) / 1_000));
  }

  #tick() {
    if (this.#dueAt === undefined) {
      return;
    }
    const left = this.secondsLeft;
    const part = (this.#dueAt - this.#now()) / this.#length;
    const shown = wantsStillness() ? (left * 1_000) / this.#length : part;
    setText(byId("clock-text"), String(left));
    byId("clock-left").style.strokeDashoffset = String(1 - Math.min(1, Math.max(0, shown)));
    byId("clock").classList.toggle("hurry", part <= HURRY);
    if (part <= HURRY && !this.#hurried) {
      this.#hurried = true;
      if (this.#isWaitedFor()) {
        announce(`${seconds(left)} left.`);
      }
    }
    if (this.#now() > this.#askAt) {
      this.#askAt = this.#now() + GRACE;
      this.#overdue();
    }
  }
}
