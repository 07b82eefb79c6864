//! Rounds in which everybody plays at once, in secret, and then all is shown: rock-paper-scissors and its kin.
//!
//! A play that is missing when the time is up loses to any play. The first to win enough rounds wins; a draw is played on.

use crate::prelude::*;

/// A game of plays of which some beat others.
#[derive(Debug)]
pub struct SecretRounds {
    /// The plays, by their names.
    plays: &'static [&'static str],
    /// What does what to which other.
    beats: &'static [(&'static str, &'static str, &'static str)],
}

/// Rock-paper-scissors.
pub const ROCK_PAPER_SCISSORS: SecretRounds = SecretRounds {
    plays: &["rock", "paper", "scissors"],
    beats: &[("rock", "crushes", "scissors"), ("paper", "covers", "rock"), ("scissors", "cuts", "paper")],
};

/// Rock-paper-scissors-lizard-Spock, by Sam Kass and Karen Bryla: fewer draws.
pub const ROCK_PAPER_SCISSORS_LIZARD_SPOCK: SecretRounds = SecretRounds {
    plays: &["rock", "paper", "scissors", "lizard", "spock"],
    beats: &[
        ("rock", "crushes", "scissors"),
        ("rock", "crushes", "lizard"),
        ("paper", "covers", "rock"),
        ("paper", "disproves", "spock"),
        ("scissors", "cuts", "paper"),
        ("scissors", "decapitates", "lizard"),
        ("lizard", "eats", "paper"),
        ("lizard", "poisons", "spock"),
        ("spock", "smashes", "scissors"),
        ("spock", "vaporizes", "rock"),
    ],
};

/// How long it goes on.
#[derive(Debug, Serialize, Deserialize)]
pub struct Options {
    /// Rounds that win the match.
    wins: u32,
    /// Rounds after which it is over, whoever leads.
    rounds: u32,
    /// Seconds of each round.
    seconds: u64,
    /// Seconds for which the round before is shown: they only lengthen the time of the next.
    reveal: u64,
}

/// What is remembered of a match.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    round: u32,
    scores: [u32; 2],
    /// The plays of the open round.
    plays: [Option<Secret<String>>; 2],
    /// What was played in the round before, and who won it.
    last: Option<([Option<String>; 2], Option<usize>)>,
}

/// A round as one of its players sees it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// The open round, from 1 on.
    round: u32,
    /// Rounds that win the match.
    wins: u32,
    /// Rounds that the player has won.
    your_score: u32,
    /// Rounds that the other has won.
    their_score: u32,
    /// What can be played.
    plays: Vec<String>,
    /// What the player has played in the open round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    played: Option<String>,
    /// What the player played in the round before; nothing, if it was late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    your_play: Option<String>,
    /// What the other played in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    their_play: Option<String>,
    /// Who won it: `you` or `them`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    winner: Option<String>,
    /// How, such as "paper covers rock".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    round_summary: Option<String>,
}

/// A round is over.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Revealed {
    /// Which one.
    round: u32,
    /// The seat that won it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    winner: Option<usize>,
}

type Turn = Step<State, Revealed>;

impl SecretRounds {
    /// What `winner` does to `loser`, such as `covers`, if it beats it.
    fn verb(&self, winner: &str, loser: &str) -> Option<&'static str> {
        self.beats.iter().find(|(beats, _, beaten)| *beats == winner && *beaten == loser).map(|(_, verb, _)| *verb)
    }

    /// Who wins a round of these plays, and the words for it.
    fn judged(&self, plays: &[Option<String>; 2]) -> (Option<usize>, String) {
        match plays {
            [None, None] => (None, "nobody played".to_owned()),
            [Some(play), None] => (Some(0), format!("{play} against nothing")),
            [None, Some(play)] => (Some(1), format!("{play} against nothing")),
            [Some(first), Some(second)] => match (self.verb(first, second), self.verb(second, first)) {
                (Some(verb), _) => (Some(0), format!("{first} {verb} {second}")),
                (_, Some(verb)) => (Some(1), format!("{second} {verb} {first}")),
                _ => (None, format!("{first} meets {second}")),
            },
        }
    }

    /// The open round is over with the plays that are there.
    fn resolved(&self, state: State, table: &Table<Options>) -> Turn {
        let plays = state.plays.map(|play| play.map(|play| play.reveal().clone()));
        let (winner, words) = self.judged(&plays);
        let mut scores = state.scores;
        winner.into_iter().for_each(|seat| scores[seat] += 1);
        let Options { wins, rounds, seconds, reveal } = table.options;
        let next = State { round: state.round + 1, scores, plays: [None, None], last: Some((plays, winner)) };
        let step = Step::to(next).event(Revealed { round: state.round, winner });
        if scores.iter().any(|score| *score >= wins) || state.round >= rounds {
            return step.over(Outcome::scored(scores.map(i64::from).to_vec(), words));
        }
        step.awaits([0, 1]).until(table.now + 1_000 * (seconds + reveal))
    }
}

