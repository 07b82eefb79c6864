/**
 * The stream of events of a stack that runs: how many there are kept, counted, and which of them somebody wants to see. Pure.
 */

export const KINDS = ["socket", "frame", "invocation", "row", "letter"];

/** How many events are kept, and how many are shown. */
const KEPT = 2_000;
export const SHOWN = 500;

/** For how many seconds it is counted how many there were in each. */
export const SECONDS = 60;

/** The latest events, and counts of all. */
export class Feed {
  /** Newest last, each as `{ number, event }`. */
  events = [];
  number = 0;
  dropped = 0;
  counts = { frames: 0, invocations: 0, errors: 0, cold: 0, rows: 0, letters: 0 };
  /** Of each of the last seconds, by its number: how many of each kind. */
  #seconds = new Map();

  /** Takes what came at once. */
  add({ events = [], dropped = 0 }, now = Date.now()) {
    const second = this.#second(Math.floor(now / 1_000));
    this.dropped += dropped;
    for (const event of events) {
      this.number += 1;
      this.events.push({ number: this.number, event });
      second[event.kind] = (second[event.kind] ?? 0) + 1;
      this.#count(event);
    }
    if (this.events.length > KEPT) {
      this.events.splice(0, this.events.length - KEPT);
    }
  }

  /** The events after the one of that number which pass, newest first, and no more than can be shown. */
  after(number, passes) {
    const found = [];
    for (let index = this.events.length - 1; index >= 0 && this.events[index].number > number && found.length < SHOWN; index -= 1) {
      if (passes(this.events[index].event)) {
        found.push(this.events[index]);
      }
    }
    return found;
  }

  /** How many of a kind there were in each of the last seconds, oldest first; the one that has just begun is left out. */
  rates(kind, now = Date.now()) {
    const until = Math.floor(now / 1_000);
    return Array.from({ length: SECONDS }, (_, index) => this.#seconds.get(until - SECONDS + index)?.[kind] ?? 0);
  }

  #count(event) {
    const { counts } = this;
    counts.frames += event.kind === "frame";
    counts.rows += event.kind === "row";
    counts.letters += event.kind === "letter";
    if (event.kind === "invocation") {
      counts.invocations += 1;
      counts.errors += event.error ? 1 : 0;
      counts.cold += event.cold ? 1 : 0;
    }
  }

  #second(number) {
    if (!this.#seconds.has(number)) {
      this.#seconds.set(number, {});
      for (const old of this.#seconds.keys()) {
        if (old < number - SECONDS - 1) {
          this.#seconds.delete(old);
        }
      }
    }
    return this.#seconds.get(number);
  }
}

/**
 * Whether an event passes: its kind is among `kinds`, its function is the one that is wanted, and it has the text somewhere.
 *
 * @param {{ kinds: Set<string>, function: string, text: string }} filter
 */
export function passes(filter, event) {
  if (!filter.kinds.has(event.kind) || (filter.function && event.function !== filter.function)) {
    return false;
  }
  return !filter.text || JSON.stringify(event).toLowerCase().includes(filter.text.toLowerCase());
}

/** Who or what an event is about, in a few words: what it is of, its player, and the rest. */
export function summary(event) {
  const keys = Object.values(event.keys ?? {}).join(" · ");
  switch (event.kind) {
    case "socket":
      return { what: event.what, player: event.playerId, text: event.connectionId };
    case "frame":
      return { what: `${event.direction} ${event.bytes} B`, player: event.playerId, text: (event.text ?? "").slice(0, 300) };
    case "invocation":
      return { what: event.function, player: "", text: "" };
    case "row":
      return { what: `${event.table} ${event.event}`, player: ownerOf(event), text: keys };
    default:
      return { what: event.queue ?? event.kind, player: "", text: JSON.stringify(event.body ?? event).slice(0, 300) };
  }
}

function ownerOf({ keys = {}, image }) {
  return keys.playerId ?? keys.recipientId ?? image?.playerId ?? "";
}

/** What is billed in an hour at the pace of some samples, `{ at, usd }`; `undefined` before there is any pace. */
export function perHour(samples) {
  const [first, last] = [samples[0], samples.at(-1)];
  return samples.length > 1 && last.at > first.at ? ((last.usd - first.usd) / (last.at - first.at)) * 3_600_000 : undefined;
}
