/** A game that has no file here: what the server shows, and an action in JSON. */

import { element, setText, setUsable } from "../play/dom.js";

/**
 * @param {string} mode
 * @returns {import("./all.js").Game}
 */
export const of = (mode) => ({
  modes: { [mode]: mode },
  signs: ["🎲"],
  rules: () => ["This page does not know the game: it shows what the server tells, and plays what you write."],

  sit(root, { act }) {
    const view = element("pre", "card view");
    Object.assign(view, { tabIndex: 0, role: "region", ariaLabel: "The game" });
    const form = element("form", "row");
    const label = element("label", "", "What you play, in JSON");
    const input = element("input");
    const play = element("button", "primary", "Play");
    label.htmlFor = input.id = "action";
    Object.assign(input, { required: true, autocomplete: "off", spellcheck: false, placeholder: '{"move": 1}' });
    form.append(label, input, play);
    root.append(view, form);
    form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      input.setCustomValidity("");
      try {
        act(JSON.parse(input.value));
      } catch {
        input.setCustomValidity("This is not JSON: a text needs quotation marks.");
        input.reportValidity();
      }
    });
    input.addEventListener("input", () => input.setCustomValidity(""));

    let happened = "";
    return {
      show({ match, isYours, events }) {
        setText(view, JSON.stringify(match.view, null, 2));
        setUsable(play, isYours);
        happened = events.length > 0 ? events.map((event) => JSON.stringify(event)).join(", ") : happened;
        return { happened, prompt: isYours ? "It is your turn." : "" };
      },
    };
  },
});
