/**
 * Other tabs of this browser in which the same name plays: they are the same player, and each should know.
 */

/**
 * Calls `found` when another tab has this name, whichever of them was first.
 *
 * @param {string} name
 * @param {() => void} found
 */
export function watchTabs(name, found) {
  const channel = new BroadcastChannel(`muster.${name}`);
  channel.onmessage = ({ data }) => {
    if (data === "who is here?") {
      channel.postMessage("I am");
    }
    found();
  };
  channel.postMessage("who is here?");
}
