/**
 * A place on a game server: asked for, waited for, given up, found, and over.
 */

import { byId, setText, setUsable } from "./dom.js";
import { failure, placementEnd } from "./words.js";

/** The part of the lobby about game servers. */
export class GameServer {
  #request;
  /** The placement that is waited for or has a server. @type {string | undefined} */
  #placementId;
  /** What was pushed while it was not known yet which placement is ours. @type {(() => void)[] | null} */
  #early = null;

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
    if (this.#early) {
      this.#early.push(() => this.found({ placementId, ip, dns, port, playerSessionId, region }));
      return;
    }
    // One that was found before, and is told late, is not what is waited for.
    if (!byId("server-waiting").hidden && this.#placementId !== undefined && this.#placementId !== placementId) {
      return;
    }
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
   * @param {{placementId: string, outcome: string}} end
   */
  ended(end) {
    if (this.#early) {
      this.#early.push(() => this.ended(end));
      return;
    }
    if (this.#placementId !== undefined && this.#placementId !== end.placementId) {
      return;
    }
    // A page that is loaded anew is told of the last hour; that is worth a line, and no more.
    this.#placementId = undefined;
    this.#show("ask", placementEnd(end));
  }

  async #ask() {
    if (this.#early) {
      return;
    }
    this.#placementId = undefined;
    this.#early = [];
    this.#show("waiting", "");
    byId("server-cancel").focus();
    let problem;
    try {
      const { placementId } = await this.#request("sessionPlacementRequest", { mode: byId("server-mode").value });
      this.#placementId = placementId;
      this.#show("waiting", "");
    } catch (error) {
      problem = failure(/** @type {Error} */ (error));
    }
    // A push can be faster than the reply, and now it is known whether it was about this placement or the one before.
    const early = this.#early;
    this.#early = null;
    early.forEach((tell) => tell());
    if (problem !== undefined) {
      this.#show("ask", problem);
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
    // What is not known yet cannot be cancelled.
    setUsable(byId("server-cancel"), this.#placementId !== undefined);
    setText(byId("server-status"), status);
    if (hadFocus && what !== "waiting") {
      byId("server-request").focus();
    }
  }
}
