//! What can be played: the modes, and all that a client may not decide about them. Change this table for a game of your own.

use crate::{
    games::{RockPaperScissors, RockPaperScissorsLizardSpock},
    rounds::Rounds,
};

/// Every mode. A client names one; everything else is decided here.
pub const MODES: &[Mode] = &[
    // Played here, in rounds against the clock.
    Mode {
        name: "rps",
        team: Some(2),
        kind: Kind::Rounds(Rounds { game: &RockPaperScissors, seconds: 5, wins: 3, most_rounds: 20, most_unanswered: 2 }),
    },
    Mode {
        name: "rpsls",
        team: Some(2),
        kind: Kind::Rounds(Rounds { game: &RockPaperScissorsLizardSpock, seconds: 5, wins: 3, most_rounds: 20, most_unanswered: 2 }),
    },
    // Played on a game server.
    Mode {
        name: "arena",
        team: None,
        kind: Kind::Hosted(Hosted { queue: "GAME_SESSION_QUEUE", seats: 8, properties: &[("mode", "arena"), ("map", "foundry")] }),
    },
    Mode {
        name: "duel",
        team: Some(2),
        kind: Kind::Hosted(Hosted { queue: "GAME_SESSION_QUEUE", seats: 2, properties: &[("mode", "duel"), ("map", "bridge")] }),
    },
];

/// The mode of a placement request that names none.
pub const DEFAULT_HOSTED_MODE: &str = "arena";

/// A way to play.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// Its name on the wire.
    pub name: &'static str,
    /// How many players its pool brings together, 2 to 49, since all of them are matched in one transaction; none, if it has no pool.
    pub team: Option<usize>,
    /// Where it is played.
    pub kind: Kind,
}

/// Where a mode is played.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Here, by two players in rounds.
    Rounds(Rounds),
    /// On a game server.
    Hosted(Hosted),
}

/// What GameLift is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hosted {
    /// The variable of the functions' environment that holds the name of the game session queue. In `template.yaml` it comes from a parameter,
    /// so that each stage has its own queue. If it is empty, the mode is not offered.
    pub queue: &'static str,
    /// Players that a game session has room for: 1 to 200.
    pub seats: u16,
    /// Game properties, which the server is told: at most 16, keys of up to 32 and values of up to 96 characters.
    pub properties: &'static [(&'static str, &'static str)],
}

impl Mode {
    /// What GameLift is asked for, if it is played on a game server.
    #[must_use]
    pub const fn hosted(&self) -> Option<&Hosted> {
        match &self.kind {
            Kind::Hosted(hosted) => Some(hosted),
            Kind::Rounds(_) => None,
        }
    }

    /// How it is played in rounds, if it is.
    #[must_use]
    pub const fn rounds(&self) -> Option<&Rounds> {
        match &self.kind {
            Kind::Rounds(rounds) => Some(rounds),
            Kind::Hosted(_) => None,
        }
    }
}

/// The mode of this name.
#[must_use]
pub fn mode(name: &str) -> Option<&'static Mode> {
    MODES.iter().find(|mode| mode.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_mode_has_its_own_name_and_there_is_a_default() {
        let names: BTreeSet<_> = MODES.iter().map(|mode| mode.name).collect();
        assert_eq!(names.len(), MODES.len());
        assert!(mode(DEFAULT_HOSTED_MODE).is_some_and(|mode| mode.hosted().is_some()));
        assert!(mode("chess").is_none());
    }

    #[test]
    fn gamelift_would_take_every_hosted_mode() {
        for (name, hosted) in MODES.iter().filter_map(|mode| Some((mode.name, mode.hosted()?))) {
            assert!((1..=200).contains(&hosted.seats), "{name}");
            assert!(hosted.properties.len() <= 16, "{name}");
            assert!(hosted.properties.iter().all(|(key, value)| key.len() <= 32 && value.len() <= 96), "{name}");
        }
    }

    /// Items of a transaction.
    const MOST_ITEMS: usize = 100;

    #[test]
    fn rounds_are_for_two_and_end() {
        for mode in MODES {
            if let Some(rounds) = mode.rounds() {
                assert_eq!(mode.team, Some(2), "{}", mode.name);
                assert!(rounds.seconds > 0 && rounds.wins > 0 && rounds.most_unanswered > 0 && rounds.most_rounds >= rounds.wins);
            }
            if let (Some(team), Some(hosted)) = (mode.team, mode.hosted()) {
                assert!(team <= usize::from(hosted.seats), "{}", mode.name);
            }
            // A ticket and a seat of each, and the match: a transaction of DynamoDB has 100 items.
            assert!(mode.team.is_none_or(|team| team >= 2 && 2 * team < MOST_ITEMS), "{}", mode.name);
        }
    }
}
