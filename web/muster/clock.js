/**
 * The server's clock, as far as pings tell. What is due is due by that clock, and a player's own may be wrong by hours.
 */

/** How many pings are remembered. The median of a few is not moved by the one that was slow. */
const SAMPLES = 5;

/** A ping that differs by more, in milliseconds, shows that the clock here was set or stood still, so that the earlier ones are worth nothing. */
const JUMP = 1_500;

/** Milliseconds that only ever grow, unlike `Date.now()`. */
export function monotonic() {
  return performance.timeOrigin + performance.now();
}

/** What is known of the server's clock. */
export class ServerClock {
  /** @type {number[]} */
  #offsets = [];

  /**
   * A ping was sent, answered with the server's `time`, and received; all in milliseconds.
   *
   * @param {number} sent
   * @param {number} time
   * @param {number} received
   */
  add(sent, time, received) {
    const offset = time - (sent + received) / 2;
    // Half of the way there and back is all by which one ping can be wrong.
    if (Math.abs(offset - this.offset) > JUMP + (received - sent) / 2) {
      this.#offsets = [];
    }
    this.#offsets = [...this.#offsets, offset].slice(-SAMPLES);
  }

  /** How far the server's clock is ahead of `monotonic()`; before the first ping, what this machine believes. */
  get offset() {
    if (this.#offsets.length === 0) {
      return Date.now() - monotonic();
    }
    const sorted = [...this.#offsets].sort((one, other) => one - other);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The server's time in epoch milliseconds. */
  now() {
    return monotonic() + this.offset;
  }
}
