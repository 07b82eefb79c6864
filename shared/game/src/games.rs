//! Games that both players play at once: a play each, in secret, and then both are shown.
//!
//! A game of one's own is a file here that implements [`SimultaneousGame`], and an entry in [`MODES`](crate::MODES).

mod rps;
mod rpsls;

use std::fmt;

pub use rps::RockPaperScissors;
pub use rpsls::RockPaperScissorsLizardSpock;

/// A game of plays that beat each other. How rounds, time and scores go on is the same for all of them: see [`rounds`](crate::rounds).
pub trait SimultaneousGame: fmt::Debug + Sync {
    /// The plays, by their names on the wire.
    fn plays(&self) -> &'static [&'static str];

    /// What `winner` does to `loser`, such as `covers`; `None` if it does not beat it.
    fn beats(&self, winner: &str, loser: &str) -> Option<&'static str>;
}

/// How one play fares against another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Duel {
    /// The first wins, in words.
    First(String),
    /// The second wins, in words.
    Second(String),
    /// Neither.
    Draw,
}

impl dyn SimultaneousGame + '_ {
    /// Whether this is one of the plays.
    #[must_use]
    pub fn knows(&self, play: &str) -> bool {
        self.plays().contains(&play)
    }

    /// How `first` fares against `second`, in words such as "paper covers rock".
    #[must_use]
    pub fn duel(&self, first: &str, second: &str) -> Duel {
        match (self.beats(first, second), self.beats(second, first)) {
            (Some(verb), _) => Duel::First(format!("{first} {verb} {second}")),
            (None, Some(verb)) => Duel::Second(format!("{second} {verb} {first}")),
            (None, None) => Duel::Draw,
        }
    }
}

/// The verb of a table's line: which play does what to which other.
fn verb(table: &[(&str, &'static str, &str)], winner: &str, loser: &str) -> Option<&'static str> {
    table.iter().find(|(beats, _, beaten)| *beats == winner && *beaten == loser).map(|(_, verb, _)| *verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every two plays of a fair game: a play draws with itself only, and of two others exactly one wins.
    fn is_fair(game: &dyn SimultaneousGame) {
        for first in game.plays() {
            let wins = game.plays().iter().filter(|second| game.beats(first, second).is_some()).count();
            assert_eq!(wins * 2, game.plays().len() - 1, "{first}");
            for second in game.plays() {
                let (there, back) = (game.beats(first, second).is_some(), game.beats(second, first).is_some());
                assert_eq!(there != back, first != second, "{first} and {second}");
            }
        }
    }

    #[test]
    fn no_play_is_better_than_another() {
        is_fair(&RockPaperScissors);
        is_fair(&RockPaperScissorsLizardSpock);
    }

    #[test]
    fn summaries_are_in_words() {
        let game: &dyn SimultaneousGame = &RockPaperScissorsLizardSpock;
        assert_eq!(game.duel("paper", "rock"), Duel::First("paper covers rock".into()));
        assert_eq!(game.duel("lizard", "scissors"), Duel::Second("scissors decapitates lizard".into()));
        assert_eq!(game.duel("spock", "spock"), Duel::Draw);
        assert!(game.knows("spock") && !game.knows("well"));
    }
}
