/**
 * The page: it tells the server what the player wants, and shows what the server tells.
 */

import { TokenRefused, connect, storedIn } from "./muster.js";
import { gameOf, offered } from "./games/all.js";
import { Chat } from "./play/chat.js";
import { announce, byId, element, isUsable, setText, setUsable } from "./play/dom.js";
import { keepName, keptName, socketUrl, suggestedName, token } from "./play/player.js";
import { notice, screen, show } from "./play/screens.js";
import { GameServer } from "./play/server.js";
import { OFFER, Sitting, invitation, setHash } from "./play/sitting.js";
import { Table } from "./play/table.js";
import { watchTabs } from "./play/tabs.js";
import { connection, failure, ticketEnd } from "./play/words.js";

/** After how long nobody has come, in milliseconds, so that the computer is offered in words. */
const LONELY = 8_000;

/** How long a seat may take to be given up behind the end of a match, in milliseconds, and how long is waited before asking again. */
const SETTLING = 3_000;
const PAUSE = 250;

/** How long after it was said something is still news, in milliseconds. */
const RECENT = 60_000;

/** Everything that needs a connection, once there is a player. @type {any} */
let muster;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let lonely;

/** When the player last was in something. */
let leftAt = -Infinity;

/** The mode that is chosen, kept for the tab. */
const chosen = storedIn(sessionStorage, "muster.mode");
const mode = () => /** @type {any} */ (new FormData(byId("mode-form")).get("mode"));

const chat = new Chat((playerIds, message) => muster.request("sendMessage", { playerIds, message }));
/** @type {Table} */
const table = new Table({
  now: () => muster?.now() ?? Date.now(),
  isOnline: () => muster?.state === "online",
  act: (action) => sitting.act(action),
  overdue: () => muster?.resync(),
});
const sitting = new Sitting({ muster: () => muster, table, chat, toLobby });
const server = new GameServer((route, body) => settled(() => muster.request(route, body)));

/**
 * Asks for something, and a little later again if the server does not know yet that the player has left what it was in.
 *
 * @param {() => Promise<any>} request
 * @returns {Promise<any>}
 */
async function settled(request) {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (/** @type {any} */ (error).code !== "seated" || performance.now() - leftAt > SETTLING) {
        throw error;
      }
      await new Promise((done) => setTimeout(done, PAUSE));
    }
  }
}

/**
 * Asks for something, and says what goes wrong.
 *
 * @param {() => Promise<any>} request
 * @returns {Promise<any>} `undefined` if it went wrong.
 */
async function ask(request) {
  notice("");
  try {
    return await settled(request);
  } catch (error) {
    notice(failure(/** @type {Error} */ (error)));
    // What may have happened, or was refused because of something that this page does not show, is found out.
    muster.resync();
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
    const isForGood = error instanceof TokenRefused;
    notice(isForGood ? "That name cannot play here. Try another one." : "Nobody answers right now. Try again in a moment.");
    show("name");
    byId("name").focus();
    return;
  }
  keepName(name);
  setText(byId("who-name"), name);
  byId("who").hidden = false;
  watchTabs(name, () => {
    byId("twin").hidden = false;
    setText(byId("twin-text"), `${name} plays in another tab, too: both are the same player.`);
  });
  muster = connect({ url, token: () => token(name), store: storedIn(sessionStorage, "muster.inbox") });
  muster.on("state", (/** @type {any} */ { code }) => stateChanged(code));
  muster.on("match", (/** @type {any} */ match) => {
    if (match.state === "over") {
      leftAt = performance.now();
    }
    sitting.changed(match);
  });
  muster.on("message", heard);
  muster.on("session", (/** @type {any} */ push) => server.found(push));
  muster.on("placement", (/** @type {any} */ push) => server.ended(push));
  muster.on("pool", (/** @type {any} */ push) => screen() === "pool" && toLobby(ticketEnd(push)));
  muster.on("resumed", resumed);
  show("loading");
}

/** @param {string} [code] */
function stateChanged(code) {
  const pill = byId("connection");
  const words = connection(muster.state);
  pill.dataset.state = words === "Offline" ? "waiting" : muster.state;
  setText(pill, words);
  sitting.redraw();
  if (muster.state === "closed") {
    notice(code === "outdated" ? failure({ code }) : "You are signed out. Reload the page to come back.");
  }
}

/** @param {{seats?: {kind: string, id: string}[]}} what All that was missed has been told. */
async function resumed({ seats }) {
  if (seats === undefined) {
    // It has changed meanwhile. Only a page that shows nothing yet has to know.
    if (screen() === "loading") {
      muster.resync();
    }
    return;
  }
  const placement = seats.find(({ kind }) => kind === "placement");
  if (placement) {
    server.waits(placement.id);
  } else {
    server.waitsNot();
  }
  if (seats.some(({ kind }) => kind === "ticket")) {
    wait();
  } else if (screen() === "pool") {
    toLobby("You no longer wait for an opponent.");
  } else if (screen() === "loading") {
    await arrive();
  }
  await sitting.resumed(seats);
}

/** The page was loaded, and the player is in nothing: it sees again how its match ended, was invited, or has to choose. */
async function arrive() {
  const code = invitation();
  const before = sitting.endedBefore;
  if (before && !code && (await muster.joinMatch(before).catch(() => undefined))) {
    return;
  }
  toLobby("", code);
  if (code) {
    await join(code);
  }
}

