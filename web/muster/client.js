/**
 * The client itself: from connection to connection, until it is closed. What it promises is at the top of `../muster.js`.
 */

import { BACKOFF, delay } from "./backoff.js";
import { CatchingUp } from "./catching_up.js";
import { ServerClock, monotonic } from "./clock.js";
import { randomId } from "./connection.js";
import { TokenRefused } from "./errors.js";
import { open } from "./opening.js";
import { Progress } from "./progress.js";
import { Requests } from "./requests.js";
import { rollOverIn } from "./token.js";
import { onWaking } from "./waking.js";

/** @typedef {import("./connection.js").Connection} Connection */

/** What can be left out of the options. */
const DEFAULTS = {
  connectTimeout: 35_000,
  requestTimeout: 35_000,
  keepAlive: 5 * 60_000,
  rollOver: 110 * 60_000,
  backoff: BACKOFF,
};

/** How long a ping may take that is to find out whether a connection still lives. */
const PATIENCE = 5_000;

/** How many pings ask for the server's clock after a connect. */
const CLOCK_PINGS = 3;

/** How often it is looked whether the connection before has answered everything. */
const DRAINING = 500;

/** The routes that leave the player's seat alone. Any other may change it. */
const SEATLESS = ["ping", "resume", "sendMessage", "play"];

/** The routes that are answered with a match. */
const OF_MATCHES = ["newMatch", "joinMatch", "leaveMatch"];

/** A client: see the top of `../muster.js`. */
export class Muster extends EventTarget {
  #options;
  #catchingUp;
  #progress;
  #requests = new Requests();
  #clock = new ServerClock();
  /** What new requests are sent over. @type {Connection | null} */
  #connection = null;
  /** The connection before, after a roll-over. @type {Connection | null} */
  #draining = null;
  /** The attempt to connect that is under way. @type {AbortController | null} */
  #attempt = null;
  /** @type {"connecting" | "online" | "waiting" | "closed"} */
  #state = "connecting";
  #failures = 0;
  /** @type {Record<string, ReturnType<typeof setTimeout>>} */
  #timers = {};
  #listening = new AbortController();

