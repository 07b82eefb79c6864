/**
 * What players say to each other: messages between them go by way of their inboxes, so that none is lost while one is away.
 *
 * What was said is kept for the tab, since a page that is loaded anew is told only what is new.
 */

import { storedIn } from "../muster.js";
import { byId, element, setText } from "./dom.js";
import { failure } from "./words.js";

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
  /** @type {string | undefined} */
  #partner;
  #send;

  /** @param {(playerId: string, text: string) => Promise<unknown>} send */
  constructor(send) {
    this.#send = send;
    this.#lines = /** @type {Line[] | null} */ (this.#store.read()) ?? [];
    this.#lines.forEach((line) => this.#draw(line));
    byId("chat-form").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /**
   * Whom the player talks to.
   *
   * @param {string} partner
   */
  with(partner) {
    if (partner !== this.#partner) {
      this.#partner = partner;
      setText(byId("chat-title"), `Chat with ${partner}`);
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
   * A match is played, which is said once, however often the page is loaded anew.
   *
   * @param {{matchId: string, opponentId: string}} match
   */
  begins({ matchId, opponentId }) {
    if (!this.#lines.some((line) => line.matchId === matchId)) {
      this.#add({ sender: "", text: `You play against ${opponentId}.`, kind: "system", matchId });
    }
  }

  /**
   * Something happened.
   *
   * @param {string} text
   */
  #happened(text) {
    this.#add({ sender: "", text, kind: "system" });
  }

  async #submit() {
    const input = byId("chat-text");
    const text = input.value.trim();
    if (text === "" || this.#partner === undefined) {
      return;
    }
    input.value = "";
    /** @type {Line} */
    const line = { sender: "You", text, kind: "mine" };
    const item = this.#add(line);
    try {
      await this.#send(this.#partner, text);
    } catch (error) {
      line.isUnsent = true;
      item.classList.add("unsent");
      this.#happened(`Not sent: ${failure(/** @type {Error} */ (error))}`);
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
    const item = element("li", kind);
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