// Into a match and out of it.

/** @param {string} code */
async function join(code) {
  const joined = await ask(() => muster.joinMatch(code));
  if (joined?.state === "over") {
    notice(failure({ code: "match_over" }));
  }
  if (screen() !== "match" && invitation() === code) {
    // The link leads nowhere: loading the page anew need not try it again.
    setHash("");
  }
}

/** The player waits for a stranger. */
function wait() {
  if (screen() === "pool") {
    return;
  }
  drawSigns("pool-signs", gameOf(mode()).signs);
  setText(byId("pool-lead"), "You are matched as soon as somebody else wants to play.");
  show("pool");
  clearTimeout(lonely);
  lonely = setTimeout(() => {
    if (screen() === "pool") {
      setText(byId("pool-lead"), "Nobody has come yet. You can go on waiting, or play the computer instead.");
      announce(byId("pool-lead").textContent);
    }
  }, LONELY);
}

function toLobby(words = "", hash = "") {
  sitting.forget();
  setHash(hash);
  show("lobby");
  notice(words);
}

/** @param {{senderId: string, message: string, announcement?: string, sentAt: number}} of Somebody says something. */
function heard({ senderId, message, announcement, sentAt }) {
  const sender = announcement === undefined ? senderId : "Announcement";
  chat.heard(sender, message);
  // What was said long ago is only to be read.
  if (muster.now() - sentAt < RECENT) {
    if (message === OFFER && announcement === undefined) {
      sitting.offered(senderId);
    }
    if (byId("chat").hidden || screen() !== "match") {
      notice(`${sender}: ${message}`);
    }
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

const left = () => (leftAt = performance.now());
const playTheComputer = () => ask(() => muster.newMatch({ mode: mode(), bots: 1 }));

onClick("play-stranger", async () => {
  // The match may come before the reply does.
  if ((await ask(() => muster.request("joinPool", { mode: mode() }))) && screen() === "lobby") {
    wait();
  }
});
onClick("play-computer", playTheComputer);
onClick("play-friend", () => ask(() => muster.newMatch({ mode: mode() })));
onClick("pool-leave", async () => {
  if ((await ask(() => muster.request("leavePool"))) && screen() === "pool") {
    toLobby();
  }
});
onClick("pool-computer", async () => {
  if ((await ask(() => muster.request("leavePool"))) && screen() === "pool") {
    left();
    await playTheComputer();
  }
});
onClick("start", () => ask(() => muster.startMatch(sitting.match.matchId)));
onClick("call-off", () => sitting.callOff(ask));
onClick("rematch", () => sitting.again(ask));
onClick("done", () => toLobby());
onClick("leave", () => {
  setText(byId("leave-text"), sitting.leaving);
  byId("leave-dialog").returnValue = "";
  byId("leave-dialog").showModal();
});
byId("leave-dialog").addEventListener("close", () => {
  if (byId("leave-dialog").returnValue === "leave" && sitting.match?.state === "playing") {
    ask(() => muster.leaveMatch(sitting.match.matchId));
  }
});
onClick("invite-copy", async () => {
  try {
    await navigator.clipboard.writeText(byId("invite-link").value);
    setText(byId("invite-status"), "Copied.");
  } catch {
    byId("invite-link").select();
    setText(byId("invite-status"), "Copy the link above.");
  }
});
for (const id of ["change-name", "twin-change"]) {
  onClick(id, () => {
    muster?.close();
    keepName(null);
    location.reload();
  });
}

byId("mode-form").addEventListener("change", drawRules);
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
addEventListener("hashchange", () => {
  const code = invitation();
  if (code && screen() === "match" && sitting.match.state === "over") {
    toLobby("", code);
  }
  if (code && screen() === "lobby") {
    join(code);
  }
});
for (const event of ["online", "offline"]) {
  addEventListener(event, () => muster && stateChanged());
}

// The beginning.

function drawSigns(/** @type {string} */ id, /** @type {string[]} */ signs) {
  byId(id).replaceChildren(...signs.map((sign) => element("span", "", sign)));
}

function drawRules() {
  chosen.write(mode());
  byId("rules-text").replaceChildren(...gameOf(mode()).rules(mode()).map((text) => element("p", "", text)));
}

for (const [index, name] of offered().entries()) {
  const { modes, signs } = gameOf(name);
  const label = element("label", "option");
  const radio = element("input");
  Object.assign(radio, { type: "radio", name: "mode", value: name, checked: index === 0 || (chosen.read() === name && !location.search) });
  const sign = element("span", "", signs[0]);
  sign.ariaHidden = "true";
  label.append(radio, sign, element("span", "", modes[name]));
  byId("modes").append(label);
}
drawRules();
drawSigns("name-signs", [...new Set(offered().flatMap((name) => gameOf(name).signs))].slice(0, 7));

const kept = keptName();
if (kept) {
  show("loading");
  begin(kept);
} else {
  show("name");
  byId("name").value = suggestedName();
  byId("name").focus();
  byId("name").select();
  if (invitation()) {
    setText(byId("name-lead"), "You are invited to a match.");
  }
}
