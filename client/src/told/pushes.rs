//! Pushes as tests want them.

use muster_protocol::{MatchPlayer, MatchPush, MatchState, Outcome, PlacementPush, SessionPush};

/// Where the game server of a placement is.
pub(super) fn session_push(placement: &str) -> SessionPush {
    SessionPush {
        placement_id: placement.into(),
        ip: "127.0.0.1".into(),
        dns: None,
        port: 40_000,
        player_session_id: "psess-1".into(),
        game_session_arn: "arn".into(),
        region: None,
    }
}

/// The end of a placement.
pub(super) fn end_push(placement: &str) -> PlacementPush {
    PlacementPush { placement_id: placement.into(), outcome: Outcome::Ended, reason: None, results: None }
}

/// A version of a match that the player is in, as a reply has it.
pub(super) fn view_push(id: &str, version: u64, state: MatchState) -> MatchPush {
    MatchPush {
        match_id: id.into(),
        mode: "rpsls".into(),
        version,
        state,
        players: vec![MatchPlayer { player_id: "alice".into(), bot: false, away: false, left: false }],
        seat: Some(0),
        host: None,
        least: None,
        awaits: Vec::new(),
        now: 0,
        due_at: None,
        events: Vec::new(),
        view: None,
        ack: None,
        outcome: None,
    }
}
