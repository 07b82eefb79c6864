/**
 * The page: it tells the server what the player does, and shows what the server tells.
 */

import { connect, storedIn } from "./muster.js";
import { Asking } from "./play/asking.js";
import { Chat } from "./play/chat.js";
import { announce, byId, element, isUsable, setText, setUsable } from "./play/dom.js";
import { MODE, handsOf } from "./play/hands.js";
import { invitation, setHash, showInvitation } from "./play/invitation.js";
import { MatchView } from "./play/match_view.js";
import { keepName, keptName, socketUrl, suggestedName, token } from "./play/player.js";
import * as plays from "./play/plays.js";
import { Rematch, offered } from "./play/rematch.js";
import { notice, screen, show } from "./play/screens.js";
import { Sending } from "./play/sending.js";
import { GameServer } from "./play/server.js";
import { CONNECTION, failure, ticketEnd } from "./play/words.js";

/** Everything that needs a connection, once there is a player. @type {import("./muster.js").Muster | undefined} */
let muster;

/** The match that is shown. @type {any} */
let match = null;

/** How the match ended that is shown: kept for the tab, so that a page which is loaded anew shows it again. */
const ended = storedIn(sessionStorage, "muster.ended");

const asking = new Asking(() => muster);
const request = asking.request.bind(asking);

const sending = new Sending({ muster: () => muster, match: () => match, changed: redraw });
const view = new MatchView({
  now: () => muster?.now() ?? Date.now(),
  play: (name) => sending.play(name),
  overdue: () => muster?.resync(),
});
const chat = new Chat((playerId, message) => request("sendMessage", { playerIds: [playerId], message }));
const server = new GameServer(request);
const rematch = new Rematch(ask, request);

/**
 * Asks the server, and says what goes wrong.
 *
 * @param {string} route
 * @param {object} [body]
 * @returns {Promise<any>} `undefined` if it went wrong.
 */
async function ask(route, body) {
  notice("");
  try {
    return await request(route, body);
  } catch (error) {
    notice(failure(/** @type {Error} */ (error)));
    // What may have happened, or was refused because of something that this page does not show, is found out.
    muster?.resync();
    return undefined;
  }
}

// Who plays.

async function begin(/** @type {string} */ name) {
  notice("");
  let url;
  try {
    // The first token is asked for here, so that a name which cannot be one is said at once.
    [url] = await Promise.all([socketUrl(), token(name)]);
  } catch (error) {
    notice(`You cannot play right now: ${/** @type {Error} */ (error).message}.`);
    show("name");
    byId("name").focus();
    return;
  }
  keepName(name);
  setText(byId("who-name"), name);
  byId("who").hidden = false;
  muster = connect({ url, token: () => token(name), store: storedIn(sessionStorage, "muster.inbox") });
  muster.on("state", ({ state, reason }) => stateChanged(state, reason));
  muster.on("match", matchChanged);
  muster.on("message", heard);
  muster.on("session", (push) => server.found(push));
  muster.on("placement", (push) => server.ended(push));
  muster.on("pool", (push) => {
    if (screen() === "pool") {
      toLobby();
      notice(ticketEnd(push));
    }
  });
  muster.on("resumed", resumed);
  if (!showAgain()) {
    show("loading");
  }
}

/** Shows how a match ended, if that was shown when the page was loaded anew; whether it was. */
function showAgain() {
  const kept = ended.read();
  if (!kept || invitation()) {
    return false;
  }
  match = kept;
  chat.with(match.opponentId);
  show("match");
  view.show(match, null);
  rematch.restore(match.opponentId);
  return true;
}

/**
 * @param {string} state
 * @param {string | undefined} reason
 */
function stateChanged(state, reason) {
  const pill = byId("connection");
  pill.dataset.state = state;
  pill.title = reason ?? "";
  setText(pill, CONNECTION[state]);
  if (state === "closed" && reason) {
    notice(`You are signed out: ${reason}.`);
  }
}

/**
 * All that was missed has been told.
 *
 * @param {{seat?: {kind: string, id: string} | null}} of
 */
async function resumed({ seat }) {
  if (seat?.kind === "placement") {
    server.waits(seat.id);
  } else if (seat === null) {
    server.waitsNot();
  }
  const own = match?.state === "waiting" ? match.matchId : rematch.own;
  if (seat?.kind === "ticket") {
    show("pool");
  } else if (seat === null && match?.state === "playing") {
    // How it ended would have been told, if anybody still knew.
    toLobby();
    notice("The match ended while you were away.");
  } else if (seat === null && own) {
    await ownIsOver(own);
  } else if (seat === null && screen() === "pool") {
    toLobby();
    notice("You no longer wait for an opponent.");
  } else if (screen() === "loading") {
    await arrive(seat);
  }
  sending.again();
}

/**
 * The page was loaded and knows by now what the player is in, or has to ask again, since that has changed meanwhile. If it is nothing, the
 * player was invited or has to choose.
 *
 * @param {{kind: string, id: string} | null | undefined} seat
 */
async function arrive(seat) {
  if (seat === undefined) {
    muster?.resync();
    return;
  }
  if (seat?.kind === "match" && (await ask("joinMatch", { matchId: seat.id }))) {
    return;
  }
  toLobby();
  const code = invitation();
  if (code) {
    await join(code);
  }
}

/**
 * A match that waited for its second player is over, and the player was away: how it ended is asked for. The player has made it, and
 * whoever is in a match is shown it.
 *
 * @param {string} matchId
 */
