//! Matches: rows of the table matches (key matchId). How a match goes on is in [`muster_game::rounds`]; here is how it is written down.
//!
//! Every write is conditional on the version and the number of open plays that were read, so that no play is lost and each round is resolved
//! once. A play itself is one conditional write that reads nothing.

mod play;
mod view;
mod write;

pub use write::Joined;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use muster_game::{
    Mode,
    rounds::{Both, Ending, Match, RoundResult, Rounds, Side, State},
};
use muster_protocol::{MatchEnding, MatchState};
use serde::{Deserialize, Serialize};

use crate::{Config, ConfigError, Fault, clock, conditional::Item};

/// How long a match that waits, or goes on, is remembered after its last change, in seconds: longer than any round.
const OPEN_SECONDS: u64 = 60 * 60;

/// How long a match that is over is remembered, in seconds.
const OVER_SECONDS: u64 = 10 * 60;

/// A match of two players.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchRow {
    /// Its id; of a private one the code.
    pub match_id: String,
    /// The mode that is played.
    pub mode: String,
    /// The two players; one, while it waits.
    pub players: Vec<String>,
    /// Where it is.
    pub state: MatchState,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<MatchEnding>,
    /// Who has won it, or left it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<String>,
    /// Rounds won, in the order of the players.
    pub scores: [u32; 2],
    /// The open round, or the last.
    pub round: u32,
    /// The plays of the open round, by player. Nobody may see them.
    pub plays: BTreeMap<String, String>,
    /// By which request each was made, by player: so a write that is sent again, since its answer was lost, is known as the one that was done.
    #[serde(default)]
    pub requests: BTreeMap<String, String>,
    /// How many plays there are. Only rows with none are announced, so that an open play invokes nothing.
    pub played: u32,
    /// Until when a play counts, in epoch milliseconds.
    pub due_at: u64,
    /// Rounds in a row in which nobody played.
    #[serde(default)]
    pub unanswered: u32,
    /// The round before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastRound>,
    /// Grows with every change that players are told of.
    pub version: u64,
    /// When it last changed so, in epoch milliseconds.
    pub changed_at: u64,
    /// When it is forgotten, in whole epoch seconds.
    pub expires_at: u64,
    /// The request that led to it.
    pub cause: String,
}

/// A round that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastRound {
    /// Which one.
    pub round: u32,
    /// What was played, by player.
    pub plays: BTreeMap<String, String>,
    /// Who won it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winner: Option<String>,
    /// In words.
    pub summary: String,
}

impl MatchRow {
    /// A match that waits, asked for by `cause`. It is not yet as the rules have it: see [`with`](Self::with).
    #[must_use]
    pub fn new(match_id: &str, mode: &str, players: Vec<String>, cause: &str) -> Self {
        Self {
            match_id: match_id.to_owned(),
            mode: mode.to_owned(),
            players,
            state: MatchState::Waiting,
            ending: None,
            decided: None,
            scores: [0, 0],
            round: 0,
            plays: BTreeMap::new(),
            requests: BTreeMap::new(),
            played: 0,
            due_at: 0,
            unanswered: 0,
            last: None,
            version: 0,
            changed_at: 0,
            expires_at: 0,
            cause: cause.to_owned(),
        }
    }

