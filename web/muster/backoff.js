/**
 * How long to wait before connecting again: exponential back-off with full jitter, so that the clients of a server that went away do not
 * all come back at the same moment.
 *
 * @typedef {object} Backoff
 * @property {number} base Longest wait before the first attempt, in milliseconds. It doubles with each attempt that fails.
 * @property {number} cap No wait is longer. A connection that lasted longer than this starts the count again.
 */

/** @type {Backoff} */
export const BACKOFF = { base: 500, cap: 30_000 };

/**
 * The wait after so many failures.
 *
 * @param {Backoff} backoff
 * @param {number} failures
 * @param {number} jitter From 0 to 1.
 */
export function delay({ base, cap }, failures, jitter) {
  return Math.min(base * 2 ** failures, cap) * jitter;
}
