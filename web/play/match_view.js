/**
 * A match on the screen: two hands, the score, the clock, and what to press. It shows what it is given and decides nothing.
 */

import { Countdown } from "./countdown.js";
import { announce, byId, element, isUsable, setText, setUsable } from "./dom.js";
import { hand, handsOf } from "./hands.js";
import { entitle } from "./screens.js";
import { matchEnd, roundEnd, seconds } from "./words.js";

/** How long the hands of the last round stay, in milliseconds, unless the player plays before. */
const REVEAL = 2_600;

/** A hand that is not shown yet. */
const FIST = "✊";

/** @typedef {{play: string, isSure: boolean}} Chosen What the player has played in the open round, and whether the server has said so. */

/** The screen of a match. */
export class MatchView {
  #countdown;
  #play;
  /** @type {any} */
  #match = null;
  /** @type {Chosen | null} */
  #chosen = null;
  /** What was last told in words, so that it is told once. */
  #told = "";
  #mode = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #reveal;

  /**
   * @param {object} wires
   * @param {() => number} wires.now The server's time.
   * @param {(play: string) => void} wires.play
   * @param {() => void} wires.overdue A round should be over, and nothing has come.
   */
  constructor({ now, play, overdue }) {
    this.#play = play;
    this.#countdown = new Countdown(now, overdue);
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /**
   * Shows a match as it is now.
   *
   * @param {any} match
   * @param {Chosen | null} chosen
   */
  show(match, chosen) {
    const before = this.#match;
    const isSame = before?.matchId === match.matchId;
    const hasMoved = isSame && (before.round !== match.round || before.state !== match.state);
    this.#match = match;
    this.#chosen = chosen;
    this.#offer(match.mode);
    if (!isSame) {
      this.#endReveal();
    } else if (hasMoved && match.roundSummary) {
      this.#beginReveal();
    } else if (chosen) {
      this.#endReveal();
    }
    this.#draw();
    this.#tell(isSame);
  }

  /** The match is left: nothing of it is counted or told any more. */
  forget() {
    this.#match = null;
    this.#chosen = null;
    this.#endReveal();
    this.#countdown.stop();
  }

  get #opponent() {
    return this.#match.opponentId ?? "your opponent";
  }

