/**
 * The lines of a trace as a waterfall. Pure.
 */

/** A pause that is longer than this, in milliseconds, is shown as long as this where pauses are shortened. */
const PAUSE = 50;

/** What a line says besides its message: its own fields, and those of the request's span around it. */
export function fieldsOf(line) {
  const { level, message, span, spans, timestamp, target, ...own } = line;
  const { name, ...around } = span ?? {};
  return { ...around, ...own };
}

/** What a line says; one of another shape, such as Lambda's own reports, says its type. */
export function messageOf(line) {
  return line.message ?? line.type ?? line.text ?? "";
}

/** The request that a line is about: `by`, which made this change, before `cause`, which began it all. */
export function requestOf(line) {
  const { by, cause } = fieldsOf(line);
  return by ?? cause ?? "";
}

/**
 * A lane for each function, in the order in which they first appear, with a bar for each request that it had to do with, from its first
 * line to its last.
 *
 * @returns {{ function: string, bars: { from: number, to: number, lines: number[], error: boolean }[] }[]}
 */
export function lanes(lines) {
  const found = new Map();
  lines.forEach(({ at, function: name, line }, index) => {
    if (!found.has(name)) {
      found.set(name, { function: name, bars: [] });
    }
    const { bars } = found.get(name);
    const request = requestOf(line);
    // The same request comes again to the same function, as a resume or a timer does; then it is another bar.
    const open = bars.findLast((bar) => bar.request === request && at - bar.to <= PAUSE);
    const error = line.level === "ERROR" || line.level === "WARN";
    if (open) {
      open.to = at;
      open.lines.push(index);
      open.error ||= error;
    } else {
      bars.push({ request, from: at, to: at, lines: [index], error });
    }
  });
  return [...found.values()];
}

/**
 * Where times are on an axis from 0 to 1. `place` is for times that were given; `breaks` are pauses that are shortened.
 *
 * @param {number[]} times In order.
 * @param {boolean} shorten
 * @returns {{ place: (at: number) => number, breaks: Mark[], ticks: Mark[] }}
 * @typedef {{ at: number, milliseconds: number }} Mark
 */
export function axis(times, shorten) {
  const places = new Map();
  const breaks = [];
  let length = 0;
  times.forEach((at, index) => {
    const gap = index ? at - times[index - 1] : 0;
    const shown = shorten ? Math.min(gap, PAUSE) : gap;
    if (shown < gap) {
      breaks.push({ at: length + shown / 2, milliseconds: gap });
    }
    length += shown;
    places.set(at, length);
  });
  const whole = length || 1;
  const relative = (pauses) => pauses.map(({ at, milliseconds }) => ({ at: at / whole, milliseconds }));
  const ticks = breaks.length ? [] : steps(length).map((milliseconds) => ({ at: milliseconds, milliseconds }));
  return { place: (at) => (places.get(at) ?? 0) / whole, breaks: relative(breaks), ticks: relative(ticks) };
}

/** Round numbers from 0 to a length, four to nine of them. */
function steps(length) {
  const rough = Math.max(length, 1) / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

/** The name of the field in which lines hold this id most often, such as `matchId`; empty if none does. */
export function roleOf(id, lines) {
  const counts = new Map();
  for (const { line } of lines) {
    for (const [name, value] of Object.entries(fieldsOf(line))) {
      if (value === id) {
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
  }
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0] ?? "";
}