async function ownIsOver(matchId) {
  try {
    await muster?.request("joinMatch", { matchId });
  } catch {
    if (match?.matchId === matchId) {
      toLobby();
      notice("Your invitation has expired.");
    } else if (rematch.own === matchId) {
      rematch.ended();
    }
  }
}

// Into a match and out of it.

/** @param {string} code */
async function join(code) {
  if (!(await ask("joinMatch", { matchId: code })) && invitation() === code) {
    // The link leads nowhere: loading the page anew need not try it again.
    setHash("");
  }
}

function toLobby() {
  match = null;
  ended.write(null);
  view.forget();
  rematch.reset();
  setHash(screen() === "loading" ? (invitation() ?? "") : "");
  show("lobby");
}

/**
 * The server tells how a match stands.
 *
 * @param {any} told
 */
function matchChanged(told) {
  const isSame = told.matchId === match?.matchId;
  if (told.state === "over" && !isSame) {
    if (rematch.own === told.matchId && !told.opponentId) {
      rematch.ended();
      return;
    }
    // The end of one that was not shown is news only to whoever was away, in a page that is loaded anew or while a rematch was offered.
    if (rematch.own !== told.matchId && (screen() !== "loading" || invitation())) {
      return;
    }
  }
  if (told.state === "waiting") {
    if (!rematch.waitsIn(told.matchId)) {
      match = told;
      ended.write(null);
      showInvitation(told.matchId);
    }
    return;
  }
  if (told.state === "over" && !told.opponentId) {
    toLobby();
    notice("The match was called off.");
    return;
  }
  if (!isSame || match.state === "waiting") {
    rematch.reset();
    notice("");
    setHash("");
    if (told.state === "playing") {
      chat.begins(told);
    }
  }
  const wasOver = isSame && match.state === "over";
  match = told;
  ended.write(told.state === "over" ? told : null);
  chat.with(told.opponentId);
  show("match");
  view.show(told, plays.playIn(told));
  if (told.state === "over" && !wasOver) {
    rematch.reset();
  }
}

/**
 * Somebody says something.
 *
 * @param {{senderId: string, message: string, announcement?: string}} of
 */
function heard({ senderId, message, announcement }) {
  const code = announcement === undefined ? offered(message) : undefined;
  if (code && match?.state === "over" && senderId === match.opponentId) {
    rematch.hear(code, senderId);
  } else if (!code) {
    chat.heard(announcement ? `${senderId} (${announcement})` : senderId, message);
    if (screen() !== "match") {
      announce(`${senderId} says: ${message}`);
    }
  }
}

/** What the player has chosen has changed. */
function redraw() {
  if (match?.state === "playing") {
    view.show(match, plays.playIn(match));
  }
}

// What can be pressed.

/**
 * Whatever is pressed is done once, and not again before it is done: a second request would be refused because of the first.
 *
 * @param {string} id
 * @param {() => unknown} act
 */
function onClick(id, act) {
  const button = byId(id);
  button.addEventListener("click", async () => {
    if (isUsable(button)) {
      setUsable(button, false);
      try {
        await act();
      } finally {
        setUsable(button, true);
      }
    }
  });
}

onClick("play-stranger", async () => {
  // The match may come before the reply does.
  if ((await ask("joinPool", { mode: MODE })) && screen() === "lobby") {
    show("pool");
  }
});
onClick("pool-leave", async () => {
  if ((await ask("leavePool")) && screen() === "pool") {
    toLobby();
  }
});
onClick("play-friend", () => ask("newMatch", { mode: MODE }));
onClick("invite-leave", async () => {
  const left = match;
  // Its end is no news to whoever ends it.
  match = null;
  if (await ask("leaveMatch", { matchId: left.matchId })) {
    toLobby();
  } else {
    match = left;
  }
});
onClick("rematch", () => rematch.want(match.opponentId));
onClick("rematch-cancel", () => rematch.cancel());
onClick("done", async () => {
  await rematch.cancel();
  toLobby();
});
onClick("match-leave", () => {
  setText(byId("leave-text"), `${match.opponentId} wins then.`);
  byId("leave-dialog").returnValue = "";
  byId("leave-dialog").showModal();
});
byId("leave-dialog").addEventListener("close", () => {
  if (byId("leave-dialog").returnValue === "leave" && match?.state === "playing") {
    ask("leaveMatch", { matchId: match.matchId });
  }
});
onClick("change-name", () => {
  muster?.close();
  keepName(null);
  location.reload();
});

byId("join-form").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  join(byId("code").value.trim());
});
byId("name-form").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  const name = byId("name").value.trim();
  // A second press while the first token is on its way would be a second player.
  if (name && screen() === "name") {
    show("loading");
    begin(name);
  }
});
addEventListener("hashchange", async () => {
  const code = invitation();
  const isOver = screen() === "match" && match.state === "over";
  if (code && isOver) {
    await rematch.cancel();
    toLobby();
  }
  if (code && screen() === "lobby") {
    join(code);
  }
});

// The beginning.

byId("rules-list").append(...handsOf(MODE).map(({ sign, name, beats }) => element("li", "", `${sign} ${name} ${beats}.`)));

const kept = keptName();
if (kept) {
  show("loading");
  begin(kept);
} else {
  show("name");
  byId("name").value = suggestedName();
  byId("name").focus();
  byId("name").select();
  const code = invitation();
  if (code) {
    setText(byId("name-lead"), `You are invited to the match ${code}.`);
  }
}
