/**
 * When a page has reason to doubt its connection: it was asleep, hidden, or without a network. Timers stand still meanwhile, and a socket
 * that died says nothing.
 */

/**
 * Calls `doubt` at each of these moments, and `lost` when the network is gone.
 *
 * @param {() => void} doubt
 * @param {() => void} lost
 * @param {AbortSignal} signal Ends it.
 */
export function onWaking(doubt, lost, signal) {
  // Outside a browser there is nothing that could wake.
  if (!globalThis.document) {
    return;
  }
  addEventListener("online", doubt, { signal });
  addEventListener("offline", lost, { signal });
  addEventListener("pageshow", (event) => event.persisted && doubt(), { signal });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && doubt(), { signal });
}
