/**
 * What players say to each other: messages between them go by way of their inboxes, so that none is lost while one is away.
 *
 * What was said is kept for the tab, since a page that is loaded anew is told only what is new.
 */

import { storedIn } from "../muster.js";
import { byId, element, setText } from "./dom.js";
import { all, failure, othersIn } from "./words.js";

/** How many lines are kept. */
const MOST = 60;

/**
 * @typedef {object} Line
 * @property {string} sender
 * @property {string} text
 * @property {"mine" | "theirs" | "system"} kind
 * @property {boolean} [isUnsent]
 * @property {string} [matchId] Whose beginning it says.
 */

/** The chat beside a match. */
export class Chat {
  /** @type {Line[]} */
  #lines;
  #store = storedIn(sessionStorage, "muster.chat");
  /** Whom the player talks to. @type {string[]} */
  #partners = [];
  #send;

  /** @param {(playerIds: string[], message: string) => Promise<unknown>} send */
  constructor(send) {
    this.#send = send;
    this.#lines = /** @type {Line[] | null} */ (this.#store.read()) ?? [];
    this.#lines.forEach((line) => this.#draw(line));
    byId("chat-form").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.say(byId("chat-text").value.trim());
      byId("chat-text").value = "";
    });
  }

  /**
   * The player is in a match, and talks to the others in it; with the computer there is nothing to talk about. That it is played is said
   * once, however often the page is loaded anew.
   *
   * @param {any} match
   */
  joins(match) {
    const { matchId, state } = match;
    this.#partners = othersIn(match);
    byId("chat").hidden = this.#partners.length === 0;
    setText(byId("chat-title"), `Chat with ${all(this.#partners)}`);
    if (state === "playing" && this.#partners.length > 0 && !this.#lines.some((line) => line.matchId === matchId)) {
      this.#add({ sender: "", text: `You play against ${all(this.#partners)}.`, kind: "system", matchId });
    }
  }

  /**
   * Somebody said something.
   *
   * @param {string} sender
   * @param {string} text
   */
  heard(sender, text) {
    this.#add({ sender, text, kind: "theirs" });
  }

  /**
   * Says something to somebody.
   *
   * @param {string} text
   * @param {string[]} partners
   */
  async say(text, partners = this.#partners) {
    if (text === "" || partners.length === 0) {
      return;
    }
    /** @type {Line} */
    const line = { sender: "You", text, kind: "mine" };
    const item = this.#add(line);
    try {
      await this.#send(partners, text);
    } catch (error) {
      line.isUnsent = true;
      item.classList.add("unsent");
      this.#add({ sender: "", text: `Not sent: ${failure(/** @type {Error} */ (error))}`, kind: "system" });
    }
  }

  /** @param {Line} line */
  #add(line) {
    this.#lines = [...this.#lines, line].slice(-MOST);
    this.#store.write(this.#lines);
    return this.#draw(line);
  }

  /** @param {Line} line */
  #draw({ sender, text, kind, isUnsent = false }) {
    const log = byId("chat-log");
    const item = element("p", kind);
    item.classList.toggle("unsent", isUnsent);
    if (sender) {
      item.append(element("span", "sender", sender));
    }
    item.append(element("span", "", text));
    log.append(item);
    while (log.children.length > MOST) {
      log.firstElementChild.remove();
    }
    log.scrollTop = log.scrollHeight;
    return item;
  }
}
