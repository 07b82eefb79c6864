//! What goes wrong on purpose, by chance from a seed, as it goes wrong on AWS now and then.
//!
//! `--weather mild`, `--weather rough` or a JSON file of [`Odds`]. By default it is `calm`: nothing is drawn, and only environments freeze
//! between invocations. The same seed draws the same for each kind of mishap; which call it meets depends on the order in which calls come.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::Deserialize;

use crate::lock::lock;

/// How often what goes wrong: probabilities between 0 and 1, unless it says otherwise.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Odds {
    /// What is drawn begins with it.
    pub seed: u64,
    /// A stream record, a message of a queue or an asynchronous event comes a second time.
    pub twice: f64,
    /// A batch that was handled comes again, as if its answer had been lost.
    pub batch_again: f64,
    /// Shards of each table's stream, by a hash of the partition key.
    pub shards: u32,
    /// A call of an AWS service is throttled, without effect.
    pub throttle: f64,
    /// A call takes effect, and its answer is lost.
    pub unanswered: f64,
    /// A write of DynamoDB conflicts with another one: `TransactionConflict`.
    pub conflict: f64,
    /// Milliseconds by which an eventually consistent read is behind at most.
    pub stale_ms: u64,
    /// A socket's `$disconnect` never comes.
    pub no_disconnect: f64,
    /// The process of a consumer (of a stream, a queue or a topic) is killed in the middle of an invocation, which comes again by itself.
    pub kill: f64,
    /// That of a route or the authorizer, whose caller is told of it and has to ask again.
    pub kill_route: f64,
    /// Whether environments are frozen between invocations, as Lambda freezes them.
    pub freeze: bool,
}

impl Default for Odds {
    fn default() -> Odds {
        Odds {
            seed: 0,
            twice: 0.0,
            batch_again: 0.0,
            shards: 1,
            throttle: 0.0,
            unanswered: 0.0,
            conflict: 0.0,
            stale_ms: 0,
            no_disconnect: 0.0,
            kill: 0.0,
            kill_route: 0.0,
            freeze: true,
        }
    }
}

impl Odds {
    fn mild() -> Odds {
        Odds {
            twice: 0.02,
            batch_again: 0.01,
            shards: 4,
            throttle: 0.002,
            unanswered: 0.001,
            conflict: 0.01,
            stale_ms: 50,
            ..Odds::default()
        }
    }

    fn rough() -> Odds {
        let (twice, batch_again, throttle, unanswered, conflict) = (0.1, 0.05, 0.01, 0.005, 0.05);
        Odds { twice, batch_again, throttle, unanswered, conflict, no_disconnect: 0.05, kill: 0.005, ..Odds::mild() }
    }

    /// `calm`, `mild`, `rough`, each with `:SEED` behind it or not, or a JSON file.
    ///
    /// # Errors
    /// What is wrong with it, for the command line.
    pub fn read(text: &str) -> Result<Odds, String> {
        let (name, seed) = match text.split_once(':') {
            Some((name, seed)) => (name, seed.parse().map_err(|_| format!("'{seed}' is not a seed, which is a whole number"))?),
            None => (text, 0),
        };
        match name {
            "calm" => Ok(Odds { seed, ..Odds::default() }),
            "mild" => Ok(Odds { seed, ..Odds::mild() }),
            "rough" => Ok(Odds { seed, ..Odds::rough() }),
            _ => {
                let read = std::fs::read_to_string(Path::new(text))
                    .map_err(|error| format!("neither calm, mild nor rough, nor a file: {error}"))?;
                serde_json::from_str(&read).map_err(|error| format!("{text}: {error}"))
            }
        }
    }
}

