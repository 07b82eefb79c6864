/**
 * How times, amounts and ids are written. Pure.
 */

/** The fields that hold the id of something which has a timeline. */
const IDS = new Set([
  ...["playerId", "senderId", "recipientId", "matchId", "placementId", "ticketId", "groupId", "requestId", "messageId", "connectionId"],
  ...["cause", "by", "holds", "connectionIds", "playerIds", "ticketIds", "playerSessionId"],
]);

/** Whether a field of this name holds an id. */
export function isId(name, value) {
  return typeof value === "string" && value !== "" && IDS.has(name);
}

/** An id, shortened if it is one of those that nobody reads. */
export function idLabel(id) {
  return id.length > 20 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}

export function clip(text, longest) {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

const two = (number) => String(number).padStart(2, "0");

/** The time of day, to the millisecond. */
export function clock(at) {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** The day and the time, to the second; rows say in whole seconds when they are forgotten, and in milliseconds when anything else was. */
export function day(at) {
  const date = new Date(at < 100_000_000_000 ? at * 1_000 : at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(date).slice(0, 8)}`;
}

/** A duration in the unit that suits it. */
export function duration(milliseconds) {
  const [amount, unit] =
    milliseconds < 1_000
      ? [milliseconds, "ms"]
      : milliseconds < 120_000
        ? [milliseconds / 1_000, "s"]
        : milliseconds < 7_200_000
          ? [milliseconds / 60_000, "min"]
          : milliseconds < 172_800_000
            ? [milliseconds / 3_600_000, "h"]
            : [milliseconds / 86_400_000, "d"];
  return `${trim(amount)} ${unit}`;
}

/** A number with no more digits than tell something. */
export function trim(amount) {
  return amount >= 100 || Number.isInteger(amount) ? String(Math.round(amount)) : String(Number(amount.toPrecision(2)));
}

/** An amount of US dollars, small ones to two digits that count. */
export function usd(amount) {
  const digits = amount >= 1 || amount <= 0 ? 2 : Math.min(8, 1 - Math.floor(Math.log10(amount)));
  return `$${amount.toFixed(Math.max(2, digits))}`;
}

/** A function's name without what all have in common. */
export function shortName(name, stack) {
  const prefix = `${stack.game}-${stack.stage}-`;
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
