/**
 * One WebSocket: what was asked over it, and who waits for the answer.
 */

import { Rejection, RequestError } from "./errors.js";

/**
 * Largest frame that API Gateway takes, in bytes. A larger one closes the connection, and a browser sends each message as one frame.
 */
const FRAME_BYTES = 32 * 1024;

/**
 * @typedef {object} Request
 * @property {string} id
 * @property {string} text The frame.
 * @property {boolean} isOwn The client itself repeats it if it fails.
 * @property {(body: any) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {Connection} [connection] Over which it was sent.
 *
 * @typedef {object} Handlers
 * @property {(type: string, push: any) => void} pushed
 * @property {(match: any, requestId: string) => void} found A reply or a rejection brings a match.
 * @property {(frame: object) => void} gateway API Gateway spoke for itself.
 * @property {(rejection: Rejection) => void} refused After whoever asked was told.
 * @property {(reason: string) => void} ended Not after `close`.
 */

/** A random id, so that a page that was loaded anew never uses one again. (`crypto.randomUUID` exists on secure pages only.) */
export function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The routes that are answered with a match. */
const OF_MATCHES = ["newMatch", "joinMatch", "startMatch", "leaveMatch", "play"];

/**
 * The frame of a request.
 *
 * @param {object} request
 */
export function frame(request) {
  const text = JSON.stringify(request);
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > FRAME_BYTES) {
    throw new RequestError("too_large", `a frame has at most ${FRAME_BYTES} bytes, not ${bytes}`, false);
  }
  return text;
}

/** An open connection. */
export class Connection {
  #socket;
  /** @type {Map<string, Request>} */
  #open = new Map();
  /** Sent, unanswered, and nobody waits: a frame of the gateway may be about one of these. @type {Set<string>} */
  #abandoned = new Set();
  /** @type {Handlers} */
  #handlers;
  #ended = false;

  /**
   * @param {WebSocket} socket
   * @param {Handlers} handlers
   */
  constructor(socket, handlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason }) => this.drop(`the server closed the connection (${code}${reason && `: ${reason}`})`);
  }

  /** How many requests are unanswered for which somebody waits. */
  get waiting() {
    return this.#open.size;
  }

  /** @param {Request} request */
  send(request) {
    request.connection = this;
    this.#open.set(request.id, request);
    this.#socket.send(request.text);
  }

  /**
   * Nobody waits for this answer any more.
   *
   * @param {string} id
   */
  abandon(id) {
    if (this.#open.delete(id)) {
      this.#abandoned.add(id);
    }
  }

  /**
   * The connection is of no use any more: what was sent fails.
   *
   * @param {string} reason
   */
  drop(reason) {
    if (!this.#ended) {
      this.#end(new RequestError("disconnected", `${reason}; the request may have happened`, true));
      this.#handlers.ended(reason);
    }
  }

  /**
   * Closes the connection, which nobody is told of but who waits for an answer.
   *
   * @param {string} code
   */
  close(code) {
    if (!this.#ended) {
      this.#end(new RequestError(code, "the connection was closed; the request may have happened", true));
    }
  }

  /** @param {Error} error */
  #end(error) {
    this.#ended = true;
    // A socket without a network can take minutes to find out that it is closed.
    this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close(1000);
    for (const request of this.#open.values()) {
      request.reject(error);
    }
    this.#open.clear();
  }

  /** @param {unknown} text */
  #receive(text) {
    const read = parse(text);
    switch (read?.type) {
      case "reply":
        this.#found(OF_MATCHES.includes(read.route) && read.body, read.requestId);
        this.take(read.requestId)?.resolve(read.body);
        break;
      case "rejection": {
        const rejection = new Rejection(read);
        this.#found(read.match, read.requestId);
        this.take(read.requestId)?.reject(rejection);
        this.#handlers.refused(rejection);
        break;
      }
      case undefined:
      case null:
        if (typeof read?.message === "string") {
          this.#complained(read);
        }
        break;
      default:
        this.#handlers.pushed(read.type, read);
    }
  }

  /**
   * @param {any} match
   * @param {string} requestId
   */
  #found(match, requestId) {
    if (match?.matchId) {
      this.#handlers.found(match, requestId);
    }
  }

  /**
   * The request of this id, which is answered now.
   *
   * @param {string | undefined} id
   */
  take(id) {
    const request = id === undefined ? undefined : this.#open.get(id);
    if (id !== undefined) {
      this.#open.delete(id);
      this.#abandoned.delete(id);
    }
    return request;
  }

  /**
   * A frame without a type is API Gateway's, and names no request of ours. It fails the one that it must be about. If it may be about
   * several, it fails those that the client itself repeats; the others' time-outs decide.
   *
   * @param {{message: string}} complaint
   */
  #complained(complaint) {
    const requests = [...this.#open.values()];
    const isCertain = requests.length === 1 && this.#abandoned.size === 0;
    for (const request of isCertain ? requests : requests.filter(({ isOwn }) => isOwn)) {
      this.#open.delete(request.id);
      // Whoever waited for one of several is gone, but its answer may come yet.
      if (!isCertain) {
        this.#abandoned.add(request.id);
      }
      request.reject(new RequestError("gateway", complaint.message, true));
    }
    this.#handlers.gateway(complaint);
  }
}

/**
 * Nothing that a server sends can make the client fail.
 *
 * @param {unknown} text
 */
function parse(text) {
  try {
    const read = JSON.parse(/** @type {string} */ (text));
    return typeof read === "object" ? read : null;
  } catch {
    return null;
  }
}
