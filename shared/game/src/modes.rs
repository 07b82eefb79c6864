//! What can be played: the modes, and all that a client may not decide about them. Change this table for a game of your own.

use crate::{
    erased::ErasedGame,
    games::{ROCK_PAPER_SCISSORS, ROCK_PAPER_SCISSORS_LIZARD_SPOCK, TicTacToe},
};

/// Every mode. A client names one; everything else is decided here.
pub const MODES: &[Mode] = &[
    // Played here.
    Mode::played("rps", &ROCK_PAPER_SCISSORS, r#"{"wins":3,"rounds":20,"seconds":5,"reveal":0}"#).pool(2).write_units(56),
    Mode::played("rpsls", &ROCK_PAPER_SCISSORS_LIZARD_SPOCK, r#"{"wins":3,"rounds":20,"seconds":5,"reveal":2}"#).pool(2).write_units(56),
    Mode::played("tic-tac-toe", &TicTacToe, r#"{"turn":10,"bank":60}"#).pool(2).drawn().write_units(24),
    // Played on a game server.
    Mode::hosted("arena", Hosted { queue: "GAME_SESSION_QUEUE", seats: 8, properties: &[("mode", "arena"), ("map", "foundry")] }),
    Mode::hosted("duel", Hosted { queue: "GAME_SESSION_QUEUE", seats: 2, properties: &[("mode", "duel"), ("map", "bridge")] }).pool(2),
];

/// The mode of a placement request that names none.
pub const DEFAULT_HOSTED_MODE: &str = "arena";

/// A way to play.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// Its name on the wire.
    pub name: &'static str,
    /// Which of a player's seats it takes.
    pub lane: Lane,
    /// How many players its pool brings together, 2 to 49, since all of them are matched in one transaction; none, if it has no pool.
    pub pool: Option<usize>,
    /// Where it is played.
    pub kind: Kind,
}

/// What a player can be in only once at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Live play.
    Main,
    /// The company that stays together from one match to the next.
    Party,
}

impl Lane {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Main, Self::Party];
}

/// Where a mode is played.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Here, by a game of this crate.
    Played(Played),
    /// On a game server.
    Hosted(Hosted),
}

/// A game, and what is fixed about its matches.
#[derive(Clone, Copy, Debug)]
pub struct Played {
    /// The game.
    pub game: &'static dyn ErasedGame,
    /// Its options, as JSON. Whoever opens a match may choose others.
    pub options: &'static str,
    /// Whether seats are drawn at the beginning, instead of being in the order in which players came.
    pub drawn: bool,
    /// How long the computer waits before each of its steps, in milliseconds; none, if it acts at once.
    pub bot_pause: Option<u64>,
    /// What ends a match whatever its players do.
    pub limits: Limits,
    /// How thoroughly the kit tries it.
    pub check: Check,
}

/// What ends a match whatever its players do, and what it may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most steps. After that many it is abandoned.
    pub steps: u32,
    /// Most deadlines in a row at which no player had done anything. Then it is abandoned.
    pub missed: u32,
    /// Longest silence where the game sets no deadline, in seconds: at most 15 minutes. Then it is abandoned.
    pub silence_seconds: u64,
    /// Largest row, in bytes as DynamoDB counts them: 1,024 of them are a write unit.
    pub row_bytes: usize,
    /// Most write units that a match by code may cost that players play to its end.
    pub write_units: u32,
}

/// How thoroughly the kit tries a mode.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Steps from the beginning that are tried in every order.
    pub depth: usize,
    /// Most states that are reached in that, counted each time.
    pub states: usize,
    /// Whole games that are played at random.
    pub games: usize,
    /// Whether the game's `tries` are only a sample of what may be done. Otherwise, the kit holds that nothing else may.
    pub sampled: bool,
}

/// What GameLift is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hosted {
    /// The variable of the functions' environment that holds the name of the game session queue. In `template.yaml` it comes from a
    /// parameter, so that each stage has its own queue. If it is empty, the mode is not offered.
    pub queue: &'static str,
    /// Players that a game session has room for: 1 to 200.
    pub seats: u16,
    /// Game properties, which the server is told: at most 16, keys of up to 32 and values of up to 96 characters.
    pub properties: &'static [(&'static str, &'static str)],
}

impl Mode {
    /// A mode that is played here.
    #[must_use]
    pub const fn played(name: &'static str, game: &'static dyn ErasedGame, options: &'static str) -> Self {
        let limits = Limits { steps: 200, missed: 2, silence_seconds: 900, row_bytes: 1_024, write_units: 100 };
        let check = Check { depth: 8, states: 8_000, games: 60, sampled: false };
        let kind = Kind::Played(Played { game, options, drawn: false, bot_pause: None, limits, check });
        Self { name, lane: Lane::Main, pool: None, kind }
    }

