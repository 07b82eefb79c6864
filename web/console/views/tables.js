/** The tables' rows: a page after another, or those of one key; one whole; and on a live stack how it came to be so. */

import { get, operate } from "../api.js";
import { address, attempt, button, cell, closer, el, json, problems, scalar, search, table, tabs } from "../dom.js";
import { unfold, versions } from "../diff.js";
import { clock } from "../format.js";
import { follow } from "./follow.js";

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
const TELLING = [
  "mode",
  "phase",
  "kind",
  "holds",
  "state",
  "outcome",
  "senderId",
  "message",
  "skill",
  "connectedAt",
  "revision",
  "changedAt",
  "sentAt",
  "cause",
];

/** How many columns a table has. */
const COLUMNS = 7;

export function open(root, [name, key = ""], { stack, feed }) {
  const chosen = stack.tables.includes(name) ? name : stack.tables.includes("matches") ? "matches" : stack.tables[0];
  const trouble = problems();
  const found = el("div", { class: "stack" });
  const detail = el("aside", { class: "detail card", "aria-label": "The row", hidden: true });
  const go = (wanted) =>
    wanted === key ? load() : void (location.hash = wanted ? address("tables", chosen, wanted) : address("tables", chosen));
  let stop;
  const pick = (row) => {
    stop?.();
    stop = show(detail, chosen, row, stack, feed);
  };
  const load = async (next) => {
    const answer = await operate({ ask: "rows", table: chosen, ...(key && { key }), ...(next !== undefined && { next }) });
    const goesOn = answer.next !== undefined && answer.next !== null;
    const more = goesOn && button("Next page", () => load(answer.next), trouble);
    const back = next !== undefined && button("First page", () => load(), trouble);
    found.replaceChildren(rowsOf(chosen, answer.rows, pick), el("p", { class: "row" }, back, more));
    if (key && answer.rows.length === 1) {
      pick(answer.rows[0]);
    }
  };
  root.append(
    tabs("Tables", "tables", stack.tables, chosen),
    search(`${KEYS[chosen]?.[0] ?? "Key"} (all, if empty)`, key, go, trouble),
    trouble,
    el("div", { class: "beside" }, found, detail),
  );
  attempt(trouble, () => load());
  return () => stop?.();
}

function rowsOf(name, rows, act) {
  if (!rows.length) {
    return el("p", {}, "There are no rows.");
  }
  const keys = KEYS[name] ?? [];
  const there = new Set(rows.flatMap((row) => Object.keys(row)));
  const others = [...there].filter((column) => !TELLING.includes(column)).sort();
  const columns = [...new Set([...keys, ...TELLING.filter((column) => there.has(column)), ...others])].slice(0, COLUMNS);
  const open = [
    "",
    (row) => el("button", { type: "button", class: "small", onclick: () => act(row), "aria-label": `Open ${row[keys[0]]}` }, "Open"),
  ];
  return table(`Rows of ${name}`, [open, ...columns.map((column) => [column, (row) => cell(column, row[column])])], rows);
}

/** A row, and what it was; on a live stack it follows what happens until what is returned is called. */
function show(detail, name, row, stack, feed) {
  const trouble = problems();
  const whole = el("div", {}, json(unfold(row), "The row"));
  const history = el("div", { class: "stack" });
  const keys = Object.fromEntries((KEYS[name] ?? []).map((key) => [key, row[key]]));
  const [key] = Object.values(keys);
  const matchLink = name === "matches" && el("a", { href: address("matches", key) }, "Every seat's view");
  detail.replaceChildren(
    el("div", { class: "row spread" }, el("h2", {}, Object.values(keys).join(" · ")), closer(detail)),
    el("p", { class: "row" }, el("a", { href: address("timeline", key) }, "Timeline"), matchLink),
    trouble,
    whole,
    history,
  );
  detail.hidden = false;
  if (!stack.live) {
    return undefined;
  }
  const load = async () => {
    const told = versions((await get("/api/history", { table: name, key })).changes, keys);
    history.replaceChildren(
      el("h3", {}, "History"),
      ...(told.length ? told.map(version) : [el("p", { class: "quiet" }, "It has not changed.")]),
    );
    if (told[0]?.image) {
      whole.replaceChildren(json(told[0].image, "The row"));
    }
  };
  attempt(trouble, load);
  const concerns = (event) => !detail.hidden && event.kind === "row" && event.table === name && Object.values(event.keys)[0] === key;
  return follow(feed, detail, concerns, () => attempt(trouble, load));
}

function version({ at, event, image, first, changes }) {
  const heading = [el("time", {}, clock(at)), ` ${event}`, image?.revision && ` · revision ${image.revision}`];
  if (event === "MODIFY") {
    const note = first && el("p", { class: "quiet" }, "What was before it is not known any more.");
    return el("div", { class: "version" }, el("p", {}, heading), note, changeList(changes));
  }
  return el("details", { class: "version" }, el("summary", {}, heading), changeList(changes));
}

/** What changed: each path with what it was and is. */
export function changeList(changes) {
  const side = (tag, value) => value !== undefined && el(tag, {}, scalar(value, "", 300));
  return el(
    "ul",
    { class: "changes" },
    changes.map(({ path, kind, before, after }) =>
      el(
        "li",
        { class: kind },
        el("span", { class: "path" }, path),
        " ",
        side("del", before),
        before !== undefined && after !== undefined && " → ",
        side("ins", after),
      ),
    ),
  );
}
