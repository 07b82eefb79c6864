/** The queues, and the letters of what could not be done: what they say, and what is done with them. */

import { WHO, letters as step, operate } from "../api.js";
import { announce, attempt, button, closer, confirm, el, facts, idLink, json, pause, problems, table, tabs } from "../dom.js";
import { unfold } from "../diff.js";
import { day, duration, shortName } from "../format.js";
import { follow } from "./follow.js";

export const title = "Queues";

/** The verdicts after which a letter is in no queue any more. */
const GONE = new Set(["replayed", "superseded", "purged"]);

/** The counts of a run that are shown, in this order. */
const COUNTS = ["looked", "replayed", "superseded", "failed", "parked", "expired", "purged"];

export function open(root, [name], { stack, feed }) {
  const queue = stack.queues.includes(name) ? name : stack.queues[0];
  const trouble = problems();
  const counts = el("div", {});
  const runs = el("div", { class: "stack" });
  const desk = new Desk(stack, queue, trouble, () => attempt(trouble, async () => Promise.all([drawCounts(counts), drawRuns(runs)])));
  root.append(
    counts,
    el("h2", {}, "Dead letters"),
    tabs("Queues of dead letters", "queues", stack.queues, queue),
    ...desk.elements,
    el("h2", {}, "Past runs"),
    runs,
  );
  desk.onchange();
  attempt(trouble, () => desk.list());
  const stop = follow(feed, counts, ({ kind }) => kind === "letter", desk.onchange);
  return () => {
    stop();
    desk.close();
  };
}

async function drawCounts(where) {
  const { queues } = await operate({ ask: "queues" });
  const columns = [
    ["Queue", "name"],
    ["Visible", "visible"],
    ["In flight", "inFlight"],
    ["Delayed", "delayed"],
  ];
  where.replaceChildren(
    table(
      "Messages in the queues",
      columns.map(([heading, member]) => [heading, (row) => String(row[member] ?? 0)]),
      queues,
    ),
  );
}

async function drawRuns(where) {
  const { runs } = await operate({ ask: "runs" });
  const columns = [
    ["Began", (run) => day(run.startedAt)],
    ["Took", (run) => (run.endedAt ? duration(run.endedAt - run.startedAt) : "not ended")],
    ["Queue", (run) => run.queue ?? ""],
    ["Who", (run) => run.who ?? ""],
    ["Only", (run) => (run.only ? `${run.only.field} = ${run.only.value}` : "")],
    ...COUNTS.map((name) => [name, (run) => String(run[name] ?? 0)]),
  ];
  where.replaceChildren(runs.length ? table("Past runs", columns, runs) : el("p", { class: "quiet" }, "There are none."));
}

/** The letters of one queue, and a run that goes on step by step. */
class Desk {
  #letters = new Map();
  #running = false;
  #stopped = false;

  constructor(stack, queue, trouble, onchange) {
    this.stack = stack;
    this.queue = queue;
    this.trouble = trouble;
    this.onchange = onchange;
    this.field = el("input", {
      list: "letter-fields",
      "aria-label": "Only letters whose field",
      placeholder: "Field, such as function",
      spellcheck: "false",
    });
    this.value = el("input", { "data-search": true, "aria-label": "has the value", placeholder: "Value", spellcheck: "false" });
    this.limit = el("input", { type: "number", min: "1", value: "1000", "aria-label": "Most letters" });
    this.rate = el("input", { type: "number", min: "1", value: "10", "aria-label": "Letters a second" });
    const names = ["function", "kind", "about", "cause", "reason", "body.record.dynamodb.Keys.matchId.S"];
    this.progress = el("div", { class: "run", role: "status" });
    this.found = el("div", { class: "stack" });
    this.whole = el("section", { class: "card whole stack", tabindex: "-1", "aria-label": "The letter", hidden: true });
    this.stop = button("Stop", () => (this.#stopped = true), trouble, { hidden: true });
    this.elements = [
      el(
        "form",
        { class: "row filters", onsubmit: (event) => event.preventDefault() },
        el(
          "datalist",
          { id: "letter-fields" },
          names.map((name) => el("option", { value: name })),
        ),
        this.field,
        this.value,
        el("label", { class: "check" }, "Most ", this.limit),
        el("label", { class: "check" }, "A second ", this.rate),
      ),
      el(
        "p",
        { class: "row" },
        this.#action("List", () => this.list()),
        this.#action("Dry run", () => this.run("replay", { dryRun: true })),
        this.#action("Replay", () => this.run("replay"), "primary"),
        this.#action("Park", () => this.run("park")),
        this.#action("Unpark", () => this.run("unpark")),
        this.#action("Purge…", () => this.purge(), "danger"),
        this.stop,
      ),
      trouble,
      this.progress,
      this.whole,
      this.found,
    ];
  }

  close() {
    this.#stopped = true;
  }

  #action(text, act, kind = "") {
    return button(text, act, this.trouble, { class: kind, "data-do": text.toLowerCase().replace("…", "") });
  }

  /** The letters that are meant: all, those with a value in a field, or one. */
  #only(letter) {
    if (letter) {
      return { only: { field: "messageId", value: letter.messageId } };
    }
    const [field, value] = [this.field.value.trim(), this.value.value.trim()];
    if (!field !== !value) {
      throw new Error("Both the field and its value are needed, or neither.");
    }
    return field ? { only: { field, value } } : {};
  }

  async list() {
    this.#letters.clear();
    await this.run("list");
  }

