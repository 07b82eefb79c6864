/** The parts of the console that need no page. */

import { changes, unfold, versions } from "../console/diff.js";
import { Feed, SHOWN, passes, perHour, summary } from "../console/events.js";
import { duration, idLabel, isId, shortName, usd } from "../console/format.js";
import { axis, fieldsOf, lanes, roleOf } from "../console/trace.js";
import { equal, test } from "./harness.js";

const said = (at, name, message, fields) => ({ at, function: name, line: { level: "INFO", message, ...fields } });

test("a text that is JSON is taken for what it means, and any other stays", () => {
  equal(unfold({ state: '{"cells":"[1,2]"}', name: "[sic]", list: ["{}"], none: null }), {
    state: { cells: [1, 2] },
    name: "[sic]",
    list: [{}],
    none: null,
  });
});

test("what changed is told by paths, also where it lies deep or was empty before", () => {
  const before = { phase: "playing", seats: [{ away: true }, {}], gone: 0, same: [1, { a: null }] };
  const after = { phase: "over", seats: [{ away: false }, { left: true }], same: [1, { a: null }], outcome: { places: [1] } };
  equal(
    changes(before, after).map(({ path, kind }) => `${kind} ${path}`),
    ["changed phase", "changed seats.0.away", "removed seats.1", "removed gone", "added seats.1.left", "added outcome.places.0"],
  );
  equal(changes(after, structuredClone(after)), []);
});

test("a value that became false, nothing or empty has changed", () => {
  const [one, two, three] = changes({ a: true, b: 7, c: "x" }, { a: false, b: null, c: "" });
  equal([one.after, two.after, three.after], [false, null, ""]);
});

test("a row's versions are its own, newest first, and the first that is known tells no change", () => {
  const keys = { matchId: "m", item: "match" };
  const other = { at: 2, event: "MODIFY", keys: { item: "other", matchId: "m" }, image: { revision: 9 } };
  const made = (at, event, image) => ({ at, event, keys: { item: "match", matchId: "m" }, image });
  const history = [
    made(1, "MODIFY", { revision: 4 }),
    other,
    made(3, "MODIFY", { revision: 5 }),
    made(4, "REMOVE"),
    made(5, "INSERT", { revision: 1 }),
  ];
  const told = versions(history, keys).map(({ at, first, changes: list }) => [at, first, list.map(({ kind }) => kind)]);
  equal(told, [
    [5, false, ["added"]],
    [4, false, ["removed"]],
    [3, false, ["changed"]],
    [1, true, []],
  ]);
});

test("an event passes by its kind, its function, and any text in it", () => {
  const play = { kind: "invocation", function: "muster-dev-play", id: "i" };
  const row = { kind: "row", table: "players", keys: { playerId: "Ada" }, image: { holds: "m-1" } };
  const filter = { kinds: new Set(["invocation", "row"]), function: "", text: "" };
  const which = (more) => [play, row].map((event) => passes({ ...filter, ...more }, event));
  equal(
    [which({}), which({ kinds: new Set(["row"]) }), which({ function: "muster-dev-play" })],
    [
      [true, true],
      [false, true],
      [true, false],
    ],
  );
  equal(
    [which({ text: "aDA" }), which({ text: "m-1" }), which({ text: "nobody" })],
    [
      [false, true],
      [false, true],
      [false, false],
    ],
  );
});

test("the feed keeps the latest events, gives those after another, and no more than are shown", () => {
  const feed = new Feed();
  for (let batch = 0; batch < 60; batch += 1) {
    feed.add({ events: Array.from({ length: 50 }, (_, index) => ({ kind: "frame", n: batch * 50 + index })), dropped: 1 });
  }
  equal([feed.events.length, feed.number, feed.dropped, feed.counts.frames], [2_000, 3_000, 60, 3_000]);
  const latest = feed.after(2_996, () => true);
  equal(
    latest.map(({ event }) => event.n),
    [2_999, 2_998, 2_997, 2_996],
  );
  equal(
    [feed.after(0, () => true).length, feed.after(3_000, () => true).length, feed.after(0, ({ n }) => n % 500 === 0).length],
    [SHOWN, 0, 4],
  );
});

