/** Everything that happens, as it happens: counters, one stream with filters, and what is behind each event. */

import { get } from "../api.js";
import { address, attempt, closer, el, facts, fields, json, problems } from "../dom.js";
import { changes, unfold } from "../diff.js";
import { KINDS, SECONDS, SHOWN, passes, summary } from "../events.js";
import { clip, clock, duration, shortName, trim } from "../format.js";
import { Bill } from "./bill.js";
import { fieldsOf, messageOf } from "../trace.js";
import { changeList } from "./tables.js";

export const title = "Live";
export const isLive = true;

/** How often what is new is drawn, in milliseconds: a reader sees no more, and nothing is drawn for each event. */
const PACE = 250;

/** What was chosen, kept while other views are looked at. */
const filter = { kinds: new Set(KINDS), function: "", text: "" };

export function open(root, _, { stack, feed }) {
  const list = el("ol", { class: "events", "aria-label": "Events, newest first" });
  const detail = el("aside", { class: "detail card", "aria-label": "The event", hidden: true });
  const bill = new Bill();
  const counters = new Counters(feed, bill);
  let drawn = 0;
  let paused = false;

  const pauseButton = el("button", { type: "button", "data-pause": true, "aria-pressed": "false" }, "Pause");
  pauseButton.addEventListener("click", () => {
    paused = !paused;
    pauseButton.setAttribute("aria-pressed", String(paused));
    draw();
  });
  const behind = el("span", { class: "quiet", role: "status" });

  const rebuild = () => {
    drawn = 0;
    list.replaceChildren();
    draw(true);
  };
  const draw = (always = false) => {
    if (paused && !always) {
      behind.textContent = `${feed.number - drawn} more since`;
      return;
    }
    const found = feed.after(drawn, (event) => passes(filter, event));
    drawn = feed.number;
    behind.textContent = [
      feed.events.length ? "" : "Nothing has happened yet.",
      feed.dropped ? `${feed.dropped} were too many to show` : "",
    ].join("");
    const hadFocus = list.contains(document.activeElement);
    list.prepend(...found.map(({ number, event }) => line(number, event, stack)));
    while (list.childElementCount > SHOWN) {
      list.lastElementChild.remove();
    }
    if (hadFocus && !list.contains(document.activeElement)) {
      list.firstElementChild?.firstElementChild.focus({ preventScroll: true });
    }
    // One stop for Tab in the whole list; the arrow keys lead on from there.
    list.querySelector("[tabindex='0']") ?? list.firstElementChild?.firstElementChild.setAttribute("tabindex", "0");
  };

  list.addEventListener("click", ({ target }) => {
    const pressed = target.closest("button");
    const kept = pressed && feed.events.find(({ number }) => number === Number(pressed.dataset.number));
    if (kept) {
      list.querySelector("[aria-current]")?.removeAttribute("aria-current");
      pressed.setAttribute("aria-current", "true");
      show(detail, kept.event, stack, feed);
    }
  });
  list.addEventListener("keydown", (event) => {
    const at = document.activeElement.closest("li");
    const to = event.key === "ArrowDown" ? at?.nextElementSibling : event.key === "ArrowUp" ? at?.previousElementSibling : null;
    if (to) {
      event.preventDefault();
      at.firstElementChild.setAttribute("tabindex", "-1");
      to.firstElementChild.setAttribute("tabindex", "0");
      to.firstElementChild.focus();
    }
  });

  root.append(counters.element, filters(stack, rebuild, pauseButton, behind), el("div", { class: "beside" }, list, detail));
  rebuild();
  const drawing = setInterval(() => document.hidden || draw(), PACE);
  const counting = setInterval(() => document.hidden || counters.draw(), 1_000);
  return () => {
    clearInterval(drawing);
    clearInterval(counting);
    bill.close();
  };
}

function filters(stack, rebuild, pauseButton, behind) {
  const kinds = KINDS.map((kind) => {
    const box = el("input", { type: "checkbox", checked: filter.kinds.has(kind) });
    box.addEventListener("change", () => {
      filter.kinds[box.checked ? "add" : "delete"](kind);
      rebuild();
    });
    return el("label", { class: "check", "data-kind": kind }, box, " ", el("span", { class: "kind" }, `${kind}s`));
  });
  const functions = el("select", { "aria-label": "Function" }, el("option", { value: "" }, "All functions"));
  functions.append(...stack.functions.map(({ name }) => el("option", { value: name }, shortName(name, stack))));
  functions.value = filter.function;
  functions.addEventListener("change", () => {
    filter.function = functions.value;
    rebuild();
  });
  const text = el("input", {
    "data-search": true,
    "aria-label": "A player, an id or a text",
    placeholder: "Player, id or text",
    spellcheck: "false",
  });
  text.value = filter.text;
  text.addEventListener("input", () => {
    filter.text = text.value.trim();
    rebuild();
  });
  return el(
    "div",
    { class: "row filters" },
    el("fieldset", { class: "row" }, el("legend", { class: "visually-hidden" }, "Kinds"), kinds),
    functions,
    text,
    pauseButton,
    behind,
  );
}

