/** Rock-paper-scissors, with lizard and Spock or without: a hand each, chosen in secret and shown together. */

import { capital, element, setText, setUsable } from "../play/dom.js";

/** The hands as the wire names them: name, sign, what they do to others. @type {Record<string, [string, string, string]>} */
const HANDS = {
  rock: ["Rock", "✊", "crushes scissors and lizard"],
  paper: ["Paper", "✋", "covers rock, disproves Spock"],
  scissors: ["Scissors", "✌️", "cuts paper, decapitates lizard"],
  lizard: ["Lizard", "🦎", "eats paper, poisons Spock"],
  spock: ["Spock", "🖖", "smashes scissors, vaporizes rock"],
};

/** How long the hands of the last round stay, in milliseconds, unless the player chooses before. */
const REVEAL = 2_600;

const handOf = (/** @type {string} */ play) => HANDS[play] ?? [capital(play), "❔", ""];

/** A side of the table: who leads, and a card. */
function side(/** @type {"you" | "them"} */ who) {
  const [whole, score, card, label] = [element("div", `side ${who}`), element("p", "score"), element("p", "hand"), element("p", "quiet")];
  whole.append(score, card, label);
  return {
    whole,
    /**
     * @param {number} points
     * @param {number} wins
     */
    score: (points, wins) => setText(score, "●".repeat(points) + "○".repeat(Math.max(0, wins - points))),
    /**
     * A card that nobody may see yet lies face down; where none is yet, there is its place.
     *
     * @param {string | undefined} play
     * @param {"open" | "down" | "empty"} how
     * @param {boolean | undefined} hasWon
     */
    lay(play, how, hasWon) {
      const shown = play !== undefined && how === "open" ? handOf(play) : undefined;
      setText(card, shown?.[1] ?? (how === "open" ? "–" : ""));
      card.className = `hand ${shown ? "open" : how}`;
      setText(label, shown?.[0] ?? { open: "Nothing", down: "Face down", empty: "Your card" }[how]);
      whole.classList.toggle("won", hasWon === true);
      whole.classList.toggle("lost", hasWon === false);
    },
  };
}

/** @type {import("./all.js").Game} */
export default {
  modes: { rpsls: "Rock, paper, scissors, lizard, Spock", rps: "Rock, paper, scissors" },
  signs: Object.values(HANDS).map(([, sign]) => sign),
  rules: (mode) => [
    "Both choose a hand in secret before the time is up; then both are shown. Whoever does not choose loses the round to whoever does.",
    "Who first wins three rounds wins the match.",
    ...(mode === "rps"
      ? ["Rock crushes scissors, paper covers rock, scissors cut paper."]
      : Object.values(HANDS).map(([name, sign, beats]) => `${sign} ${name} ${beats}.`)),
  ],
  refusals: { unknown_play: "This game has no such hand." },

  sit(root, { act, name }) {
    const arena = element("div", "arena");
    arena.ariaHidden = "true";
    const [yours, round, theirs] = [side("you"), element("p", "quiet round"), side("them")];
    arena.append(yours.whole, round, theirs.whole);
    const words = element("p", "visually-hidden");
    const choices = element("div", "choices");
    Object.assign(choices, { role: "group", ariaLabel: "Your hand" });
    root.append(words, arena, choices);

    const choice = (/** @type {string} */ play, /** @type {number} */ index) => {
      const button = element("button", "choice");
      Object.assign(button, { type: "button", onclick: () => act(play) });
      button.dataset.play = play;
      button.setAttribute("aria-keyshortcuts", String(index + 1));
      const [title, sign] = handOf(play);
      const [number, picture] = [element("kbd", "", String(index + 1)), element("span", "sign", sign)];
      number.ariaHidden = picture.ariaHidden = "true";
      button.append(number, picture, element("span", "", title));
      return button;
    };

    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let reveal;
    /** @type {import("./all.js").Moment} */
    let latest;
    const endReveal = () => {
      clearTimeout(reveal);
      reveal = undefined;
    };

    /** @param {import("./all.js").Moment} now */
    function draw({ match, isYours, pending }) {
      const { view, state, seat } = match;
      const isOver = state === "over";
      const other = name(1 - seat);
      const played = pending?.action ?? view.played;
      const isShown = view.roundSummary !== undefined && (isOver || reveal !== undefined);
      const won = isShown ? view.winner : undefined;
      if (choices.childElementCount === 0) {
        choices.append(...view.plays.map(choice));
        choices.classList.toggle("five", view.plays.length === 5);
      }
      const goal = isOver ? `First to ${view.wins}` : `Round ${view.round}, first to ${view.wins}`;
      setText(round, goal);
      setText(words, `${goal}. You ${view.yourScore}, ${other} ${view.theirScore}.`);
      arena.classList.toggle("reveal", reveal !== undefined);
      yours.score(view.yourScore, view.wins);
      theirs.score(view.theirScore, view.wins);
      yours.lay(isShown ? view.yourPlay : played, isShown || played ? "open" : "empty", won && won === "you");
      theirs.lay(view.theirPlay, isShown ? "open" : "down", won && won === "them");
      choices.hidden = isOver;
      for (const button of choices.children) {
        button.ariaPressed = String(button.dataset.play === played);
        setUsable(button, isYours);
      }
    }

    return {
      show(now) {
        const { view, seat } = now.match;
        if (now.events.length > 0) {
          endReveal();
          arena.classList.remove("reveal");
          // Reading its size lets the animation of two rounds in a row begin twice.
          void arena.offsetWidth;
          reveal = setTimeout(() => {
            endReveal();
            draw(latest);
          }, REVEAL);
        } else if (now.pending) {
          endReveal();
        }
        latest = now;
        draw(now);
        const played = now.pending?.action ?? view.played;
        const chosen = played ? `You play ${handOf(played)[0]}.` : "";
        return { happened: roundEnd(view, name(1 - seat), now.match.state), prompt: now.isYours ? "Choose your hand." : chosen };
      },
      end: endReveal,
    };
  },
};

/**
 * A round that is over, in a few sentences.
 *
 * @param {any} view
 * @param {string} other
 * @param {string} state
 */
function roundEnd({ wins, roundSummary, winner, yourPlay, yourScore, theirScore }, other, state) {
  if (roundSummary === undefined) {
    return state === "over" ? "" : `First to ${wins}. Good luck!`;
  }
  // The wire knows him in lower case only.
  const summary = capital(roundSummary.replaceAll("spock", "Spock"));
  const result = winner === "you" ? "You win the round." : winner === "them" ? `${capital(other)} wins the round.` : "Nobody scores.";
  return `${yourPlay === undefined ? "Your time was up. " : ""}${summary}. ${result} ${yourScore} to ${theirScore}.`;
}
