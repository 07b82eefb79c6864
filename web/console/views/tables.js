/** The tables' rows: a page after another, or those of one key; one whole; and on a live stack how it came to be so. */

import { get, operate } from "../api.js";
import { address, attempt, button, el, idLink, json, problems, scalar, search, table } from "../dom.js";
import { unfold, versions } from "../diff.js";
import { clip, clock, day, idLabel, isId } from "../format.js";

export const title = "Tables";

/** The keys of each table: the partition's, and the sort key. */
const KEYS = {
  players: ["playerId", "item"],
  messages: ["recipientId", "messageId"],
  placements: ["placementId"],
  "player-sessions": ["playerId", "placementId"],
  tickets: ["pool", "ticketId"],
  matches: ["matchId", "item"],
  operations: ["kind", "id"],
};

/** What tells most of a row beside its keys, in the order of columns. */
const TELLING = ["mode", "phase", "kind", "holds", "state", "outcome", "senderId", "message", "skill", "connectedAt", "revision", "changedAt", "sentAt", "cause"];

/** How many columns a table has. */
const COLUMNS = 7;

export function open(root, [name, key = ""], { stack }) {
  const chosen = stack.tables.includes(name) ? name : stack.tables.includes("matches") ? "matches" : stack.tables[0];
  const trouble = problems();
  const found = el("div", { class: "stack" });
  const detail = el("aside", { class: "detail card", "aria-label": "The row", hidden: true });
  const tabs = stack.tables.map((each) => el("a", { href: address("tables", each), class: "tab", "aria-current": each === chosen ? "page" : "false" }, each));
  const go = (wanted) => (wanted === key ? load() : void (location.hash = wanted ? address("tables", chosen, wanted) : address("tables", chosen)));
  const load = async (next) => {
    const answer = await operate({ ask: "rows", table: chosen, ...(key && { key }), ...(next !== undefined && { next }) });
    const goesOn = answer.next !== undefined && answer.next !== null;
    const more = goesOn && button("Next page", () => load(answer.next), trouble);
    const back = next !== undefined && button("First page", () => load(), trouble);
    found.replaceChildren(rowsOf(chosen, answer.rows, (row) => show(detail, chosen, row, stack)), el("p", { class: "row" }, back, more));
    if (key && answer.rows.length === 1) {
      show(detail, chosen, answer.rows[0], stack);
    }
  };
  root.append(
    el("nav", { class: "tabs", "aria-label": "Tables" }, tabs),
    search(`${KEYS[chosen]?.[0] ?? "Key"} (all, if empty)`, key, go, trouble),
    trouble,
    el("div", { class: "beside" }, found, detail),
  );
  attempt(trouble, load);
}

function rowsOf(name, rows, act) {
  if (!rows.length) {
    return el("p", {}, "There are no rows.");
  }
  const keys = KEYS[name] ?? [];
  const there = new Set(rows.flatMap((row) => Object.keys(row)));
  const others = [...there].filter((column) => !TELLING.includes(column)).sort();
  const columns = [...new Set([...keys, ...TELLING.filter((column) => there.has(column)), ...others])].slice(0, COLUMNS);
  const cell = (column) => [column, (row) => value(column, row[column])];
  const open = ["", (row) => el("button", { type: "button", class: "small", onclick: () => act(row), "aria-label": `Open ${row[keys[0]]}` }, "Open")];
  return table(`Rows of ${name}`, [open, ...columns.map(cell)], rows);
}

function value(column, content) {
  if (content === undefined) {
    return "";
  }
  return column.endsWith("At") && typeof content === "number" ? when(content) : isId(column, content) ? idLink(content, idLabel(content)) : clip(typeof content === "string" ? content : JSON.stringify(content), 40);
}

/** Times are whole seconds where they say when a row is forgotten, and milliseconds elsewhere. */
function when(at) {
  return el("time", { title: String(at) }, day(at < 100_000_000_000 ? at * 1_000 : at));
}

function show(detail, name, row, stack) {
  const trouble = problems();
  const history = el("div", { class: "stack" });
  const keys = Object.fromEntries((KEYS[name] ?? []).map((key) => [key, row[key]]));
  const key = Object.values(keys)[0];
  const matchLink = name === "matches" && el("a", { href: address("matches", key) }, "Every seat's view");
  const closing = button("Close", () => (detail.hidden = true), trouble, { "data-close": true, class: "small" });
  detail.replaceChildren(
    el("div", { class: "row spread" }, el("h2", {}, Object.values(keys).join(" · ")), closing),
    el("p", { class: "row" }, el("a", { href: address("timeline", key) }, "Timeline"), matchLink),
    trouble,
    json(unfold(row), "The row"),
    history,
  );
  detail.hidden = false;
  if (stack.live) {
    attempt(trouble, async () => {
      const { changes } = await get("/api/history", { table: name, key });
      history.replaceChildren(el("h3", {}, "History"), ...versions(changes, keys).map(version));
    });
  }
}

function version({ at, event, image, first, changes }) {
  const heading = el("summary", {}, el("time", {}, clock(at)), ` ${event}`, ...(image?.revision ? [` · revision ${image.revision}`] : []));
  const note = first && el("p", { class: "quiet" }, "What was before it is not known any more.");
  return el("details", { class: "version", open: event === "MODIFY" }, heading, note, changeList(changes));
}

/** What changed: each path with what it was and is. */
export function changeList(changes) {
  const side = (tag, value) => value !== undefined && el(tag, {}, scalar(value, "", 300));
  return el("ul", { class: "changes" }, changes.map(({ path, kind, before, after }) =>
    el("li", { class: kind }, el("span", { class: "path" }, path), " ", side("del", before), before !== undefined && after !== undefined && " → ", side("ins", after)),
  ));
}