function line(number, event, stack) {
  const { what, player, text } = summary(event);
  const isInvocation = event.kind === "invocation";
  const about = isInvocation ? [duration(event.ms), ` · ${event.memoryMb} MB`] : clip(text, 200);
  const marks = [event.cold && el("b", { class: "mark cold" }, "cold"), event.error && el("b", { class: "mark error" }, "error")];
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", tabindex: "-1", "data-kind": event.kind, "data-number": number },
      el("time", {}, clock(event.at)),
      el("span", { class: "kind" }, event.kind),
      el("span", { class: "what" }, isInvocation ? shortName(what, stack) : what),
      el("span", { class: "player" }, player),
      el("span", { class: "text" }, about, marks),
    ),
  );
}

/** What is behind an event. */
function show(detail, event, stack, feed) {
  const trouble = problems();
  const body = el("div", { class: "stack" });
  const { kind, at, text, image, keys, body: letter, ...rest } = event;
  detail.replaceChildren(el("div", { class: "row spread" }, el("h2", {}, `${kind} at ${clock(at)}`), closer(detail)), trouble, body);
  detail.hidden = false;
  if (kind === "invocation") {
    const { function: name, id, ms, memoryMb, cold, error } = rest;
    body.append(
      facts({
        Function: shortName(name, stack),
        Duration: duration(ms),
        Memory: `${memoryMb} MB`,
        Start: cold ? "cold" : "warm",
        Error: error ? "yes" : "",
      }),
    );
    attempt(trouble, async () => {
      const { payload, answer, logs } = await get(`/api/invocations/${encodeURIComponent(id)}`);
      body.append(...section("Payload", payload), ...section("Answer", answer), el("h3", {}, "Logs"), log(logs ?? []));
    });
    return;
  }
  body.append(el("p", {}, fields({ ...rest, ...keys })));
  if (kind === "row") {
    const [key] = Object.values(event.keys);
    const before = previous(feed, event);
    body.append(el("p", {}, el("a", { href: address("tables", event.table, key) }, "In its table, with its history")));
    if (before && image) {
      body.append(el("h3", {}, "Changed"), changeList(changes(unfold(before), unfold(image))));
    }
    body.append(...section("Row", image));
  } else if (kind === "frame") {
    body.append(...section("Text", text));
  } else if (kind === "letter") {
    body.append(el("p", {}, el("a", { href: address("queues", event.queue) }, "In its queue")), ...section("Letter", letter));
  }
}

/** The row as the stream last had it before this event. */
function previous(feed, event) {
  const keys = JSON.stringify(event.keys);
  const index = feed.events.findLastIndex((kept) => kept.event === event);
  return feed.events
    .slice(0, Math.max(index, 0))
    .findLast(({ event: { kind, table, keys: of } }) => kind === "row" && table === event.table && JSON.stringify(of) === keys)?.event
    .image;
}

function section(heading, value) {
  return value === undefined || value === null ? [] : [el("h3", {}, heading), json(unfold(value), heading)];
}

function log(lines) {
  return el(
    "ul",
    { class: "log" },
    lines.map((text) => {
      const read = unfold(text);
      return typeof read === "object" && read !== null
        ? el("li", { class: read.level === "ERROR" ? "error" : "" }, el("b", {}, messageOf(read)), " ", fields(fieldsOf(read)))
        : el("li", {}, text);
    }),
  );
}

/** The numbers above the stream, each with its last minute. */
class Counters {
  constructor(feed, bill) {
    this.feed = feed;
    this.bill = bill;
    this.cells = new Map();
    const cell = (name, label) => {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      const value = el("dd", {}, "–");
      const more = el("dd", { class: "quiet" });
      this.cells.set(name, { value, more, path });
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("viewBox", `0 0 ${SECONDS} 20`);
      svg.setAttribute("preserveAspectRatio", "none");
      svg.setAttribute("aria-hidden", "true");
      svg.append(path);
      return el("div", { class: "counter", "data-counter": name }, el("dt", {}, label), value, more, svg);
    };
    const labels = { socket: "Sockets", frame: "Frames", invocation: "Invocations", row: "Rows", letter: "Letters", bill: "Bill per hour" };
    this.element = el(
      "dl",
      { class: "counters" },
      Object.entries(labels).map(([name, label]) => cell(name, label)),
    );
    bill.onchange = () => this.draw();
  }

  draw() {
    const { counts } = this.feed;
    const { status, hourly, total } = this.bill;
    this.#set("socket", status ? String(status.sockets) : "–", "open", "socket");
    this.#rate("frame", `${counts.frames} seen`);
    this.#rate("invocation", `${counts.invocations} seen, ${counts.cold} cold, ${counts.errors} failed`);
    this.#rate("row", `${counts.rows} seen`);
    this.#set("letter", String(counts.letters), "since this page is open", "letter");
    this.#set("bill", hourly, `${total} since the start`);
  }

  #rate(kind, more) {
    const latest = this.feed.rates(kind).slice(-5);
    this.#set(kind, `${trim(latest.reduce((sum, count) => sum + count, 0) / latest.length)}/s`, more, kind);
  }

  #set(name, value, more, kind) {
    const cell = this.cells.get(name);
    cell.value.textContent = value;
    cell.more.textContent = more;
    if (kind) {
      const rates = this.feed.rates(kind);
      const most = Math.max(1, ...rates);
      cell.path.setAttribute("d", rates.map((rate, second) => `M${second + 0.5} 20V${(20 - (19 * rate) / most).toFixed(1)}`).join(""));
    }
  }
}