/// A kind of mishap. Each draws from a sequence of its own, so that one more of one kind does not change another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// [`Odds::twice`].
    Twice,
    /// [`Odds::batch_again`].
    BatchAgain,
    /// [`Odds::throttle`].
    Throttle,
    /// [`Odds::unanswered`].
    Unanswered,
    /// [`Odds::conflict`].
    Conflict,
    /// [`Odds::no_disconnect`].
    NoDisconnect,
    /// [`Odds::kill`].
    Kill,
    /// [`Odds::kill_route`].
    KillRoute,
}

const KINDS: usize = Mishap::KillRoute as usize + 1;

/// The weather of a stack. Cheap to clone; all clones draw from the same sequences. The default is calm.
#[derive(Clone)]
pub struct Weather {
    odds: Arc<Odds>,
    drawn: Arc<Mutex<[fastrand::Rng; KINDS]>>,
}

impl Default for Weather {
    fn default() -> Weather {
        Weather::new(Odds::default())
    }
}

impl Weather {
    /// Draws by these odds.
    pub fn new(odds: Odds) -> Weather {
        let sequences = std::array::from_fn(|kind| fastrand::Rng::with_seed(odds.seed.wrapping_mul(1_000_003).wrapping_add(kind as u64)));
        Weather { odds: Arc::new(odds), drawn: Arc::new(Mutex::new(sequences)) }
    }

    /// The odds, for what is not drawn: shards, staleness, freezing.
    pub fn odds(&self) -> &Odds {
        &self.odds
    }

    /// Whether it happens this time.
    pub fn happens(&self, mishap: Mishap) -> bool {
        let odds = match mishap {
            Mishap::Twice => self.odds.twice,
            Mishap::BatchAgain => self.odds.batch_again,
            Mishap::Throttle => self.odds.throttle,
            Mishap::Unanswered => self.odds.unanswered,
            Mishap::Conflict => self.odds.conflict,
            Mishap::NoDisconnect => self.odds.no_disconnect,
            Mishap::Kill => self.odds.kill,
            Mishap::KillRoute => self.odds.kill_route,
        };
        odds > 0.0 && lock(&self.drawn)[mishap as usize].f64() < odds
    }

    /// How far behind an eventually consistent read is this time.
    pub fn staleness(&self) -> Duration {
        let most = self.odds.stale_ms;
        Duration::from_millis(if most == 0 { 0 } else { fastrand::u64(0..=most) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_draws_the_same_for_each_kind_whatever_else_is_drawn() {
        let drawn = |disturbed: bool| {
            let weather = Weather::new(Odds { seed: 7, ..Odds::rough() });
            let draw = |_| {
                if disturbed {
                    weather.happens(Mishap::Twice);
                }
                weather.happens(Mishap::Conflict)
            };
            (0..200).map(draw).collect::<Vec<bool>>()
        };
        assert_eq!(drawn(false), drawn(true));
        assert!(drawn(false).contains(&true) && drawn(false).contains(&false));
    }

    #[test]
    fn calm_weather_draws_nothing() {
        let weather = Weather::default();
        assert!((0..1_000).all(|_| !weather.happens(Mishap::Twice)));
        assert_eq!(weather.staleness(), Duration::ZERO);
    }

    #[test]
    fn weather_is_named_or_in_a_file_and_nonsense_is_refused() {
        assert_eq!(Odds::read("rough:42").unwrap(), Odds { seed: 42, ..Odds::rough() });
        assert_eq!(Odds::read("mild").unwrap(), Odds::mild());
        assert!(Odds::read("rough:soon").unwrap_err().contains("soon"));
        assert!(Odds::read("stormy").unwrap_err().contains("nor a file"));
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("weather.json");
        std::fs::write(&file, r#"{"twice": 0.5, "rain": 1}"#).unwrap();
        assert!(Odds::read(file.to_str().unwrap()).unwrap_err().contains("rain"));
        std::fs::write(&file, r#"{"twice": 0.5}"#).unwrap();
        assert_eq!(Odds::read(file.to_str().unwrap()).unwrap(), Odds { twice: 0.5, ..Odds::default() });
    }
}
