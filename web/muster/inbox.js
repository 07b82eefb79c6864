/**
 * What a client knows of its player's inbox: how far it has read, and what it has handed out. It sends nothing and reads no clock.
 *
 * The cursor moves by what a finished resume returned and by nothing else: a push can be given up while later ones arrive. So whatever was
 * not handed out is found by the next resume, and whatever the resume shows again is known by its id.
 *
 * @typedef {object} Message
 * @property {string} messageId
 * @property {string} senderId
 * @property {string} [announcement]
 * @property {string} [requestId]
 * @property {string} message
 * @property {number} sentAt
 *
 * @typedef {object} Store Where the cursor, and which matches are played, outlive a reload.
 * @property {() => any} read
 * @property {(value: unknown) => void} write
 */

/** How many messages are remembered. A resume looks back 30 seconds, in which nobody is sent as many. */
const MOST_IDS = 4_096;

/** How many of them outlive a reload. */
const MOST_STORED = 256;

/** How many requests are remembered. */
const MOST_REQUESTS = 1_024;

/** How long after a request the same one is taken for its repetition, in milliseconds. Whoever waits longer means it anew. */
const REPETITION = 10 * 60 * 1_000;

/** How many pushes wait for a resume, so that what is older comes first. Order is worth something, but not any amount of memory. */
const MOST_HELD = 256;

/** Most messages of one page. */
const PAGE = 100;

/** One player's inbox, as far as this client knows it. */
export class Inbox {
  /** @type {Store | undefined} */
  #store;
  /** @type {string | undefined} */
  #after;
  /** @type {string | undefined} */
  #next;
  #complete = true;
  #ids = new Set();
  /** When each request was made, the latest last. @type {Map<string, number>} */
  #requests = new Map();
  /** @type {Message[] | null} */
  #held = null;

  /** @param {Store} [store] */
  constructor(store) {
    this.#store = store;
    const kept = /** @type {{after?: unknown, ids?: unknown}} */ (store?.read() ?? {});
    this.#after = typeof kept.after === "string" ? kept.after : undefined;
    this.#ids = new Set(Array.isArray(kept.ids) ? kept.ids : []);
  }

  /** A resume is to come: pushes are held back from now on. */
  hold() {
    this.#held ??= [];
    this.#next = undefined;
    this.#complete = true;
  }

  /**
   * A push arrived; what is to be handed out now.
   *
   * @param {Message} message
   * @returns {Message[]}
   */
  pushed(message) {
    if (this.#held === null) {
      return this.#fresh([message]);
    }
    this.#held.push(message);
    return this.#held.length > MOST_HELD ? this.release() : [];
  }

  /**
   * The resume is over, well or not, or takes too long: what was held back.
   *
   * @returns {Message[]}
   */
  release() {
    const held = this.#held ?? [];
    this.#held = null;
    return this.#fresh(held);
  }

  /** What the next page is asked for with. */
  request() {
    if (this.#next !== undefined) {
      return { next: this.#next, limit: PAGE };
    }
    return this.#after === undefined ? { limit: PAGE } : { after: this.#after, limit: PAGE };
  }

  /**
   * A page arrived: what of it is new, and whether it is the last one.
   *
   * @param {{messages: Message[], next?: string, after?: string, complete: boolean}} page
   */
  page({ messages, next, after, complete }) {
    if (next !== undefined ? next === this.#next : after === undefined) {
      throw new TypeError("a page that leads nowhere");
    }
    this.#complete &&= complete;
    const fresh = this.#fresh(messages);
    this.#next = next;
    const finished = next === undefined;
    if (finished) {
      this.#after = after;
      this.#keep();
    }
    return { messages: fresh, finished, complete: this.#complete };
  }

  /** The server does not take the cursor: begin with the newest page. */
  forget() {
    this.#after = undefined;
    this.#next = undefined;
  }

  /** @param {Message[]} messages */
  #fresh(messages) {
    const fresh = messages.filter((message) => this.#isNew(message));
    if (fresh.length > 0) {
      this.#keep();
    }
    return fresh;
  }

  /**
   * Whether the message was never handed out, neither by its id nor as its sender's repetition of a request that had no answer. A
   * repetition has an id of its own, but the same sender, `requestId` and text; the text counts, since a sender may number its requests
   * from one whenever it starts.
   *
   * @param {Message} message
   */
  #isNew({ messageId, senderId, announcement, requestId, message, sentAt }) {
    if (this.#ids.has(messageId)) {
      return false;
    }
    this.#ids.add(messageId);
    dropOldest(this.#ids, MOST_IDS);
    if (requestId === undefined) {
      return true;
    }
    const request = JSON.stringify([senderId, announcement, requestId, message]);
    const before = this.#requests.get(request);
    this.#requests.delete(request);
    this.#requests.set(request, sentAt);
    dropOldest(this.#requests, MOST_REQUESTS);
    return before === undefined || Math.abs(sentAt - before) > REPETITION;
  }

  #keep() {
    // What others keep in the same place stays.
    this.#store?.write({ ...this.#store.read(), after: this.#after, ids: [...this.#ids].slice(-MOST_STORED) });
  }
}

/**
 * Sets and maps keep the order in which they were filled.
 *
 * @param {Set<string> | Map<string, unknown>} memory
 * @param {number} most
 */
export function dropOldest(memory, most) {
  for (const key of memory.keys()) {
    if (memory.size <= most) {
      return;
    }
    memory.delete(key);
  }
}
