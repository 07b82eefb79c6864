/**
 * An invitation: a private match that waits, whose code is in the address of the page, so that the address is the link.
 */

import { byId, setText } from "./dom.js";
import { show } from "./screens.js";

/** The code in the page's address, with which somebody invites. */
export function invitation() {
  return /^#([A-Za-z0-9]{6})$/.exec(location.hash)?.[1].toUpperCase();
}

/** @param {string} hash */
export function setHash(hash) {
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

/** @param {string} code */
export function showInvitation(code) {
  setHash(code);
  setText(byId("invite-code"), code);
  byId("invite-link").value = location.href;
  setText(byId("invite-status"), "");
  show("invite");
}

byId("invite-copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(byId("invite-link").value);
    setText(byId("invite-status"), "Copied.");
  } catch {
    byId("invite-link").select();
    setText(byId("invite-status"), "Copy the link above.");
  }
});
