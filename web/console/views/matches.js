/** One match, as it is and as each seat is shown it; or those that there are. */

import { operate } from "../api.js";
import { address, attempt, button, el, facts, idLink, json, problems, search, table } from "../dom.js";
import { unfold } from "../diff.js";
import { day, duration, idLabel } from "../format.js";
import { follow } from "./follow.js";

export const title = "Matches";

export function open(root, [matchId = ""], { stack, feed }) {
  const trouble = problems();
  const found = el("div", { class: "stack" });
  const go = (wanted) => (wanted === matchId ? load() : void (location.hash = address("matches", wanted)));
  const load = matchId
    ? async () => found.replaceChildren(...one(matchId, await operate({ ask: "match", matchId }), stack))
    : () => list(found, trouble);
  root.append(search("Match's id or code", matchId, go, trouble), trouble, found);
  attempt(trouble, load);
  const concerns = ({ kind, table: of, keys }) => kind === "row" && of === "matches" && keys.matchId === matchId;
  return matchId ? follow(feed, found, concerns, () => attempt(trouble, load)) : undefined;
}

async function list(found, trouble, next) {
  const answer = await operate({ ask: "rows", table: "matches", ...(next !== undefined && { next }) });
  const goesOn = answer.next !== undefined && answer.next !== null;
  const rows = answer.rows.filter(({ seats }) => seats).sort((one, other) => other.changedAt - one.changedAt);
  const columns = [
    ["Match", ({ matchId }) => el("a", { href: address("matches", matchId) }, idLabel(matchId))],
    ["Mode", ({ mode }) => mode],
    ["State", ({ phase, outcome }) => [el("b", { class: `mark ${phase}` }, phase), " ", outcome?.ending ?? ""]],
    [
      "Players",
      ({ seats }) => seats.map(({ playerId, bot }, index) => [index ? ", " : "", bot ? "the computer" : idLink(playerId, playerId)]),
    ],
    ["Changed", ({ changedAt }) => day(changedAt)],
    ["Steps", ({ steps }) => String(steps)],
  ];
  found.replaceChildren(
    rows.length ? table("Matches", columns, rows) : el("p", {}, "There are no matches."),
    goesOn ? button("Next page", () => list(found, trouble, answer.next), trouble) : "",
  );
}

function one(matchId, { row, seats = [] }, stack) {
  const names = (row.seats ?? []).map(({ playerId, bot }, seat) => (bot ? `the computer (seat ${seat})` : playerId));
  const awaited = awaitedSeats(row, seats);
  const links = [
    el("a", { href: address("timeline", matchId) }, "Timeline"),
    el("a", { href: address("tables", "matches", matchId) }, stack.live ? "Row and history" : "Row"),
    stack.playUrl && el("a", { href: `${stack.playUrl}#${encodeURIComponent(matchId)}` }, "Play page"),
  ];
  const outcome = row.outcome && `${row.outcome.ending}: ${row.outcome.words}`;
  return [
    el("div", { class: "row spread" }, el("h2", {}, matchId), el("p", { class: "row" }, links)),
    facts({
      Mode: row.mode,
      State: el("b", { class: `mark ${row.phase}` }, row.phase),
      Outcome: outcome,
      Places: row.outcome?.places?.map((place, seat) => `${names[seat]}: ${place}`).join(", "),
      Awaited: awaited.map((seat) => names[seat]).join(", "),
      Due:
        row.dueAt && row.phase !== "over"
          ? `${day(row.dueAt)} (${row.dueAt > Date.now() ? "in" : "over for"} ${duration(Math.abs(row.dueAt - Date.now()))})`
          : "",
      Changed: day(row.changedAt),
      Version: `${row.version}, revision ${row.revision}, ${row.steps} steps`,
      Fault: row.fault,
    }),
    el(
      "div",
      { class: "sides" },
      (row.seats ?? []).map((seat, index) => side(seat, index, seats, awaited.includes(index))),
    ),
    el("details", {}, el("summary", {}, "The whole row"), json(unfold(row), "The whole row")),
  ];
}

/** The seats that must act: in a view they are a list, in the row one bit each. */
function awaitedSeats(row, seats) {
  if (row.phase === "over") {
    return [];
  }
  const bits = typeof row.awaits === "number" ? row.awaits : 0;
  return Array.isArray(row.awaits)
    ? row.awaits
    : bits
      ? (row.seats ?? []).flatMap((_, seat) => (bits & (1 << seat) ? [seat] : []))
      : (seats[0]?.push?.awaits ?? []);
}

function side({ playerId, bot, away, left }, index, seats, isAwaited) {
  const shown = seats.find((each) => each.playerId === playerId)?.push;
  const marks = [isAwaited && "awaited", away && "away", left && "left"]
    .filter(Boolean)
    .map((text) => el("b", { class: `mark ${text}` }, text));
  return el(
    "section",
    { class: "card stack side", "aria-label": `Seat ${index}` },
    el(
      "h3",
      {},
      bot ? "The computer" : el("a", { href: address("players", playerId) }, playerId),
      " ",
      el("span", { class: "quiet" }, `seat ${index}`),
      " ",
      marks,
    ),
    shown
      ? [
          json(unfold(shown.view ?? null), `What seat ${index} sees`),
          shown.events?.length ? [el("h4", {}, "Events"), json(unfold(shown.events), "Events")] : "",
        ]
      : el("p", { class: "quiet" }, bot ? "Nobody is shown this." : "Nothing is shown."),
  );
}
