/**
 * What the tests need: a list of them, comparisons, and a server behind pretended sockets, which does what a test says.
 */

import { connect } from "../muster.js";

/** @type {[string, () => unknown][]} */
const tests = [];

/** How long a test may take, in milliseconds. */
const PATIENCE = 5_000;

/** Adds a test. */
export function test(name, body) {
  tests.push([name, body]);
}

/** Runs all of them, one after another. */
export async function run() {
  const results = [];
  for (const [name, body] of tests) {
    try {
      await Promise.race([body(), pause(PATIENCE).then(() => Promise.reject(new Error("it takes too long")))]);
      results.push({ name, problem: "" });
    } catch (error) {
      results.push({ name, problem: error.stack ?? String(error) });
    }
  }
  return results;
}

/** Compares by what JSON shows of both. */
export function equal(one, other) {
  const [left, right] = [JSON.stringify(one), JSON.stringify(other)];
  if (left !== right) {
    throw new Error(`${left} is not ${right}`);
  }
}

/** What a promise fails with. */
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it should have failed");
}

export function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}

/** Waits until something is true. */
export async function until(condition) {
  while (!condition()) {
    await pause(2);
  }
}

/** A server that opens sockets and answers pings and resumes, unless a test answers otherwise. */
export class Server {
  /** Every socket that was opened, oldest first. */
  sockets = [];
  /** Every frame that arrived, as `[route, body, requestId, reply]`. */
  frames = [];
  /** What a route is answered with: a function of the body, whose result is a reply's body or, with a `type`, a frame; `undefined` is silence. */
  answers = { ping: () => ({ time: Date.now(), protocol: 1 }), resume: () => ({ messages: [], after: "cursor", complete: true, state: {} }) };
  /** Whether handshakes succeed. */
  isUp = true;

  /** A client of this server, which is patient in milliseconds and notes its events. */
  client(options = {}) {
    const server = this;
    class Socket {
      readyState = 0;
      constructor(url) {
        this.url = new URL(url);
        server.sockets.push(this);
        setTimeout(() => (server.isUp ? this.onopen?.() : this.onclose?.({ code: 1006, reason: "" })), 1);
      }
      send(text) {
        server.take(this, JSON.parse(text));
      }
      close() {
        this.isClosed = true;
      }
    }
    const backoff = { base: 5, cap: 20 };
    const muster = connect({ url: "ws://host/dev", token: async () => "t", requestTimeout: 150, backoff, Socket, ...options });
    const events = [];
    for (const name of ["message", "match", "session", "placement", "pool", "resumed", "gateway"]) {
      muster.on(name, (detail) => events.push([name, detail]));
    }
    return { muster, events, of: (name) => events.filter(([event]) => event === name).map(([, detail]) => detail) };
  }

  take(socket, { route, requestId, reply, body }) {
    this.frames.push([route, body, requestId, reply]);
    const answer = this.answers[route]?.(body, requestId);
    if (answer !== undefined) {
      const frame = answer.type ? { requestId, ...answer } : { type: "reply", requestId, route, body: answer };
      setTimeout(() => this.push(frame, socket), 1);
    }
  }

  /** Sends a frame down the latest socket, or another. */
  push(frame, socket = this.sockets.at(-1)) {
    if (!socket.isClosed) {
      socket.onmessage?.({ data: JSON.stringify(frame) });
    }
  }

  /** Ends the latest socket, or another. */
  lose(socket = this.sockets.at(-1), code = 1006) {
    socket.onclose?.({ code, reason: "" });
  }

  /** The bodies of all frames of one route. */
  asked(route) {
    return this.frames.filter(([name]) => name === route).map(([, body]) => body);
  }
}

/** A message as it is pushed. */
export function message(messageId, text = messageId, more = {}) {
  return { type: "message", messageId, senderId: "bob", message: text, sentAt: 1_000, ...more };
}
