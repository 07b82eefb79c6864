/**
 * What changed between two versions of a row. Pure.
 */

/** The same value with every text that is JSON taken for what it means, such as the state of a game. */
export function unfold(value) {
  if (typeof value === "string" && /^\s*[[{]/.test(value)) {
    try {
      return unfold(JSON.parse(value));
    } catch {
      return value;
    }
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  return Array.isArray(value)
    ? value.map(unfold)
    : Object.fromEntries(Object.entries(value).map(([name, member]) => [name, unfold(member)]));
}

/**
 * What is different in `after`, by the paths of single values, such as `seats.1.away`.
 *
 * @returns {{ path: string, kind: "added" | "removed" | "changed", before?: any, after?: any }[]}
 */
export function changes(before, after) {
  const [old, now] = [leaves(before), leaves(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])];
  return paths.flatMap((path) => {
    if (!old.has(path)) {
      return [{ path, kind: "added", after: now.get(path) }];
    }
    if (!now.has(path)) {
      return [{ path, kind: "removed", before: old.get(path) }];
    }
    const [was, is] = [old.get(path), now.get(path)];
    return JSON.stringify(was) === JSON.stringify(is) ? [] : [{ path, kind: "changed", before: was, after: is }];
  });
}

/** The single values of something, by their paths; what is empty is a value itself. */
function leaves(value, path = "", found = new Map()) {
  const members = value !== null && typeof value === "object" ? Object.entries(value) : [];
  if (members.length) {
    members.forEach(([name, member]) => leaves(member, path ? `${path}.${name}` : name, found));
  } else if (path && value !== undefined) {
    found.set(path, value);
  }
  return found;
}

/** The versions of one row, newest first, each with what it changed; of a row that was deleted, all is removed. */
export function versions(history, keys) {
  const wanted = JSON.stringify(sorted(keys));
  let before;
  const found = history
    .filter((change) => JSON.stringify(sorted(change.keys)) === wanted)
    .map((change) => {
      const image = change.event === "REMOVE" ? undefined : unfold(change.image);
      const made = { at: change.at, event: change.event, image, first: before === undefined && change.event !== "INSERT" };
      const version = { ...made, changes: made.first ? [] : changes(before, image) };
      before = image;
      return version;
    });
  return found.reverse();
}

function sorted(keys) {
  return Object.entries(keys ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
}
