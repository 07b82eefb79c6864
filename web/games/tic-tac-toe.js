/** Tic-tac-toe: nine cells, each a button. */

import { capital, element, setText, setUsable } from "../play/dom.js";

const MARKS = ["✕", "◯"];
const CELLS = ["top left", "top", "top right", "left", "centre", "right", "bottom left", "bottom", "bottom right"];
const LINES = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8],
  [0, 3, 6],
  [1, 4, 7],
  [2, 5, 8],
  [0, 4, 8],
  [2, 4, 6],
];

/** @type {import("./all.js").Game} */
export default {
  modes: { "tic-tac-toe": "Tic-tac-toe" },
  signs: MARKS,
  rules: () => ["Who gets three marks in a row wins. Each turn has ten seconds, and each player a minute beside that."],
  refusals: { taken: "That cell is taken.", stale: "Too late: your time for that turn was over." },

  sit(root, { act, name }) {
    const board = element("div", "cells");
    Object.assign(board, { role: "group", ariaLabel: "The board" });
    const cells = CELLS.map((_, at) => {
      const cell = element("button", "cell");
      cell.type = "button";
      cell.append(Object.assign(element("span"), { ariaHidden: "true" }));
      cell.setAttribute("aria-keyshortcuts", String(at + 1));
      cell.addEventListener("click", () => act(at));
      return cell;
    });
    board.append(...cells);
    root.append(board);

    let happened = "Three in a row wins. Good luck!";
    return {
      show({ match, isYours, pending, events }) {
        const marked = [...match.view.cells];
        if (pending) {
          marked[pending.action] = match.seat;
        }
        const line = LINES.find(([one, ...others]) => marked[one] !== null && others.every((at) => marked[at] === marked[one]));
        cells.forEach((cell, at) => {
          const seat = marked[at];
          const isFree = seat === null;
          // What the player has marked is there already: only the other's mark is seen to come, after it.
          const order = events.indexOf(at);
          const isNew = order >= 0 && seat !== match.seat;
          setText(cell.firstChild, isFree ? "" : MARKS[seat]);
          cell.ariaLabel = `${capital(CELLS[at])}: ${isFree ? "free" : `${MARKS[seat]} ${name(seat)}`}`;
          const whose = isFree ? "" : seat === match.seat ? "mine" : "theirs";
          cell.className = `cell ${whose} ${isNew ? "new" : ""} ${line?.includes(at) ? "line" : ""}`;
          setUsable(cell, isYours && isFree);
        });
        if (events.length > 0) {
          happened = events.map((at) => `${capital(name(marked[at]))}: ${CELLS[at]}.`).join(" ");
        }
        return { happened, prompt: isYours ? `Your turn: you are ${MARKS[match.seat]}.` : "" };
      },
    };
  },
};