    /// The mode's rules of rounds.
    ///
    /// # Errors
    /// A [`Fault`] if there is no such mode any more.
    pub fn rounds(&self) -> Result<&'static Rounds, Fault> {
        let rounds = muster_game::mode(&self.mode).and_then(Mode::rounds);
        rounds.ok_or_else(|| Fault::because(format!("there is no mode {} that is played in rounds", self.mode)))
    }

    /// Which of the two a player is.
    #[must_use]
    pub fn side_of(&self, player: &str) -> Option<Side> {
        match self.players.iter().position(|known| known == player) {
            Some(0) => Some(Side::First),
            Some(1) => Some(Side::Second),
            _ => None,
        }
    }

    fn player(&self, side: Side) -> Option<&String> {
        self.players.get(match side {
            Side::First => 0,
            Side::Second => 1,
        })
    }

    fn both<T>(&self, of: impl Fn(&str) -> T) -> Both<T> {
        let of = |side| of(self.player(side).map_or("", String::as_str));
        Both { first: of(Side::First), second: of(Side::Second) }
    }

    /// What the rules know of it.
    #[must_use]
    pub fn rules(&self) -> Match {
        let decided = self.decided.as_deref().and_then(|player| self.side_of(player)).unwrap_or(Side::First);
        let state = match (self.state, self.ending) {
            (MatchState::Playing, _) => State::Playing,
            (MatchState::Over, Some(MatchEnding::Won)) => State::Over(Ending::Won(decided)),
            (MatchState::Over, Some(MatchEnding::Forfeited)) => State::Over(Ending::Forfeited { by: decided }),
            (MatchState::Over, Some(MatchEnding::Drawn)) => State::Over(Ending::Drawn),
            (MatchState::Over, _) => State::Over(Ending::Abandoned),
            (MatchState::Waiting | MatchState::Unknown, _) => State::Waiting,
        };
        let last = self.last.as_ref().map(|last| RoundResult {
            round: last.round,
            plays: self.both(|player| last.plays.get(player).cloned()),
            winner: last.winner.as_deref().and_then(|player| self.side_of(player)),
            summary: last.summary.clone(),
        });
        Match {
            state,
            scores: Both { first: self.scores[0], second: self.scores[1] },
            round: self.round,
            plays: self.both(|player| self.plays.get(player).cloned()),
            due_at: self.due_at,
            unanswered: self.unanswered,
            last,
        }
    }

    /// The row behind a change at `now` (epoch milliseconds), which its players are told of.
    #[must_use]
    pub fn with(&self, rules: &Match, now: u64) -> Self {
        let by_player = |values: &Both<Option<String>>| -> BTreeMap<String, String> {
            let of = |side| Some((self.player(side)?.clone(), values.of(side).clone()?));
            [of(Side::First), of(Side::Second)].into_iter().flatten().collect()
        };
        let name = |side| self.player(side).cloned();
        let (state, ending, decided) = match rules.state {
            State::Waiting => (MatchState::Waiting, None, None),
            State::Playing => (MatchState::Playing, None, None),
            State::Over(Ending::Won(side)) => (MatchState::Over, Some(MatchEnding::Won), name(side)),
            State::Over(Ending::Forfeited { by }) => (MatchState::Over, Some(MatchEnding::Forfeited), name(by)),
            State::Over(Ending::Drawn) => (MatchState::Over, Some(MatchEnding::Drawn), None),
            State::Over(Ending::Abandoned) => (MatchState::Over, Some(MatchEnding::Abandoned), None),
        };
        let plays = by_player(&rules.plays);
        let seconds = if state == MatchState::Over { OVER_SECONDS } else { OPEN_SECONDS };
        Self {
            state,
            ending,
            decided,
            scores: [rules.scores.first, rules.scores.second],
            round: rules.round,
            played: u32::try_from(plays.len()).unwrap_or_default(),
            plays,
            requests: BTreeMap::new(),
            due_at: rules.due_at,
            unanswered: rules.unanswered,
            last: rules.last.as_ref().map(|last| LastRound {
                round: last.round,
                plays: by_player(&last.plays),
                winner: last.winner.and_then(name),
                summary: last.summary.clone(),
            }),
            version: self.version + 1,
            changed_at: now,
            expires_at: now.max(rules.due_at) / 1_000 + seconds,
            ..self.clone()
        }
    }
}

/// The matches.
#[derive(Clone, Debug)]
pub struct Matches {
    client: Client,
    table: String,
}

impl Matches {
    /// Reads `MATCHES_TABLE`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { client: config.dynamodb()?, table: config.required("MATCHES_TABLE")?.to_owned() })
    }

    /// The match of this id, as it is now.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn get(&self, match_id: &str) -> Result<Option<MatchRow>, Fault> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let get = get.key("matchId", AttributeValue::S(match_id.to_owned()));
        let item = get.send().await.map_err(|error| Fault::new("reading a match", error))?.item;
        let row = item.map(read).transpose()?;
        Ok(row.filter(|row| row.expires_at > clock::now_seconds()))
    }
}

fn read(item: Item) -> Result<MatchRow, Fault> {
    serde_dynamo::from_item(item).map_err(|error| Fault::new("understanding the match's row", error))
}