test("rates are of whole seconds, and what is older than a minute is forgotten", () => {
  const feed = new Feed();
  const add = (second, kind, count) => feed.add({ events: Array.from({ length: count }, () => ({ kind })) }, second * 1_000 + 400);
  add(100, "row", 3);
  add(130, "row", 2);
  add(130, "frame", 9);
  add(161, "row", 7);
  const rates = feed.rates("row", 161_900);
  equal([rates.length, rates[29], rates.at(-1), rates.reduce((sum, rate) => sum + rate, 0)], [60, 2, 0, 2]);
  equal(feed.rates("row", 162_000).at(-1), 7);
});

test("invocations that failed or began cold are counted", () => {
  const feed = new Feed();
  feed.add({
    events: [{ kind: "invocation", cold: true, error: false }, { kind: "invocation", cold: false, error: true }, { kind: "letter" }],
  });
  equal(feed.counts, { frames: 0, invocations: 2, errors: 1, cold: 1, rows: 0, letters: 1 });
});

test("an event says whom it is about", () => {
  equal(summary({ kind: "row", table: "messages", event: "INSERT", keys: { recipientId: "bob", messageId: "m" } }), {
    what: "messages INSERT",
    player: "bob",
    text: "bob · m",
  });
  equal(summary({ kind: "frame", direction: "in", bytes: 12, playerId: "ada", text: "{}" }), {
    what: "in 12 B",
    player: "ada",
    text: "{}",
  });
});

test("the bill of an hour is the pace of the samples", () => {
  equal(
    [
      perHour([]),
      perHour([{ at: 1, usd: 1 }]),
      perHour([
        { at: 0, usd: 1 },
        { at: 30_000, usd: 1.5 },
      ]),
    ],
    [undefined, undefined, 60],
  );
});

test("a line's fields are its own and those of its span, and its own win", () => {
  equal(fieldsOf({ level: "INFO", message: "played", by: "b", span: { name: "route", cause: "c", by: "x" } }), { cause: "c", by: "b" });
});

test("a lane holds a bar for each request, and the same request much later has another", () => {
  const lines = [
    said(0, "play", "played", { cause: "c", by: "one" }),
    said(4, "announce", "delivered", { cause: "c", by: "one" }),
    said(7, "play", "replied", { cause: "c", by: "one" }),
    said(8, "play", "played", { cause: "c", by: "two" }),
    { ...said(900, "play", "played", { by: "one" }), line: { level: "ERROR", message: "failed", by: "one" } },
  ];
  const told = lanes(lines).map((lane) => [lane.function, lane.bars.map(({ from, to, lines: of, error }) => [from, to, of.length, error])]);
  equal(told, [
    [
      "play",
      [
        [0, 7, 2, false],
        [8, 8, 1, false],
        [900, 900, 1, true],
      ],
    ],
    ["announce", [[4, 4, 1, false]]],
  ]);
});

test("an axis is even, or has its pauses shortened", () => {
  const times = [1_000, 1_010, 5_010, 5_020];
  const even = axis(times, false);
  equal([even.place(1_000), even.place(5_020), even.breaks, even.ticks.length >= 4], [0, 1, [], true]);
  const short = axis(times, true);
  equal(
    times.map((at) => Math.round(short.place(at) * 70)),
    [0, 10, 60, 70],
  );
  equal(
    short.breaks.map(({ milliseconds }) => milliseconds),
    [4_000],
  );
  equal(axis([7, 7], true).place(7), 0);
});

test("what an id is shows in the lines that hold it", () => {
  const lines = [said(0, "a", "x", { matchId: "m", cause: "c" }), said(1, "b", "x", { matchId: "m", groupId: "m" })];
  equal([roleOf("m", lines), roleOf("c", lines), roleOf("nothing", lines)], ["matchId", "cause", ""]);
});

test("amounts are written with the digits that tell something", () => {
  equal([0.4, 17, 1_234, 90_000, 240_000, 7_300_000].map(duration), ["0.4 ms", "17 ms", "1.2 s", "90 s", "4 min", "2 h"]);
  equal([0, 3.456, 0.0123, 0.000_004_56].map(usd), ["$0.00", "$3.46", "$0.012", "$0.0000046"]);
  equal([idLabel("bob"), idLabel("0199a2b4-77aa-7cc0-9d2e-1f2a3b4c5d6e")], ["bob", "0199a2b4…5d6e"]);
  equal([isId("matchId", "m"), isId("matchId", 7), isId("mode", "rps"), isId("cause", "")], [true, false, false, false]);
  const stack = { game: "muster", stage: "dev" };
  equal([shortName("muster-dev-play", stack), shortName("other-play", stack)], ["play", "other-play"]);
});
