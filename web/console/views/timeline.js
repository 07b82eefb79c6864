/** All hops of a request, a match, a placement, a ticket or a player: what each function said, and when. */

import { get } from "../api.js";
import { address, attempt, el, fields, json, problems, search } from "../dom.js";
import { clock, day, duration, shortName } from "../format.js";
import { axis, fieldsOf, lanes, messageOf, roleOf } from "../trace.js";
import { follow, mentions } from "./follow.js";

export const title = "Timeline";

/** How many lines are listed. */
const LISTED = 1_000;

/** How far back the log is searched on AWS, where that takes the longer the more there is; a live stack looks at all that it has. */
const SPANS = { "1h": "The last hour", "6h": "6 hours", "1d": "A day", "7d": "7 days", "30d": "30 days" };
let since = "1h";

export function open(root, [id = ""], { stack, feed }) {
  const trouble = problems();
  const found = el("div", { class: "stack" });
  const go = (wanted) => (wanted === id ? load() : void (location.hash = address("timeline", wanted)));
  const hint = el(
    "p",
    { class: "quiet" },
    "The id of a request, a match, a placement, a ticket or a player. Ids anywhere in the console lead here.",
  );
  const spans = el(
    "select",
    { "aria-label": "How far back" },
    Object.entries(SPANS).map(([value, text]) => el("option", { value }, text)),
  );
  spans.value = since;
  spans.addEventListener("change", () => {
    since = spans.value;
    attempt(trouble, () => id && load());
  });
  root.append(search("Request, match, placement, ticket or player", id, go, trouble, stack.live ? null : spans), trouble, found);
  const load = async () => {
    const { lines } = await get("/api/trace", stack.live ? { id } : { id, since });
    found.replaceChildren(
      ...(lines.length ? [heading(id, lines), waterfall(lines, stack)] : [el("p", {}, "No function has said anything about that.")]),
    );
  };
  if (!id) {
    found.append(hint);
    return undefined;
  }
  attempt(trouble, load);
  return follow(feed, found, mentions(id), () => attempt(trouble, load));
}

function heading(id, lines) {
  const role = roleOf(id, lines);
  const view = role === "matchId" ? "matches" : /^(player|sender|recipient)Id$/.test(role) ? "players" : "";
  const [first, last] = [lines[0].at, lines.at(-1).at];
  return el(
    "div",
    { class: "row spread" },
    el("p", {}, `${lines.length} lines in ${duration(last - first)}, from ${day(first)}`),
    view && el("a", { href: address(view, id) }, view === "matches" ? "The match" : "The player"),
  );
}

function waterfall(lines, stack) {
  const shorten = el("input", { type: "checkbox", checked: true });
  const list = listed(lines, stack);
  const chart = el("div", { class: "chart", role: "img", "aria-label": "When each function spoke; the list below says the same in words" });
  const draw = () => {
    const { place, breaks, ticks } = axis(
      lines.map(({ at }) => at),
      shorten.checked,
    );
    const grid = el(
      "div",
      { class: "grid" },
      ticks.map((tick) => mark("tick", tick.at, duration(tick.milliseconds))),
      gaps(breaks),
    );
    chart.replaceChildren(
      el("div", { class: "lane axis" }, el("span", {}), grid),
      ...lanes(lines).map(({ function: name, bars }) =>
        el(
          "div",
          { class: "lane" },
          el("span", { class: "name" }, shortName(name, stack)),
          el(
            "div",
            { class: "track" },
            bars.map((bar) => drawn(bar, place, lines, list)),
          ),
        ),
      ),
    );
  };
  shorten.addEventListener("change", draw);
  draw();
  return el("div", { class: "stack" }, el("label", { class: "check" }, shorten, " Shorten pauses"), chart, list.element);
}

/** Breaks with their lengths, as far as there is room for words. */
function gaps(breaks) {
  const room = innerWidth < 700 ? 0.25 : 0.07;
  let free = 0;
  return breaks.map(({ at, milliseconds }) => {
    const isRoom = at >= free;
    free = isRoom ? at + room : free;
    return mark("tick gap", at, isRoom ? `+${duration(milliseconds)}` : "");
  });
}

function mark(kind, at, text) {
  const made = el("span", { class: kind }, el("span", {}, text));
  made.style.setProperty("--at", at);
  return made;
}

function drawn({ from, to, lines: indices, error }, place, lines, list) {
  const bar = el("span", { class: error ? "bar error" : "bar", title: indices.map((index) => messageOf(lines[index].line)).join(", ") });
  bar.style.setProperty("--at", place(from));
  bar.style.setProperty("--length", place(to) - place(from));
  bar.addEventListener("click", () => list.lead(indices));
  return bar;
}

function listed(lines, stack) {
  const first = lines[0].at;
  const rows = lines.slice(0, LISTED).map(({ at, function: name, line }) => {
    const whole = el("details", {}, el("summary", {}, el("span", { class: "visually-hidden" }, "The whole line")));
    whole.addEventListener("toggle", () => whole.childElementCount > 1 || whole.append(json(line, "The whole line")));
    return el(
      "li",
      { class: line.level === "ERROR" ? "error" : line.level === "WARN" ? "warn" : "" },
      el("time", { title: clock(at) }, `+${((at - first) / 1_000).toFixed(3)} s`),
      el("span", { class: "name" }, shortName(name, stack)),
      el("div", {}, el("b", {}, messageOf(line)), " ", fields(fieldsOf(line)), whole),
    );
  });
  const element = el("ol", { class: "lines" }, rows, lines.length > LISTED && el("li", {}, `and ${lines.length - LISTED} more`));
  const lead = (indices) => {
    element.querySelectorAll(".found").forEach((row) => row.classList.remove("found"));
    indices.forEach((index) => rows[index]?.classList.add("found"));
    rows[indices[0]]?.scrollIntoView({ block: "center" });
  };
  return { element, lead };
}
