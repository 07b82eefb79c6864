//! The game session: what it is called, and who may enter.

use std::collections::BTreeSet;

use serde::Deserialize;
use uuid::Uuid;

/// How many players Muster takes in one event.
const MAX_PLAYERS: usize = 200;

/// A game session as the fleet describes it. What else it says (the placement's id, the game's properties) this game does not need.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    #[serde(rename = "gameSessionArn")]
    pub(crate) arn: String,
    pub(crate) maximum_players: usize,
    /// What Muster tells the server about the match: JSON with its mode, its players and the placement.
    #[serde(rename = "gameSessionData", default)]
    pub(crate) data: String,
    pub(crate) player_sessions: Vec<PlayerSession>,
}

/// A place that is kept for a player. Its id is known to that player and this server alone, and so proves who comes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlayerSession {
    pub(crate) player_id: String,
    pub(crate) player_session_id: String,
}

impl Session {
    /// Reads what the fleet gives.
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        let session: Self = serde_json::from_str(json).map_err(|error| format!("MUSTER_GAME_SESSION cannot be read: {error}"))?;
        if session.placement_id().is_empty() {
            return Err("MUSTER_GAME_SESSION: gameSessionArn must end with a name".to_owned());
        }
        Ok(session)
    }

    /// Places players without GameLift: the server itself makes up what GameLift would.
    pub(crate) fn of_own_fleet(players: &[String], region: &str) -> Result<Self, String> {
        let distinct: BTreeSet<&str> = players.iter().map(|player| player.trim()).collect();
        if distinct.contains("") || distinct.len() != players.len() || players.len() > MAX_PLAYERS {
            return Err(format!("--players: up to {MAX_PLAYERS} names, none of them twice and none that is no name"));
        }
        // Time comes first in such an id, so that the newest game session is sorted last.
        let placement_id = Uuid::now_v7();
        let player_sessions = distinct
            .into_iter()
            .map(|player| PlayerSession { player_id: player.to_owned(), player_session_id: format!("psess-{}", Uuid::new_v4()) });
        Ok(Self {
            arn: format!("arn:aws:gamelift:{region}::gamesession/own-fleet/{placement_id}"),
            maximum_players: players.len(),
            data: String::new(),
            player_sessions: player_sessions.collect(),
        })
    }

    /// The placement that led here, by which the ARN ends.
    pub(crate) fn placement_id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    /// Who was placed.
    pub(crate) fn players(&self) -> impl Iterator<Item = &str> {
        self.player_sessions.iter().map(|session| session.player_id.as_str())
    }

    /// Whose player session this is; `None` if nobody's.
    pub(crate) fn player(&self, player_session_id: &str) -> Option<&str> {
        self.player_sessions.iter().find(|session| session.player_session_id == player_session_id).map(|session| session.player_id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"gameSessionArn": "arn:aws:gamelift:us-east-1::gamesession/fleet-1/p1", "placementId": "p1",
        "maximumPlayers": 8, "gameSessionData": "{\"mode\":\"arena\"}", "gameProperties": {"k": "v"},
        "playerSessions": [{"playerId": "alice", "playerSessionId": "psess-1"}]}"#;

    #[test]
    fn what_the_fleet_gives_is_understood() {
        let session = Session::parse(JSON).unwrap();
        assert_eq!((session.placement_id(), session.maximum_players, session.data.as_str()), ("p1", 8, "{\"mode\":\"arena\"}"));
        assert_eq!(session.player("psess-1"), Some("alice"));
        assert_eq!((session.player("alice"), session.player("")), (None, None));
        assert!(Session::parse("{}").unwrap_err().contains("gameSessionArn"));
        assert!(Session::parse(&JSON.replace("fleet-1/p1", "")).unwrap_err().contains("end with a name"));
    }

    #[test]
    fn ones_own_fleet_gives_every_player_a_place_of_its_own() {
        let session = Session::of_own_fleet(&["bob".into(), "alice".into()], "eu-west-1").unwrap();
        assert_eq!(session.arn, format!("arn:aws:gamelift:eu-west-1::gamesession/own-fleet/{}", session.placement_id()));
        assert_eq!(Uuid::parse_str(session.placement_id()).unwrap().get_version_num(), 7);
        assert_eq!((session.players().collect::<Vec<_>>(), session.maximum_players), (vec!["alice", "bob"], 2));
        let ids: BTreeSet<_> = session.player_sessions.iter().map(|session| &session.player_session_id).collect();
        assert!(ids.len() == 2 && ids.iter().all(|id| id.starts_with("psess-")), "{ids:?}");
    }

    #[test]
    fn players_who_cannot_be_placed_are_refused() {
        let place = |players: &[&str]| Session::of_own_fleet(&players.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), "r");
        assert!(place(&["alice", "alice"]).is_err());
        assert!(place(&["alice", " "]).is_err());
        assert!(place(&(0..201).map(|n| n.to_string()).collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>()).is_err());
    }
}