  async purge(letter) {
    const which = letter
      ? "This letter"
      : this.field.value.trim()
        ? `Letters whose ${this.field.value} is ${this.value.value}`
        : `All letters of the queue ${this.queue}`;
    if (await confirm("Purge?", `${which} will be deleted, and what they stand for is never done.`, "Delete")) {
      await this.run("purge", {}, letter);
    }
  }

  /** While a run is under way there can be no other. */
  #setUsable() {
    for (const each of this.elements.flatMap((element) => [...element.querySelectorAll("button")])) {
      each.setAttribute("aria-disabled", String(this.#running && each !== this.stop));
    }
  }

  /** Asks step by step until nothing more is to do, as the state machine does. */
  async run(action, more = {}, letter) {
    if (this.#running) {
      throw new Error("A run is under way: stop it first, or wait for its end.");
    }
    let request = {
      do: action,
      queue: this.queue,
      limit: Number(this.limit.value),
      rate: Number(this.rate.value),
      who: WHO,
      ...this.#only(letter),
      ...more,
    };
    this.#running = true;
    this.#stopped = false;
    this.stop.hidden = false;
    this.#setUsable();
    try {
      for (;;) {
        const { letters = [], ...answer } = await step(request);
        letters.forEach((each) => this.#letters.set(each.messageId, each));
        this.#draw(answer, action, more.dryRun);
        this.#setUsable();
        if (answer.done || this.#stopped) {
          break;
        }
        request = answer;
        await pause((answer.waitSeconds ?? 1) * 1_000);
        if (this.#stopped) {
          break;
        }
      }
    } finally {
      this.#running = false;
      this.stop.hidden = true;
      this.#setUsable();
    }
    if (action !== "list") {
      this.onchange();
    }
  }

  #draw({ run = {}, left = 0, done, summary = "" }, action, isDry) {
    const settled = (run.replayed ?? 0) + (run.superseded ?? 0) + (run.purged ?? 0);
    const words = `${isDry ? "Dry run: " : ""}${summary}${done ? "" : " …it goes on while this view is shown."}`;
    const bar = el("progress", {
      max: String(Math.max(1, settled + left)),
      value: String(done ? Math.max(1, settled + left) : settled),
      "aria-label": "Progress",
    });
    const shown = COUNTS.filter((name) => run[name]).map((name) => `${run[name]} ${name}`);
    this.progress.replaceChildren(
      el("p", {}, words, " ", el("span", { class: "quiet" }, [...shown, `${left} left`].join(", "))),
      action === "list" ? "" : bar,
    );
    announce(words);
    const letters = [...this.#letters.values()];
    this.found.replaceChildren(letters.length ? this.#table(letters) : el("p", { class: "quiet" }, "There are no letters."));
  }

  #table(letters) {
    const verdict = ({ verdict, parked }) => [
      verdict && el("b", { class: `mark ${verdict}` }, verdict),
      " ",
      parked && verdict !== "parked" && el("b", { class: "mark parked" }, "parked"),
    ];
    const columns = [
      ["Sent", ({ sentAt }) => el("time", {}, day(sentAt))],
      ["Function", (letter) => shortName(letter.function, this.stack)],
      ["Kind", ({ kind }) => kind],
      ["About", ({ about, cause }) => [about, " ", cause && idLink(cause, "timeline")]],
      ["Reason", ({ reason, newReason }) => [reason, newReason && el("div", { class: "quiet" }, `Again: ${newReason}`)]],
      ["Replays", ({ replays }) => String(replays ?? 0)],
      ["", verdict],
      ["", (letter) => el("span", { class: "row tight" }, this.#actions(letter))],
    ];
    return table(`Letters of ${this.queue}`, columns, letters, ({ messageId }) => ({ "data-letter": messageId }));
  }

  #actions(letter) {
    const small = { class: "small" };
    if (GONE.has(letter.verdict)) {
      return [];
    }
    return [
      button("Show", () => this.show(letter), this.trouble, small),
      button("Replay", () => this.run("replay", {}, letter), this.trouble, small),
      letter.parked
        ? button("Unpark", () => this.run("unpark", {}, letter), this.trouble, small)
        : button("Park", () => this.run("park", {}, letter), this.trouble, small),
      button("Purge…", () => this.purge(letter), this.trouble, small),
    ];
  }

  async show({ messageId }) {
    const answer = await step({ do: "show", queue: this.queue, messageId, who: WHO });
    const letter = answer.letters?.find((each) => each.messageId === messageId) ?? answer.letters?.[0];
    if (!letter) {
      throw new Error("That letter is not there any more, or another is looking at it right now.");
    }
    const { body, records, cause } = letter;
    this.whole.hidden = false;
    this.whole.replaceChildren(
      el("div", { class: "row spread" }, el("h3", {}, letter.about), closer(this.whole)),
      facts({
        Function: shortName(letter.function, this.stack),
        Kind: letter.kind,
        Sent: day(letter.sentAt),
        Replays: `${letter.replays ?? 0}${letter.parked ? ", parked" : ""}`,
        Cause: cause && idLink(cause),
        Reason: letter.reason,
        "Failed again with": letter.newReason,
      }),
      el("h3", {}, "Body"),
      json(unfold(body ?? null), "Body"),
      ...(records?.length ? [el("h3", {}, "Records that it points at"), json(unfold(records), "Records")] : []),
    );
    this.whole.focus();
  }
}
