/** A socket as some player, on a stack that gives out tokens to whoever asks: any frame, and what comes back. */

import { attempt, button, el, json, problems } from "../dom.js";
import { unfold } from "../diff.js";
import { clock } from "../format.js";

/** How many frames are kept in sight. */
const SHOWN = 50;

/** A frame of each kind, to begin with. */
const FRAMES = {
  ping: {},
  resume: { limit: 10 },
  newMatch: { mode: "tic-tac-toe", bots: 1 },
  joinPool: { mode: "rpsls" },
  joinMatch: { matchId: "" },
  play: { matchId: "", action: "" },
  sendMessage: { playerIds: [""], message: "" },
};

/** The panel, and how it is closed. */
export function sendAs(playerId, stack) {
  const trouble = problems();
  const log = el("ol", { class: "frames", "aria-label": "Frames, newest first" });
  const frame = el("textarea", { rows: "4", "aria-label": "Frame", spellcheck: "false" });
  const route = el(
    "select",
    { "aria-label": "A frame to begin with" },
    Object.keys(FRAMES).map((name) => el("option", {}, name)),
  );
  const state = el("span", { class: "quiet", role: "status" }, "not connected");
  let socket = null;
  let count = 0;

  const fill = () => {
    count += 1;
    frame.value = JSON.stringify({ route: route.value, requestId: `console-${count}`, body: FRAMES[route.value] });
  };
  route.addEventListener("change", fill);
  fill();

  const note = (direction, text) => {
    log.prepend(el("li", { class: direction }, el("time", {}, clock(Date.now())), ` ${direction}`, json(unfold(text), direction)));
    while (log.childElementCount > SHOWN) {
      log.lastElementChild.remove();
    }
  };

  const connect = async () => {
    if (socket?.readyState === WebSocket.OPEN) {
      return;
    }
    const opened = new WebSocket(await socketUrl(playerId, stack));
    opened.onmessage = ({ data }) => note("in", data);
    await new Promise((done, failed) => {
      opened.onopen = done;
      opened.onclose = () => failed(new Error("The gateway refuses the connection."));
    });
    opened.onclose = ({ code, reason }) => (state.textContent = `closed: ${code} ${reason}`);
    state.textContent = "connected";
    socket = opened;
  };
  const send = async () => {
    await connect();
    socket.send(frame.value);
    note("out", frame.value);
  };
  const close = () => socket?.close(1000);

  const element = el(
    "section",
    { class: "card stack", "aria-label": "Send as this player" },
    el("h2", {}, "Send as this player"),
    el("p", { class: "quiet" }, "Over a connection of its own, beside those that the player has: pushes come here, too."),
    el(
      "div",
      { class: "row" },
      route,
      button("Send", () => attempt(trouble, send), trouble, { class: "primary", "data-do": "send" }),
      button("Disconnect", close, trouble),
      state,
    ),
    frame,
    trouble,
    log,
  );
  return { element, close };
}

/** The stage's address with a token; its host is the one that serves this page. */
async function socketUrl(playerId, { socketUrl: at, tokenUrl }) {
  const issuer = new URL(tokenUrl ?? "/issuer/token", location.href);
  issuer.searchParams.set("player", playerId);
  const response = await fetch(issuer.pathname + issuer.search, { cache: "no-store" });
  if (!response.ok) {
    throw new Error(`The issuer answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
  }
  const { access_token: token } = await response.json();
  const url = new URL(at);
  url.host = location.host;
  url.searchParams.set("token", token);
  return url.href;
}
