/** What the stack was booted from: functions, resources, what it has used, and what of the template has no effect here. */

import { el, table } from "../dom.js";
import { duration, shortName, trim, usd } from "../format.js";
import { Bill } from "./bill.js";

export const title = "Template";
export const isLive = true;

export function open(root, _, { stack }) {
  const functions = el("div", {});
  const used = el("div", {});
  const bill = new Bill();
  const draw = () => {
    functions.replaceChildren(functionTable(stack, bill.status?.functions ?? {}));
    used.replaceChildren(bill.status ? usageTable(bill.status.usage, bill.hourly) : "");
  };
  bill.onchange = draw;
  draw();
  const notes = stack.notes ?? [];
  root.append(el("h2", {}, "Functions"), functions, el("h2", {}, "Used since the start"), used, el("h2", {}, "Without effect here"));
  root.append(
    notes.length
      ? el(
          "ul",
          {},
          notes.map((note) => el("li", {}, note)),
        )
      : el("p", { class: "quiet" }, "Everything has its effect."),
  );
  root.append(el("h2", {}, "Resources"), resourceTable(stack.resources ?? []));
  return () => bill.close();
}

function functionTable(stack, stats) {
  const of =
    (member) =>
    ({ name }) =>
      String(stats[name]?.[member] ?? "");
  const time =
    (share) =>
    ({ name }) =>
      stats[name]?.invocations ? duration((stats[name].microseconds?.[share] ?? 0) / 1_000) : "";
  const columns = [
    ["Function", ({ name }) => shortName(name, stack)],
    ["Handler", ({ handler }) => handler],
    ["Memory", ({ memoryMb }) => `${memoryMb} MB`],
    ["Timeout", ({ timeoutSeconds }) => `${timeoutSeconds} s`],
    ["Invocations", of("invocations")],
    ["Errors", of("errors")],
    ["Cold starts", of("coldStarts")],
    ["Median", time("p50")],
    ["99 %", time("p99")],
    ["Cost", ({ name }) => (stats[name] ? usd(stats[name].usage?.usd ?? 0) : "")],
  ];
  return table("Functions", columns, stack.functions);
}

function usageTable({ items, usd: whole }, hourly) {
  const rows = [...Object.values(items), { unit: `all together, now ${hourly} per hour`, usd: whole }];
  return table(
    "Used since the start",
    [
      ["What", ({ unit }) => unit],
      ["Quantity", ({ quantity }) => (quantity === undefined ? "" : trim(quantity))],
      ["Cost", (row) => usd(row.usd)],
    ],
    rows,
  );
}

function resourceTable(resources) {
  const sorted = [...resources].sort((one, other) => (`${one.type} ${one.logicalId}` < `${other.type} ${other.logicalId}` ? -1 : 1));
  return table(
    "Resources",
    [
      ["Type", ({ type }) => type],
      ["Logical id", ({ logicalId }) => logicalId],
      ["Name", ({ name }) => name ?? ""],
    ],
    sorted,
  );
}
