/** One player: what there is of it, and what an operator can do for it. */

import { WHO, operate } from "../api.js";
import { address, announce, attempt, button, cell, confirm, el, facts, idLink, problems, search, table } from "../dom.js";
import { clip, idLabel } from "../format.js";
import { follow, mentions } from "./follow.js";
import { sendAs } from "./send_as.js";

export const title = "Players";

/** Columns of what a player has, by the answer's member. */
const LISTS = {
  connections: ["connectionId", "connectedAt", "expiresAt"],
  seats: ["lane", "kind", "holds", "expiresAt"],
  matches: ["matchId", "mode", "phase", "version", "changedAt"],
  tickets: ["ticketId", "pool", "mode", "expiresAt"],
  placements: ["placementId", "mode", "state", "outcome", "changedAt"],
  sessions: ["placementId", "ip", "port", "region", "outcome", "expiresAt"],
};

export function open(root, [playerId = ""], { stack, feed }) {
  const trouble = problems();
  const found = el("div", { class: "stack" });
  const go = (wanted) => (wanted === playerId ? load() : void (location.hash = address("players", wanted)));
  const load = async () => {
    const player = await operate({ ask: "player", playerId });
    found.replaceChildren(
      overview(player),
      ...Object.entries(LISTS).flatMap(([name, columns]) => listOf(name, columns, player[name] ?? [])),
    );
  };
  root.append(search("Player's id", playerId, go, trouble), trouble);
  if (!playerId) {
    root.append(el("p", { class: "quiet" }, "Who somebody is to the server: the subject of their token."));
    return undefined;
  }
  const sending = stack.live && stack.socketUrl ? sendAs(playerId, stack) : null;
  root.append(actions(playerId, trouble, load), found, sending?.element ?? "");
  attempt(trouble, load);
  const stop = follow(
    feed,
    found,
    (event) => event.kind === "row" && mentions(playerId)(event),
    () => attempt(trouble, load),
  );
  return () => {
    stop();
    sending?.close();
  };
}

function overview({ playerId, connections = [], inbox }) {
  return facts({
    Player: idLink(playerId, playerId),
    Sockets: connections.length ? String(connections.length) : "none",
    Inbox: `${inbox ?? 0} messages`,
  });
}

function listOf(name, columns, rows) {
  if (!rows.length) {
    return [];
  }
  const cells = columns
    .filter((column) => rows.some((row) => row[column] !== undefined))
    .map((column) => [column, (row) => content(column, row[column])]);
  return [el("h2", {}, `${name[0].toUpperCase()}${name.slice(1)}`), table(name, cells, rows)];
}

function content(column, value) {
  return column === "matchId" ? el("a", { href: address("matches", value) }, idLabel(value)) : cell(column, value, 80);
}

function actions(playerId, trouble, load) {
  const done = el("span", { role: "status" });
  const act = (text, work, kind = "") =>
    button(text, async () => (done.textContent = (await work()) ?? ""), trouble, {
      class: kind,
      "data-do": text.replace("…", "").toLowerCase(),
    });
  const kick = async () => {
    const { closed } = await operate({ ask: "kick", playerId, who: WHO });
    await load();
    return `${closed} sockets closed.`;
  };
  const free = async () => {
    const { freed } = await operate({ ask: "freeSeat", playerId, who: WHO });
    await load();
    return freed.length
      ? `Freed: ${freed.map(({ lane, kind, holds }) => [lane, kind, holds].filter(Boolean).join(" ")).join("; ")}.`
      : "There was no seat to free.";
  };
  const take = async () => {
    const { tables } = await operate({ ask: "export", playerId });
    const url = URL.createObjectURL(new Blob([JSON.stringify({ playerId, tables }, null, 2)], { type: "application/json" }));
    el("a", { href: url, download: `${playerId.replace(/[^\w.-]+/g, "_")}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    return `${Object.values(tables).reduce((sum, rows) => sum + rows.length, 0)} rows exported.`;
  };
  const erase = async () => {
    const text = `All rows of ${playerId} are deleted and its sockets closed. Export them first if somebody may ask.`;
    if (!(await confirm(`Erase ${clip(playerId, 40)}?`, text, "Erase"))) {
      return "";
    }
    const { erased } = await operate({ ask: "erase", playerId, who: WHO });
    await load();
    const words = `Erased: ${Object.entries(erased)
      .map(([name, count]) => `${count} of ${name}`)
      .join(", ")}.`;
    announce(words);
    return words;
  };
  return el("p", { class: "row" }, act("Kick", kick), act("Free seat", free), act("Export", take), act("Erase…", erase, "danger"), done);
}
