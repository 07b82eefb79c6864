//! What can be played: the modes, and all that a client may not decide about them. Change this table for a game of your own.

/// Every mode. A client names one; everything else is decided here.
pub const MODES: &[Mode] = &[
    Mode { name: "arena", hosted: Hosted { queue: "GAME_SESSION_QUEUE", seats: 8, properties: &[("mode", "arena"), ("map", "foundry")] } },
    Mode { name: "duel", hosted: Hosted { queue: "GAME_SESSION_QUEUE", seats: 2, properties: &[("mode", "duel"), ("map", "bridge")] } },
];

/// The mode of a placement request that names none.
pub const DEFAULT_HOSTED_MODE: &str = "arena";

/// A way to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Its name on the wire.
    pub name: &'static str,
    /// How it is played on a game server.
    pub hosted: Hosted,
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
        assert!(mode(DEFAULT_HOSTED_MODE).is_some());
        assert_eq!(mode("chess"), None);
    }

    #[test]
    fn gamelift_would_take_every_mode() {
        for Mode { name, hosted } in MODES {
            assert!((1..=200).contains(&hosted.seats), "{name}");
            assert!(hosted.properties.len() <= 16, "{name}");
            assert!(hosted.properties.iter().all(|(key, value)| key.len() <= 32 && value.len() <= 96), "{name}");
        }
    }
}
