/** Views that keep up with what happens, where the stack tells of it. */

/** How often it is looked whether something has happened, in milliseconds. */
const PACE = 1_000;

/**
 * Loads again after events that concern what is shown; what is behind is left alone while somebody is in it or has opened something.
 *
 * @param {import("../events.js").Feed} feed
 * @param {HTMLElement} shown
 * @param {(event: any) => boolean} concerns
 * @param {() => unknown} load
 * @returns {() => void} Ends it.
 */
export function follow(feed, shown, concerns, load) {
  let seen = feed.number;
  let isBehind = false;
  const looking = setInterval(async () => {
    isBehind ||= feed.after(seen, concerns).length > 0;
    seen = feed.number;
    if (isBehind && !document.hidden && !shown.contains(document.activeElement) && !shown.querySelector("details[open]")) {
      isBehind = false;
      await load();
    }
  }, PACE);
  return () => clearInterval(looking);
}

/** Whether an event has to do with an id. */
export function mentions(id) {
  const text = JSON.stringify(id).slice(1, -1);
  return (event) => event.kind !== "invocation" && JSON.stringify(event).includes(text);
}