  /** Both hands at once, as when two people open theirs. */
  #beginReveal() {
    this.#endReveal();
    const arena = byId("arena");
    // Reading its size lets the animation of two rounds in a row begin twice.
    void arena.offsetWidth;
    arena.classList.add("reveal");
    this.#reveal = setTimeout(() => {
      this.#endReveal();
      this.#draw();
    }, REVEAL);
  }

  #endReveal() {
    clearTimeout(this.#reveal);
    this.#reveal = undefined;
    byId("arena").classList.remove("reveal");
  }

  #draw() {
    const match = this.#match;
    if (!match) {
      return;
    }
    const isOver = match.state === "over";
    // A match that was left in its first round has no hands to show.
    const shows = Boolean(match.roundSummary) && (isOver || this.#reveal !== undefined);
    setText(byId("match-title"), `Match against ${this.#opponent}`);
    entitle(isOver ? matchEnd(match, this.#opponent)[0] : `Match against ${this.#opponent}`);
    setText(byId("their-name"), this.#opponent);
    setText(byId("your-score"), String(match.yourScore));
    setText(byId("their-score"), String(match.theirScore));
    setText(byId("score-words"), `Round ${match.round}. You ${match.yourScore}, ${this.#opponent} ${match.theirScore}.`);
    setText(byId("round"), isOver ? "Over" : `Round ${match.round}`);
    setText(byId("summary"), match.roundSummary ? roundEnd(match, this.#opponent) : isOver ? "" : "Good luck!");

    const winner = shows ? (match.roundWinner ?? "") : "";
    this.#drawSide("you", shows ? hand(match.yourPlay) : hand(this.#chosen?.play), shows, winner);
    this.#drawSide("them", shows ? hand(match.theirPlay) : undefined, shows, winner);

    // Who has asked for a rematch is led into it: the button is gone, and the focus would be with it.
    const isLedOn = !isOver && byId("over").contains(document.activeElement);
    byId("clock").hidden = isOver;
    byId("playing").hidden = isOver;
    byId("over").hidden = !isOver;
    if (isLedOn) {
      byId("match-title").focus({ preventScroll: true });
    }
    if (isOver) {
      const [title, text] = matchEnd(match, this.#opponent);
      setText(byId("over-title"), title);
      byId("over").dataset.winner = match.winner ?? "";
      setText(byId("over-text"), text);
      this.#countdown.stop();
    } else {
      this.#countdown.start(match.dueAt, () => this.#chosen === null);
      setText(byId("prompt"), this.#promptText());
      this.#drawChoices();
    }
  }

  /**
   * @param {"you" | "them"} who
   * @param {import("./hands.js").Hand | undefined} played
   * @param {boolean} isRevealed
   * @param {string} winner
   */
  #drawSide(who, played, isRevealed, winner) {
    const prefix = who === "you" ? "your" : "their";
    const sign = byId(`${prefix}-hand`);
    setText(sign, played?.sign ?? (isRevealed ? "–" : FIST));
    // A fist moves as long as its player thinks or waits.
    sign.classList.toggle("ready", !isRevealed && played === undefined && this.#match.state === "playing");
    setText(byId(`${prefix}-hand-name`), played?.name ?? (isRevealed ? "nothing" : ""));
    byId(`side-${who}`).classList.toggle("won", winner === who);
    byId(`side-${who}`).classList.toggle("lost", winner !== "" && winner !== who);
  }

  #promptText() {
    const chosen = hand(this.#chosen?.play);
    if (!chosen) {
      return "Choose your hand.";
    }
    return this.#chosen?.isSure ? `You play ${chosen.name}. Waiting…` : `Sending ${chosen.name}…`;
  }

  #drawChoices() {
    for (const button of byId("choices").children) {
      const isChosen = button.dataset.play === this.#chosen?.play;
      button.setAttribute("aria-pressed", String(isChosen));
      setUsable(button, this.#chosen === null);
    }
  }

  /**
   * Puts the hands of a mode on the table.
   *
   * @param {string} mode
   */
  #offer(mode) {
    if (mode === this.#mode) {
      return;
    }
    this.#mode = mode;
    const hands = handsOf(mode);
    const choices = byId("choices");
    choices.replaceChildren(...hands.map((each, index) => this.#choice(each, index + 1)));
    choices.classList.toggle("five", hands.length === 5);
    choices.style.setProperty("--hands", String(hands.length));
    setText(byId("last-key"), String(hands.length));
  }

  /**
   * @param {import("./hands.js").Hand} of
   * @param {number} key
   */
  #choice({ play, name, sign }, key) {
    const button = element("button", "choice");
    button.setAttribute("type", "button");
    button.setAttribute("aria-keyshortcuts", String(key));
    button.dataset.play = play;
    const [number, picture] = [element("kbd", "", String(key)), element("span", "sign", sign)];
    number.ariaHidden = picture.ariaHidden = "true";
    button.append(number, picture, element("span", "", name));
    button.addEventListener("click", () => isUsable(button) && this.#play(play));
    return button;
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const isWriting = event.target instanceof Element && event.target.matches("input:not([type=checkbox]), textarea, select");
    const isOther = event.ctrlKey || event.altKey || event.metaKey || event.repeat || isWriting || !byId("keys").checked;
    if (isOther || byId("leave-dialog").open || this.#match?.state !== "playing" || byId("screen-match").hidden) {
      return;
    }
    const button = byId("choices").children[Number(event.key) - 1];
    if (button && isUsable(button)) {
      event.preventDefault();
      this.#play(button.dataset.play);
    }
  }

  /**
   * Says in words what has changed, each thing once: the round that is over and the one that begins together.
   *
   * @param {boolean} isSame Whether this match was shown before.
   */
  #tell(isSame) {
    const match = this.#match;
    const key = `${match.matchId} ${match.round} ${match.state} ${this.#chosen?.isSure ?? ""}`;
    if (key === this.#told) {
      return;
    }
    const isNewRound = !this.#told.startsWith(`${match.matchId} ${match.round} ${match.state}`);
    this.#told = key;
    // A round is short, and so is what is said of it.
    const result = match.roundSummary && isSame ? `${roundEnd(match, this.#opponent)} ${match.yourScore} to ${match.theirScore}. ` : "";
    if (match.state === "over") {
      announce(`${result}${matchEnd(match, this.#opponent).join(". ")}`);
      this.#leadToTheEnd();
    } else if (isNewRound) {
      const begun = isSame ? "" : `You play against ${this.#opponent}, ${seconds(this.#countdown.secondsLeft)} each round. `;
      announce(`${begun}${result}Round ${match.round}.`);
    } else if (this.#chosen?.isSure) {
      announce(this.#promptText());
    }
  }

  /** The choices are gone, and the focus must not be lost with them; whoever is writing is left alone. */
  #leadToTheEnd() {
    if (!byId("chat-form").contains(document.activeElement)) {
      byId("over-title").focus({ preventScroll: true });
    }
  }
}
