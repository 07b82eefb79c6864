/**
 * A place on a game server: asked for, waited for, given up, found, and over.
 */

import { byId, setText } from "./dom.js";
import { failure, placementEnd } from "./words.js";

/** The part of the lobby about game servers. */
export class GameServer {
  #request;
  /** The placement that is waited for or has a server. @type {string | undefined} */
  #placementId;

  /** @param {(route: string, body?: object) => Promise<any>} request */
  constructor(request) {
    this.#request = request;
    byId("server-request").addEventListener("click", () => this.#ask());
    byId("server-cancel").addEventListener("click", () => this.#cancel());
  }

  /**
   * The player waits for this placement, says a resume.
   *
   * @param {string} placementId
   */
  waits(placementId) {
    byId("server").open = true;
    this.#placementId = placementId;
    this.#show("waiting", "");
  }

  /** The player waits for none, says a resume. */
  waitsNot() {
    if (!byId("server-waiting").hidden) {
      this.#show("ask", "You no longer wait for a game server.");
    }
  }

  /**
   * There is one.
   *
   * @param {{placementId: string, ip: string, dns?: string, port: number, playerSessionId: string, region?: string}} session
   */
  found({ placementId, ip, dns, port, playerSessionId, region }) {
    byId("server").open = true;
    this.#placementId = placementId;
    setText(byId("server-address"), `${ip}:${port}${dns ? ` (${dns})` : ""}`);
    setText(byId("server-region"), region ?? "unknown");
    setText(byId("server-session"), playerSessionId);
    this.#show("found", `There is a game server at ${ip}, port ${port}. Show it your player session to get in.`);
  }

  /**
   * There is none, or its game is over.
   *
   * @param {{placementId: string, outcome: string, reason?: string, results?: unknown}} end
   */
  ended(end) {
    if (this.#placementId !== undefined && this.#placementId !== end.placementId) {
      return;
    }
    // A page that is loaded anew is told of the last hour; that is worth a line, and no more.
    this.#placementId = undefined;
    const results = end.results === undefined || end.results === null ? "" : ` Results: ${JSON.stringify(end.results)}`;
    this.#show("ask", `${placementEnd(end)}${results}`);
  }

  async #ask() {
    this.#show("waiting", "");
    byId("server-cancel").focus();
    try {
      const { placementId } = await this.#request("sessionPlacementRequest", { mode: byId("server-mode").value });
      this.#placementId ??= placementId;
    } catch (error) {
      this.#show("ask", failure(/** @type {Error} */ (error)));
      byId("server-request").focus();
    }
  }

  async #cancel() {
    if (this.#placementId === undefined) {
      return;
    }
    setText(byId("server-status"), "Cancelling…");
    try {
      const answer = await this.#request("cancelPlacement", { placementId: this.#placementId });
      if (answer.outcome && answer.outcome !== "fulfilled") {
        this.ended(answer);
      }
    } catch (error) {
      setText(byId("server-status"), failure(/** @type {Error} */ (error)));
    }
  }

  /**
   * @param {"ask" | "waiting" | "found"} what
   * @param {string} status
   */
  #show(what, status) {
    const hadFocus = byId("server-cancel") === document.activeElement;
    byId("server-ask").hidden = what === "waiting";
    byId("server-waiting").hidden = what !== "waiting";
    byId("server-found").hidden = what !== "found";
    setText(byId("server-status"), status);
    if (hadFocus && what !== "waiting") {
      byId("server-request").focus();
    }
  }
}
