/**
 * What the views are made of. Text is only ever set as text: rows hold what players wrote.
 */

import { clip, day, idLabel, isId } from "./format.js";

/**
 * A new element with attributes, listeners (`onclick` and the like) and children; what is `null`, `undefined` or `false` is left out.
 *
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...any} children Nodes, texts, and lists of them.
 * @returns {any}
 */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      made.addEventListener(name.slice(2), value);
    } else if (value !== undefined && value !== null && value !== false) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

/** A button that does something, during which it cannot be pressed again; what fails is shown in `where`. */
export function button(text, act, where, attributes = {}) {
  const made = el("button", { type: "button", ...attributes, onclick: () => attempt(where, act, made) }, text);
  return made;
}

/**
 * Does something and shows in `where` what went wrong, or nothing.
 *
 * @param {HTMLElement} where
 * @param {() => unknown} act
 * @param {HTMLElement} [pressed]
 */
export async function attempt(where, act, pressed) {
  if (pressed?.ariaDisabled === "true") {
    return;
  }
  pressed?.setAttribute("aria-disabled", "true");
  try {
    await act();
    tell(where, "");
  } catch (error) {
    tell(where, error.message);
  } finally {
    pressed?.setAttribute("aria-disabled", "false");
  }
}

/** A place for what goes wrong. */
export function problems() {
  return el("p", { class: "problem", role: "alert", hidden: true });
}

function tell(where, text) {
  where.textContent = text;
  where.hidden = text === "";
}

/** A button that empties and hides what was opened by whatever has the focus now, and leads back there. */
export function closer(opened) {
  const opener = /** @type {any} */ (document.activeElement);
  const close = () => {
    opened.hidden = true;
    opened.replaceChildren();
    (opener.isConnected ? opener : document.querySelector("h1")).focus({ preventScroll: true });
  };
  return el("button", { type: "button", class: "small", "data-close": true, onclick: close }, "Close");
}

/** A form of one line, whose submission does something; `more` is what belongs to it besides. */
export function search(label, value, act, where, more) {
  const input = el("input", {
    "data-search": true,
    "aria-label": label,
    placeholder: label,
    spellcheck: "false",
    autocomplete: "off",
  });
  input.value = value;
  const submit = el("button", { class: "primary" }, "Show");
  const onsubmit = (event) => {
    event.preventDefault();
    return attempt(where, () => act(input.value.trim()), submit);
  };
  return el("form", { class: "row search", onsubmit }, input, more, submit);
}

/** A link to the timeline of an id. */
export function idLink(id, text = id) {
  return el("a", { class: "id", href: address("timeline", id), title: `The timeline of ${id}` }, text);
}

/** The address of a view with what it shows. */
export function address(...parts) {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** A table: `columns` are `[heading, cell]`, where `cell` makes a row's node or text. */
export function table(caption, columns, rows, attributes = () => ({})) {
  const head = el(
    "tr",
    {},
    columns.map(([heading]) => el("th", { scope: "col" }, heading)),
  );
  const body = rows.map((row) =>
    el(
      "tr",
      attributes(row),
      columns.map(([, cell]) => el("td", {}, cell(row))),
    ),
  );
  const made = el("table", {}, el("caption", { class: "visually-hidden" }, caption), el("thead", {}, head), el("tbody", {}, body));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, made);
}

/** What a row has in a column: an id leads to its timeline, a time is written as one, and anything else is cut short. */
export function cell(column, value, longest = 40) {
  if (value === undefined || value === null) {
    return "";
  }
  if (isId(column, value)) {
    return idLink(value, idLabel(value));
  }
  if (column.endsWith("At") && typeof value === "number") {
    return el("time", { title: String(value) }, day(value));
  }
  return clip(typeof value === "string" ? value : JSON.stringify(value), longest);
}

/** Links to what there is of one kind, of which one is shown. */
export function tabs(label, view, names, chosen) {
  const link = (name) => el("a", { href: address(view, name), "aria-current": name === chosen ? "page" : "false" }, name);
  return el("nav", { class: "tabs", "aria-label": label }, names.map(link));
}

/** A list of names with what they are; what is absent is left out. */
export function facts(pairs) {
  const known = Object.entries(pairs).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return el(
    "dl",
    { class: "facts" },
    known.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
  );
}

/** A value as formatted JSON, in which ids lead to their timelines. */
export function json(value, label = "JSON") {
  return el("pre", { class: "json", tabindex: "0", role: "region", "aria-label": label }, pretty(value, "", "\n"));
}

function pretty(value, name, indent) {
  if (value === null || typeof value !== "object") {
    return scalar(value, name);
  }
  const isList = Array.isArray(value);
  const members = Object.entries(value);
  if (!members.length) {
    return isList ? "[]" : "{}";
  }
  const inner = `${indent}  `;
  const lines = members.map(([key, member], index) => [
    index ? `,${inner}` : inner,
    isList ? [] : [el("span", { class: "key" }, JSON.stringify(key)), ": "],
    // DynamoDB's own JSON wraps each text, as `{"S": …}`; what it is called is one level up.
    pretty(member, isList || key === "S" ? name : key, inner),
  ]);
  return [isList ? "[" : "{", lines, indent, isList ? "]" : "}"];
}

/** A single value, as in JSON; an id is a link. */
export function scalar(value, name = "", longest = Infinity) {
  const text = clip(JSON.stringify(value) ?? "", longest);
  return isId(name, value) ? idLink(value, text) : el("span", { class: value === null ? "null" : typeof value }, text);
}

/** The fields of something in one line: names quiet, ids as links. */
export function fields(object, longest = 120) {
  return Object.entries(object).map(([name, value]) => [
    el("span", { class: "field" }, el("span", { class: "quiet" }, `${name} `), cell(name, value, longest)),
    " ",
  ]);
}

/** Asks whether something is to be done that cannot be undone. */
export function confirm(title, text, yes) {
  const dialog = /** @type {any} */ (document.getElementById("question"));
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("p").textContent = text;
  document.getElementById("question-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true }));
}

/** Says something to those who do not see the page. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

export function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}