    /// A mode that is played on a game server.
    #[must_use]
    pub const fn hosted(name: &'static str, hosted: Hosted) -> Self {
        Self { name, lane: Lane::Main, pool: None, kind: Kind::Hosted(hosted) }
    }

    /// With a pool that brings together this many players.
    #[must_use]
    pub const fn pool(self, players: usize) -> Self {
        Self { pool: Some(players), ..self }
    }

    /// With seats that are drawn.
    #[must_use]
    pub const fn drawn(self) -> Self {
        match self.kind {
            Kind::Played(played) => Self { kind: Kind::Played(Played { drawn: true, ..played }), ..self },
            Kind::Hosted(_) => self,
        }
    }

    /// With a computer that waits for this many milliseconds before each of its steps.
    #[must_use]
    pub const fn bot_pause(self, milliseconds: u64) -> Self {
        match self.kind {
            Kind::Played(played) => Self { kind: Kind::Played(Played { bot_pause: Some(milliseconds), ..played }), ..self },
            Kind::Hosted(_) => self,
        }
    }

    /// With other limits.
    #[must_use]
    pub const fn limits(self, limits: Limits) -> Self {
        match self.kind {
            Kind::Played(played) => Self { kind: Kind::Played(Played { limits, ..played }), ..self },
            Kind::Hosted(_) => self,
        }
    }

    /// With as many write units at most for a match by code that players play to its end.
    #[must_use]
    pub const fn write_units(self, write_units: u32) -> Self {
        match self.kind {
            Kind::Played(played) => self.limits(Limits { write_units, ..played.limits }),
            Kind::Hosted(_) => self,
        }
    }

    /// Tried like this.
    #[must_use]
    pub const fn check(self, check: Check) -> Self {
        match self.kind {
            Kind::Played(played) => Self { kind: Kind::Played(Played { check, ..played }), ..self },
            Kind::Hosted(_) => self,
        }
    }

    /// What GameLift is asked for, if it is played on a game server.
    #[must_use]
    pub const fn as_hosted(&self) -> Option<&Hosted> {
        match &self.kind {
            Kind::Hosted(hosted) => Some(hosted),
            Kind::Played(_) => None,
        }
    }

    /// Its game, if it is played here.
    #[must_use]
    pub const fn as_played(&self) -> Option<&Played> {
        match &self.kind {
            Kind::Played(played) => Some(played),
            Kind::Hosted(_) => None,
        }
    }
}

/// The mode of this name.
#[must_use]
pub fn mode(name: &str) -> Option<&'static Mode> {
    let mode = MODES.iter().find(|mode| mode.name == name);
    #[cfg(feature = "check")]
    let mode = mode.or_else(|| crate::check::further(name));
    mode
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_mode_has_its_own_name_and_there_is_a_default() {
        let names: BTreeSet<_> = MODES.iter().map(|mode| mode.name).collect();
        assert_eq!(names.len(), MODES.len());
        assert!(mode(DEFAULT_HOSTED_MODE).is_some_and(|mode| mode.as_hosted().is_some()));
        assert!(mode("chess").is_none());
    }

    #[test]
    fn gamelift_would_take_every_hosted_mode() {
        for (name, hosted) in MODES.iter().filter_map(|mode| Some((mode.name, mode.as_hosted()?))) {
            assert!((1..=200).contains(&hosted.seats), "{name}");
            assert!(hosted.properties.len() <= 16, "{name}");
            assert!(hosted.properties.iter().all(|(key, value)| key.len() <= 32 && value.len() <= 96), "{name}");
        }
    }

    /// Items of a transaction.
    const MOST_ITEMS: usize = 100;

    #[test]
    fn a_pool_brings_together_as_many_as_can_play() {
        for Mode { name, pool, kind, .. } in MODES {
            let seats = match kind {
                Kind::Hosted(hosted) => 1..=usize::from(hosted.seats),
                Kind::Played(played) => played.game.seats(played.options).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}")),
            };
            // A ticket and a seat of each, and the match: a transaction of DynamoDB has 100 items.
            assert!(pool.is_none_or(|pool| pool >= 2 && 2 * pool < MOST_ITEMS && seats.contains(&pool)), "{name}");
            assert!(*seats.start() >= 1 && (matches!(kind, Kind::Hosted(_)) || *seats.end() <= muster_protocol::limits::SEATS), "{name}");
        }
    }
}
