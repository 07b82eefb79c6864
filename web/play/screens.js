/**
 * One screen at a time, and the line above it that says what went wrong.
 */

import { byId, setText } from "./dom.js";

const SCREENS = ["name", "loading", "lobby", "pool", "match"];

/** Which screen is shown. */
let shown = "";

/** The screen that is shown. */
export function screen() {
  return shown;
}

/**
 * Shows a screen and leads there whoever reads or types, unless they are writing something that stays.
 *
 * @param {string} name
 */
export function show(name) {
  if (name === shown) {
    return;
  }
  shown = name;
  for (const each of SCREENS) {
    byId(`screen-${each}`).hidden = each !== name;
  }
  scrollTo(0, 0);
  const title = byId(`${name}-title`);
  entitle(title.textContent);
  title.focus({ preventScroll: true });
}

/**
 * Names the tab, so that whoever has gone elsewhere while waiting sees that somebody has come.
 *
 * @param {string} text
 */
export function entitle(text) {
  document.title = `${text} · Muster`;
}

/**
 * Says what went wrong, or nothing.
 *
 * @param {string} text
 */
export function notice(text) {
  setText(byId("notice-text"), text);
  byId("notice").classList.toggle("shown", text !== "");
  byId("notice-close").hidden = text === "";
}

byId("notice-close").addEventListener("click", () => {
  notice("");
  // The button is gone, and the focus would be with it.
  byId(`${shown}-title`).focus({ preventScroll: true });
});
