//! `newMatch`, `joinMatch`, `leaveMatch` and `play`: a match of two, whose state each of them is pushed as its own view.

use serde::{Deserialize, Serialize};

use crate::{MatchPush, Rejection, Request, Route, limits};

/// Opens a private match, which another player joins by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NewMatch {
    /// The name of a mode that is played in rounds.
    pub mode: String,
}

/// Comes into a match, or back to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JoinMatch {
    /// Six letters and digits, in either case, or the id of a match that the player is in.
    pub match_id: String,
}

/// Gives a match up: the other player wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LeaveMatch {
    /// The match.
    pub match_id: String,
}

/// A play in the open round of a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Play {
    /// The match.
    pub match_id: String,
    /// The round that the play is for, as the last push said: a play that comes late counts for no other round.
    pub round: u32,
    /// The play, such as `paper`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = limits::PLAY_CHARACTERS)))]
    pub play: String,
}

/// The play counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Played {
    /// The match.
    pub match_id: String,
    /// The round.
    pub round: u32,
    /// The play.
    pub play: String,
}

/// What can be the id of a match: a code, or a UUID.
fn check_match_id(id: &str) -> Result<(), Rejection> {
    if (1..=limits::MATCH_ID_CHARACTERS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Ok(());
    }
    let problem = format_args!("1 to {} letters, digits and hyphens", limits::MATCH_ID_CHARACTERS);
    Err(Rejection::field("body.matchId", problem))
}

impl Request for NewMatch {
    const ROUTE: Route = Route::NewMatch;
    type Reply = MatchPush;

    fn check(&self) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Request for JoinMatch {
    const ROUTE: Route = Route::JoinMatch;
    type Reply = MatchPush;

    fn check(&self) -> Result<(), Rejection> {
        check_match_id(&self.match_id)
    }
}

impl Request for LeaveMatch {
    const ROUTE: Route = Route::LeaveMatch;
    type Reply = MatchPush;

    fn check(&self) -> Result<(), Rejection> {
        check_match_id(&self.match_id)
    }
}

impl Request for Play {
    const ROUTE: Route = Route::Play;
    type Reply = Played;

    fn check(&self) -> Result<(), Rejection> {
        check_match_id(&self.match_id)?;
        if (1..=limits::PLAY_CHARACTERS).contains(&self.play.chars().count()) {
            return Ok(());
        }
        Err(Rejection::field("body.play", format_args!("1 to {} characters", limits::PLAY_CHARACTERS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_plays_have_limits() {
        let play = |id: &str, play: &str| Play { match_id: id.into(), round: 1, play: play.into() }.check();
        assert_eq!(play("K7QX2M", "paper"), Ok(()));
        assert_eq!(play("0192f0c1-0000-7abc-8def-0123456789ab", &"x".repeat(32)), Ok(()));
        assert_eq!(play("K7 QX2", "paper").unwrap_err().message, "body.matchId: 1 to 36 letters, digits and hyphens");
        assert_eq!(play("K7QX2M", &"x".repeat(33)).unwrap_err().message, "body.play: 1 to 32 characters");
    }
}