  /** @param {import("../muster.js").Options} options */
  constructor(options) {
    super();
    this.#options = { ...DEFAULTS, Socket: globalThis.WebSocket, ...options };
    this.#progress = new Progress(options.store);
    this.#catchingUp = new CatchingUp({
      ask: (connection, route, body) => this.#ask(connection, route, body),
      emit: (name, detail) => this.#emit(name, detail),
      doubt: (connection, error) => this.#doubt(connection, error),
      progress: this.#progress,
      backoff: this.#options.backoff,
      store: options.store,
    });
    onWaking(() => this.check(), this.#listening.signal);
    // A program has to have a chance to listen before the first event.
    queueMicrotask(() => this.#connect());
  }

  /** `connecting`, `online`, `waiting` or `closed`. */
  get state() {
    return this.#state;
  }

  /** The server's time, in epoch milliseconds. */
  now() {
    return this.#clock.now();
  }

  /**
   * Listens to an event.
   *
   * @param {string} name
   * @param {(detail: any) => void} handler
   * @returns {() => void} Stops listening.
   */
  on(name, handler) {
    const listener = (/** @type {any} */ { detail }) => handler(detail);
    this.addEventListener(name, listener);
    return () => this.removeEventListener(name, listener);
  }

  /**
   * Asks the server for something.
   *
   * @param {string} route
   * @param {object} [body]
   * @param {{timeout?: number, requestId?: string}} [how] The `requestId` of a request that may have happened makes this its repetition.
   * @returns {Promise<any>} The reply's body; fails with a `Rejection` or a `RequestError`.
   */
  async request(route, body = {}, { timeout = this.#options.requestTimeout, requestId = randomId() } = {}) {
    const moved = () => SEATLESS.includes(route) || this.#progress.moved();
    moved();
    try {
      const asked = this.#requests.ask(this.#connection, { route, body, id: requestId, timeout, isOwn: false });
      this.#sent();
      const reply = await asked;
      if (OF_MATCHES.includes(route)) {
        this.#tell("match", reply);
      }
      return reply;
    } finally {
      moved();
    }
  }

  /** Finds out within seconds whether the connection still lives, and if not, makes another: for whoever has a reason to doubt it. */
  async check() {
    const connection = this.#connection;
    if (connection) {
      await this.#ping(connection, PATIENCE).catch((error) => this.#doubt(connection, error));
    } else {
      this.#connect();
    }
  }

  /** Reads again what the player is in and what it missed: for whoever expected a push that has not come. */
  async resync() {
    await this.check();
    if (this.#connection) {
      await this.#catchingUp.resume(this.#connection);
    }
  }

  /** Ends it. Requests that are open fail. */
  close() {
    this.#close("closed by the program");
  }

  /** Gets a connection, unless there is one or will be. */
  async #connect() {
    if (this.#state === "closed" || this.#attempt || this.#connection) {
      return;
    }
    clearTimeout(this.#timers.retry);
    this.#is("connecting");
    try {
      const { connection, expiresIn } = await this.#open();
      this.#adopt(connection, expiresIn);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** One attempt, of which there is one at a time. */
  async #open() {
    const attempt = new AbortController();
    this.#attempt = attempt;
    try {
      return await open(this.#options, attempt, (connection) => ({
        pushed: (type, push) => (type === "message" ? this.#catchingUp.pushed(push) : this.#tell(type, push)),
        gateway: (complaint) => this.#emit("gateway", complaint),
        expired: () => connection().drop("the token has expired"),
        ended: (reason) => this.#ended(connection(), reason),
      }));
    } finally {
      this.#attempt = null;
    }
  }

  /** @param {unknown} error */
  #failed(error) {
    if (error instanceof TokenRefused) {
      this.#close(error.message);
    } else if (this.#state !== "closed") {
      this.#retry(error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {string} reason */
  #retry(reason) {
    const retryIn = delay(this.#options.backoff, this.#failures, Math.random());
    this.#failures += 1;
    clearTimeout(this.#timers.retry);
    this.#timers.retry = setTimeout(() => this.#connect(), retryIn);
    this.#is("waiting", { reason, retryIn });
  }

  /**
   * A connection is there, the first one or another.
   *
   * @param {Connection} connection
   * @param {number | null} expiresIn
   */
  #adopt(connection, expiresIn) {
    if (this.#state === "closed") {
      connection.close();
      return;
    }
    this.#connection = connection;
    clearTimeout(this.#timers.retry);
    this.#timers.rollOver = setTimeout(() => this.#rollOver(connection), rollOverIn(this.#options.rollOver, expiresIn, Math.random()));
    // One that is lost soon after it was made is a failure, too: else a server that accepts and drops would be asked without a pause.
    this.#timers.settled = setTimeout(() => (this.#failures = 0), this.#options.backoff.cap);
    this.#is("online");
    this.#requests.flush(connection);
    this.#sent();
    this.#catchUp(connection);
    this.#askTheTime(connection);
  }

  /**
   * @param {Connection} connection
   * @param {string} reason
   */
  #ended(connection, reason) {
    if (connection === this.#draining) {
      this.#draining = null;
    }
    if (connection === this.#connection) {
      this.#leaveConnection();
      // What ended the one may have ended the other unseen.
      this.#draining?.drop(reason);
      this.#retry(reason);
    }
  }

  /** What belongs to a connection ends with it. */
  #leaveConnection() {
    this.#connection = null;
    for (const timer of ["keepAlive", "rollOver", "settled"]) {
      clearTimeout(this.#timers[timer]);
    }
    this.#catchingUp.stop();
  }

  /**
   * Replaces a connection before its time is up. If there is no other to be had, it goes on as long as it can.
   *
   * @param {Connection} old
   */
  async #rollOver(old) {
    try {
      const { connection, expiresIn } = await this.#open();
      if (this.#connection === old) {
        this.#leaveConnection();
        this.#draining?.close();
        this.#draining = old;
        // Every request that it took has timed out by then.
        this.#timers.drained = setTimeout(() => this.#drained(old, true), this.#options.requestTimeout);
      }
      // If the old one was lost meanwhile, this is the next one all the same.
      this.#adopt(connection, expiresIn);
    } catch (error) {
      if (this.#connection === null) {
        this.#failed(error);
      } else if (!(error instanceof TokenRefused)) {
        const { base, cap } = this.#options.backoff;
        this.#timers.rollOver = setTimeout(() => this.#rollOver(old), (base + cap) / 2);
      }
    }
  }

  /**
   * The connection before goes once its requests are answered, or when it is `due`.
   *
   * @param {Connection} old
   * @param {boolean} isDue
   */
  #drained(old, isDue) {
    if (old !== this.#draining) {
      return;
    }
    if (isDue || old.waiting === 0) {
      clearTimeout(this.#timers.drained);
      this.#draining = null;
      old.close();
    } else {
      this.#timers.draining = setTimeout(() => this.#drained(old, false), DRAINING);
    }
  }

  /** @param {Connection} connection */
  async #catchUp(connection) {
    if ((await this.#catchingUp.resume(connection)) && this.#draining) {
      this.#drained(this.#draining, false);
    }
  }

  /**
   * Asks for something that the client itself wants to know.
   *
   * @param {Connection} connection
   * @param {string} route
   * @param {object} body
   */
  #ask(connection, route, body, timeout = this.#options.requestTimeout) {
    const asked = this.#requests.ask(connection, { route, body, id: randomId(), timeout, isOwn: true });
    this.#sent();
    return asked;
  }

  /** Something was sent, so that the connection is not idle. */
  #sent() {
    clearTimeout(this.#timers.keepAlive);
    const connection = this.#connection;
    if (connection) {
      const ping = () => this.#ping(connection, this.#options.requestTimeout).catch((error) => this.#doubt(connection, error));
      this.#timers.keepAlive = setTimeout(ping, this.#options.keepAlive);
    }
  }

  /**
   * Any answer, even a rejection or the gateway's complaint, shows that a connection lives.
   *
   * @param {Connection} connection
   * @param {{code?: string}} error
   */
  #doubt(connection, { code }) {
    if (code === "timed_out") {
      connection.drop("the server does not answer");
    }
  }

  /**
   * @param {Connection} connection
   * @param {number} timeout
   */
  async #ping(connection, timeout) {
    const sent = monotonic();
    const { time } = await this.#ask(connection, "ping", {}, timeout);
    this.#clock.add(sent, time, monotonic());
  }

  /** @param {Connection} connection */
  async #askTheTime(connection) {
    try {
      for (let ping = 0; ping < CLOCK_PINGS && connection === this.#connection; ping += 1) {
        await this.#ping(connection, this.#options.requestTimeout);
      }
    } catch (error) {
      this.#doubt(connection, /** @type {{code?: string}} */ (error));
    }
  }

  /** @param {string} reason */
  #close(reason) {
    if (this.#state === "closed") {
      return;
    }
    this.#attempt?.abort();
    this.#listening.abort();
    const connections = [this.#connection, this.#draining];
    this.#leaveConnection();
    this.#draining = null;
    connections.forEach((connection) => connection?.close());
    this.#requests.close();
    Object.values(this.#timers).forEach(clearTimeout);
    this.#is("closed", { reason });
  }

  /**
   * @param {"connecting" | "online" | "waiting" | "closed"} state
   * @param {{reason?: string, retryIn?: number}} [why]
   */
  #is(state, why = {}) {
    this.#state = state;
    this.#emit("state", { state, ...why });
  }

  /**
   * @param {string} type
   * @param {any} push
   */
  #tell(type, push) {
    if (this.#progress.isNews(type, push)) {
      this.#emit(type, push);
    }
  }

  /**
   * @param {string} name
   * @param {object} detail
   */
  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
