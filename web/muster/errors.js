/**
 * What a request can end with beside its answer. Programs go by `code`, people by `message`.
 */

/** Any failed request. */
export class MusterError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {boolean} mayHaveHappened
   */
  constructor(code, message, mayHaveHappened) {
    super(message);
    this.name = new.target.name;
    /** What kind of failure it is. */
    this.code = code;
    /** Whether the server may have done what was asked. If not, the request can be made anew; else with the same `requestId` only. */
    this.mayHaveHappened = mayHaveHappened;
  }
}

/**
 * The server refuses: `code` is one of the protocol's, such as `seated` or `stale`, or a game's own, and `message` names what is wrong.
 * Only after `internal` may the request have happened.
 */
export class Rejection extends MusterError {
  /** @param {{code: string, message: string, match?: any}} frame */
  constructor({ code, message, match }) {
    super(code, message, code === "internal");
    /** The match as it is, where the action was `stale`. */
    this.match = match;
  }
}

/**
 * There is no answer. `code` says why:
 * `disconnected` (sent, and then the connection was lost), `timed_out` (sent, and nothing came), `gateway` (API Gateway answered for the
 * server), `not_sent` (there was no connection in time), `too_large` (the frame would have closed the connection), `unacknowledged` (the
 * action before in this match is not acknowledged yet), `closed`.
 */
export class RequestError extends MusterError {}

/** What a token source throws when asking again would not help: the client closes instead of trying for ever. */
export class TokenRefused extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "TokenRefused";
  }
}
