/**
 * The little that this page needs of the document. Text is only ever set as text, never as HTML.
 */

/**
 * The element with this id, which index.html has.
 *
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) {
    throw new Error(`index.html has no element #${id}`);
  }
  return found;
}

/**
 * A new element with a class and a text.
 *
 * @param {string} tag
 * @param {string} [className]
 * @param {string} [text]
 * @returns {any}
 */
export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/**
 * Sets a text, unless it is there: a live region is read out again when it is set again.
 *
 * @param {HTMLElement} where
 * @param {string} text
 */
export function setText(where, text) {
  if (where.textContent !== text) {
    where.textContent = text;
  }
}

/**
 * With a capital letter.
 *
 * @param {string} text
 */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * Says something to those who do not see the page. The same words twice are two changes.
 *
 * @param {string} text
 */
export function announce(text) {
  const region = byId("announcer");
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50);
}

/** A button that cannot be used now keeps its place in the order of focus, so that nobody is thrown out of it. */
export function setUsable(/** @type {HTMLElement} */ button, /** @type {boolean} */ isUsable) {
  button.setAttribute("aria-disabled", String(!isUsable));
}

/** Whether a button can be used now. */
export function isUsable(/** @type {Element} */ button) {
  return button.getAttribute("aria-disabled") !== "true";
}

/** Whether whoever looks wants nothing to move. */
export function wantsStillness() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
