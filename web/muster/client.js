/**
 * The client itself: from connection to connection, until it is closed. What it promises is at the top of `../muster.js`.
 */

import { BACKOFF, delay } from "./backoff.js";
import { CatchingUp } from "./catching_up.js";
import { ServerClock, monotonic } from "./clock.js";
import { randomId } from "./connection.js";
import { TokenRefused } from "./errors.js";
import { open } from "./opening.js";
import { Plays } from "./plays.js";
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

/** The version of the protocol that is spoken here. */
const PROTOCOL = 1;

/** A client: see the top of `../muster.js`. */
export class Muster extends EventTarget {
  #options;
  #catchingUp;
  #progress;
  #plays;
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
    this.#plays = new Plays({
      ask: (what) => this.#send({ ...what, isOwn: true, isQuiet: true }),
      seen: (matchId) => this.#progress.match(matchId),
      now: () => this.now(),
      doubt: () => this.check(),
      timeout: this.#options.requestTimeout,
      backoff: this.#options.backoff,
    });
    const lost = () => this.#connection?.drop("the network is gone");
    onWaking(() => this.check(), lost, this.#listening.signal);
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
   * Acts in a match, one action at a time in each.
   *
   * @param {string} matchId
   * @param {unknown} action The game's own.
   * @returns {Promise<any>} The match with the action in it; fails with a `Rejection` or a `RequestError`.
   */
  play(matchId, action) {
    return this.#plays.play(matchId, action);
  }

  /**
   * Opens a match, which others join by its id.
   *
   * @param {{mode: string, options?: object, bots?: number}} what
   */
  newMatch(what) {
    return this.request("newMatch", what);
  }

  /** The next match after one that is over, the same one for all who were in it. */
  nextMatch(/** @type {string} */ after) {
    return this.request("newMatch", { after });
  }

  /** Comes into a match, or back to it. */
  joinMatch(/** @type {string} */ matchId) {
    return this.request("joinMatch", { matchId });
  }

  /** Has a match begin before all its seats are taken. */
  startMatch(/** @type {string} */ matchId) {
    return this.request("startMatch", { matchId });
  }

  /** Gives a match up. */
  leaveMatch(/** @type {string} */ matchId) {
    return this.request("leaveMatch", { matchId });
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
      return await this.#send({ route, body, id: requestId, timeout, isOwn: false });
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
        found: (match, requestId) => {
          this.#plays.answered(requestId);
          this.#progress.news({ matches: [match] }).forEach(([name, push]) => this.#emit(name, push));
        },
        gateway: (complaint) => this.#emit("gateway", complaint),
        refused: (rejection) => this.#refused(connection(), rejection),
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
      connection.close("closed");
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
        this.#draining?.close("disconnected");
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
      old.close("disconnected");
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
    return this.#send({ route, body, id: randomId(), timeout, isOwn: true }, connection);
  }

  /** @param {Parameters<Requests["ask"]>[1]} what */
  #send(what, connection = this.#connection) {
    const asked = this.#requests.ask(connection, what);
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
    const { time } = await this.#ask(connection, "ping", { protocol: PROTOCOL }, timeout);
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

  /**
   * Some refusals are of the connection, or of the client.
   *
   * @param {Connection} connection
   * @param {import("./errors.js").Rejection} rejection
   */
  #refused(connection, { code, message }) {
    if (code === "token_expired") {
      connection.drop("the token has expired");
    } else if (code === "outdated") {
      this.#close(message, code);
    }
  }

  /** @param {string} reason */
  #close(reason, code = "closed") {
    if (this.#state === "closed") {
      return;
    }
    this.#attempt?.abort();
    this.#listening.abort();
    const connections = [this.#connection, this.#draining];
    this.#leaveConnection();
    this.#draining = null;
    this.#requests.close();
    connections.forEach((connection) => connection?.close("closed"));
    Object.values(this.#timers).forEach(clearTimeout);
    this.#is("closed", { reason, code });
  }

  /**
   * @param {"connecting" | "online" | "waiting" | "closed"} state
   * @param {{reason?: string, retryIn?: number, code?: string}} [why]
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
    this.#plays.answered(push.ack);
    if (this.#progress.isNews(type, push)) {
      this.#emit(type, push);
    }
    if (push.ack !== undefined) {
      [this.#connection, this.#draining].forEach((connection) => connection?.take(push.ack)?.resolve(push));
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
