/**
 * The API of whoever serves this page. What is refused, or cannot be asked, is an error that says why in words.
 */

/**
 * The JSON behind a path.
 *
 * @param {string} path
 * @param {Record<string, string>} [parameters]
 */
export async function get(path, parameters) {
  return answer(path, { cache: "no-store" }, parameters);
}

/** Asks the task of operators about players, matches, tables and queues. */
export async function operate(/** @type {object} */ request) {
  return task("operate", request);
}

/** Asks the task that handles dead letters for one step. */
export async function letters(/** @type {object} */ request) {
  return task("replay-dead-letters", request);
}

/** Who asks: whoever serves the page may know better, and then says so itself. */
export const WHO = "console";

async function task(name, request) {
  const body = JSON.stringify(request);
  const answered = await answer(`/api/tasks/${name}`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (answered.problem) {
    throw new Error(answered.problem);
  }
  return answered;
}

async function answer(path, options, parameters) {
  const query = parameters ? `?${new URLSearchParams(parameters)}` : "";
  let response;
  try {
    response = await fetch(path + query, options);
  } catch {
    throw new Error("Nobody answers: does what serves this page still run?");
  }
  const text = await response.text();
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(text.trim().slice(0, 300) || `${path} answered ${response.status} and nothing else`);
  }
  if (!response.ok) {
    throw new Error(value.problem ?? value.message ?? `${path} answered ${response.status}`);
  }
  return value;
}
