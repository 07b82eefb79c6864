/**
 * All tests of the client library, and of the parts of the console that need no page: in a browser by opening this folder's page, or in a
 * Node that knows modules by their syntax.
 */

import { run } from "./harness.js";
import "./parts.js";
import "./connecting.js";
import "./catching_up.js";
import "./playing.js";
import "./console.js";

const results = await run();
const text = results.map(({ name, problem }) => `${problem ? "FAILED" : "ok"}  ${name}${problem ? `\n${problem}` : ""}`).join("\n");
if (globalThis.document) {
  document.getElementById("results").textContent = text;
  globalThis.finished = results;
} else {
  console.log(text);
  process.exit(results.some(({ problem }) => problem) ? 1 : 0);
}
