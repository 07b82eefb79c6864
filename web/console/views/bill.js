/** What `/status` says, asked every few seconds, and the bill at the present pace. */

import { get } from "../api.js";
import { perHour } from "../events.js";
import { usd } from "../format.js";

const EVERY = 2_000;

/** Over how many samples the pace is taken: a minute. */
const SAMPLES = 31;

export class Bill {
  status = null;
  samples = [];
  onchange = () => {};

  constructor() {
    this.#ask();
    this.timer = setInterval(() => document.hidden || this.#ask(), EVERY);
  }

  get hourly() {
    const rate = perHour(this.samples);
    return rate === undefined ? "–" : usd(rate);
  }

  get total() {
    return this.status ? usd(this.status.usage.usd) : "–";
  }

  close() {
    clearInterval(this.timer);
    this.onchange = () => {};
  }

  async #ask() {
    try {
      this.status = await get("/status");
    } catch {
      // The pill of the stream says already that nobody answers.
      return;
    }
    const { usd: used } = this.status.usage;
    if (used < this.samples.at(-1)?.usd) {
      // Another stack is there, which counts from the beginning.
      this.samples = [];
    }
    this.samples.push({ at: Date.now(), usd: used });
    this.samples.splice(0, this.samples.length - SAMPLES);
    this.onchange();
  }
}
