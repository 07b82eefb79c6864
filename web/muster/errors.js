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
 * The server refuses: `code` is one of the protocol's, such as `seated` or `late_play`, and `message` names what is wrong. Only after
 * `internal` may the request have happened.
 */
export class Rejection extends MusterError {
  /**
   * @param {string} code
   * @param {string} message
   */
  constructor(code, message) {
    super(code, message, code === "internal");
  }
}

/**
 * There is no answer. `code` says why:
 * `disconnected` (sent, and then the connection was lost), `timed_out` (sent, and nothing came), `gateway` (API Gateway answered for the
 * server), `not_sent` (there was no connection in time), `too_large` (the frame would have closed the connection), `closed`.
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
