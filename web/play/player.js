/**
 * Who plays, and where: the name of this tab's player, its tokens, and the stack's addresses.
 *
 * The name is kept for the tab only, so that two tabs are two players.
 */

import config from "../config.js";
import { TokenRefused } from "../muster.js";

const NAME = "muster.name";

/** The player of this tab, if it has one. */
export function keptName() {
  return sessionStorage.getItem(NAME);
}

/**
 * Keeps the player for the next time that this tab is loaded; `null` forgets it, and all that belongs to it.
 *
 * @param {string | null} name
 */
export function keepName(name) {
  if (name === null) {
    sessionStorage.clear();
  } else {
    sessionStorage.setItem(NAME, name);
  }
}

/** A name for whoever has no idea. */
export function suggestedName() {
  const pick = (/** @type {string[]} */ words) => words[Math.floor(Math.random() * words.length)];
  const moods = ["Brave", "Calm", "Clever", "Daring", "Gentle", "Lucky", "Merry", "Quick", "Silent", "Sly", "Sunny", "Witty"];
  const animals = ["Badger", "Falcon", "Fox", "Gecko", "Heron", "Koala", "Lynx", "Newt", "Otter", "Panda", "Raven", "Wombat"];
  return `${pick(moods)}${pick(animals)}${Math.floor(Math.random() * 90) + 10}`;
}

/** Where players connect. Of the stack that serves this page only the stage has to be asked for: its host is ours. */
export async function socketUrl() {
  if (config.socketUrl) {
    return config.socketUrl;
  }
  const { addresses } = await answer(await fetch("/status"));
  const url = new URL(addresses.url);
  url.host = location.host;
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/**
 * A token for a player.
 *
 * @param {string} name
 * @returns {Promise<string>}
 */
export async function token(name) {
  if ("token" in config) {
    return /** @type {any} */ (config).token(name);
  }
  const url = new URL(config.tokenUrl || "/issuer/token", location.href);
  url.searchParams.set("player", name);
  const { access_token: given } = await answer(await fetch(url, { cache: "no-store" }));
  return given;
}

/**
 * The JSON of an answer. What is refused for what was asked is refused for ever; anything else may be better the next time.
 *
 * @param {Response} response
 */
async function answer(response) {
  if (response.ok) {
    return response.json();
  }
  const isForGood = response.status >= 400 && response.status < 500 && response.status !== 429;
  throw isForGood ? new TokenRefused("that name cannot play here") : new Error("nobody answers there right now");
}