impl Game for SecretRounds {
    type Options = Options;
    type State = State;
    type Action = String;
    type View = View;
    type Event = Revealed;

    fn check(&self, options: &Options) -> Result<(), Refusal> {
        let limits = [("wins", options.wins.into(), 50), ("rounds", options.rounds.into(), 90), ("seconds", options.seconds, 600)];
        match limits.iter().find(|(_, value, most)| !(1..=*most).contains(value)) {
            Some((name, _, most)) => refuse("bad_request", format!("body.options.{name}: 1 to {most}")),
            None if options.reveal > 60 => refuse("bad_request", "body.options.reveal: at most 60"),
            None => Ok(()),
        }
    }

    fn begin(&self, table: &Table<Options>, _: &mut Chance) -> Turn {
        let state = State { round: 1, scores: [0, 0], plays: [None, None], last: None };
        Step::to(state).awaits([0, 1]).until(table.now + 1_000 * table.options.seconds)
    }

    fn act(&self, mut state: State, by: Actor<'_>, play: String, table: &Table<Options>, _: &mut Chance) -> Result<Turn, Refusal> {
        let Actor::Seat(seat) = by else { return refuse("not_seated", "body.matchId: only players play") };
        if !self.plays.contains(&play.as_str()) {
            return refuse("unknown_play", format!("body.action: one of {}", self.plays.join(", ")));
        }
        state.plays[seat] = Some(Secret::of(seat, play));
        if state.plays[1 - seat].is_some() {
            return Ok(self.resolved(state, table));
        }
        // Nobody learns that this seat has played: the other sees, and waits, as before.
        Ok(Step::to(state).awaits([1 - seat]).tell(Tell::Nobody))
    }

    fn time_up(&self, state: State, table: &Table<Options>, _: &mut Chance) -> Turn {
        self.resolved(state, table)
    }

    fn view(&self, state: &State, viewer: Viewer<'_>, table: &Table<Options>) -> View {
        let (seat, you) = if let Viewer::Seat(seat) = viewer { (seat, "you") } else { (0, "first") };
        let last = state.last.as_ref();
        let winner = last.and_then(|(_, winner)| *winner).map(|winner| if winner == seat { you } else { "them" }.to_owned());
        View {
            round: state.round,
            wins: table.options.wins,
            your_score: state.scores[seat],
            their_score: state.scores[1 - seat],
            plays: self.plays.iter().map(|play| (*play).to_owned()).collect(),
            played: state.plays[seat].as_ref().and_then(|play| play.seen_by(viewer)).cloned(),
            your_play: last.and_then(|(plays, _)| plays[seat].clone()),
            their_play: last.and_then(|(plays, _)| plays[1 - seat].clone()),
            winner,
            round_summary: last.map(|(plays, _)| self.judged(plays).1),
        }
    }

    fn tries(&self, view: &View, _: Viewer<'_>) -> Vec<String> {
        view.plays.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_play_is_better_than_another() {
        for SecretRounds { plays, beats } in [&ROCK_PAPER_SCISSORS, &ROCK_PAPER_SCISSORS_LIZARD_SPOCK] {
            for one in *plays {
                assert_eq!(beats.iter().filter(|(winner, ..)| winner == one).count(), plays.len() / 2, "{one} beats half of the others");
                for other in plays.iter().filter(|other| *other != one) {
                    let either = beats.iter().filter(|(winner, _, loser)| [(one, other), (other, one)].contains(&(winner, loser)));
                    assert_eq!(either.count(), 1, "{one} and {other}");
                }
            }
        }
    }
}
