/**
 * The console: one view at a time, by the address; what all views share is the stack and, where it is a live one, the stream of events.
 */

import { WHO, get, operate } from "./api.js";
import { address, announce, attempt, confirm, el, problems } from "./dom.js";
import { Feed } from "./events.js";
import * as live from "./views/live.js";
import * as matches from "./views/matches.js";
import * as players from "./views/players.js";
import * as queues from "./views/queues.js";
import * as tables from "./views/tables.js";
import * as template from "./views/template.js";
import * as timeline from "./views/timeline.js";

/** By the first part of the address, in the order of their keys. */
const VIEWS = { live, timeline, tables, queues, players, matches, template };

const main = document.getElementById("main");
const feed = new Feed();
let stack;
let close;
let shown = "";

start();

async function start() {
  const trouble = problems();
  main.replaceChildren(trouble);
  await attempt(trouble, async () => {
    stack = await get("/api/stack");
    document.getElementById("stack").textContent = [stack.game, stack.stage, stack.region].filter(Boolean).join(" · ");
    document.getElementById("views").replaceChildren(...Object.entries(VIEWS).filter(isThere).map(tab));
    if (stack.live) {
      listen();
    }
    const play = document.getElementById("play");
    play.hidden = !stack.playUrl;
    play.setAttribute("href", stack.playUrl ?? "");
    addEventListener("hashchange", show);
    show();
    await maintenance();
  });
}

function isThere([, view]) {
  return stack.live || !view.isLive;
}

function tab([name, view]) {
  return el("a", { href: address(name), "data-view": name }, el("kbd", { "aria-hidden": true }, keyOf(name)), ` ${view.title}`);
}

function keyOf(name) {
  return String(Object.keys(VIEWS).indexOf(name) + 1);
}

/** Shows what the address says. */
function show() {
  const parts = location.hash.replace(/^#\/?/, "").split("/").map(decoded);
  const known = Object.hasOwn(VIEWS, parts[0]) && isThere([parts[0], VIEWS[parts[0]]]);
  const [name, ...parameters] = known ? parts : [stack.live ? "live" : "queues"];
  const view = VIEWS[name];
  const isNew = name !== shown;
  shown = name;
  close?.();
  close = undefined;
  document.title = `${view.title} · Muster`;
  for (const link of document.querySelectorAll("[data-view]")) {
    link.toggleAttribute("data-current", link.dataset.view === name);
    link.setAttribute("aria-current", link.dataset.view === name ? "page" : "false");
  }
  const title = el("h1", { tabindex: "-1" }, view.title);
  const root = el("section", { "aria-label": view.title, "data-shown": name });
  main.replaceChildren(title, root);
  close = view.open(root, parameters, { stack, feed });
  if (isNew) {
    scrollTo(0, 0);
    title.focus({ preventScroll: true });
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The stream of events; the browser connects again by itself. */
function listen() {
  const pill = document.getElementById("stream");
  const say = (state, text) => {
    pill.hidden = false;
    pill.dataset.state = state;
    pill.textContent = text;
  };
  const stream = new EventSource("/api/live");
  stream.onopen = () => say("online", "Live");
  stream.onerror = () => say("lost", stream.readyState === EventSource.CLOSED ? "No events" : "Reconnecting…");
  stream.onmessage = ({ data }) => feed.add(JSON.parse(data));
}

/** The switch by which new matches, pools and placements are refused. */
async function maintenance() {
  const control = document.getElementById("maintenance");
  const trouble = problems();
  document.querySelector("header").after(trouble);
  const draw = ({ on, since, who }) => {
    control.hidden = false;
    control.setAttribute("aria-pressed", String(on));
    control.textContent = `Maintenance is ${on ? "on" : "off"}`;
    control.title = on && since ? `Since ${new Date(since).toLocaleString()}${who ? `, by ${who}` : ""}` : "";
  };
  control.addEventListener("click", () =>
    attempt(
      trouble,
      async () => {
        const on = control.getAttribute("aria-pressed") !== "true";
        const what = on
          ? "Within ten seconds new matches, pools and placements are refused, and every player is told. Matches that are played go on."
          : "Within ten seconds players can begin matches again, and they are told.";
        if (await confirm(`Turn maintenance ${on ? "on" : "off"}?`, what, on ? "Turn it on" : "Turn it off")) {
          await change(on, draw);
        }
      },
      control,
    ),
  );
  await attempt(trouble, async () => draw(await operate({ ask: "maintenance" })));
}

/** Players are told page by page. */
async function change(on, draw) {
  let told = 0;
  let next;
  do {
    const answer = await operate({ ask: "maintenance", on, who: WHO, ...(next !== undefined && { next }) });
    draw(answer);
    told += answer.told ?? 0;
    next = answer.next ?? undefined;
  } while (next !== undefined);
  announce(`Maintenance is ${on ? "on" : "off"}; ${told} players were told.`);
}

addEventListener("keydown", (event) => {
  const isText = event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog[open]");
  if (event.ctrlKey || event.metaKey || event.altKey || (isText && event.key !== "Escape")) {
    return;
  }
  const name = Object.keys(VIEWS)[Number(event.key) - 1];
  const link = name && document.querySelector(`[data-view=${name}]`);
  if (link) {
    location.hash = link.hash;
    document.querySelector("h1").focus({ preventScroll: true });
  } else if (event.key === "/") {
    event.preventDefault();
    document.querySelector("[data-search]")?.focus();
  } else if (event.key === "Escape" && isText && event.target.matches("input")) {
    event.target.blur();
  } else if (event.key === "Escape" || event.key === "p") {
    document.querySelector(event.key === "p" ? "[data-pause]" : "[data-close]")?.click();
  }
});
