//! Pushes as tests want them.

use muster_protocol::{MatchPush, MatchState, Outcome, PlacementPush, SessionPush};

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

/// A version of a match.
pub(super) fn view_push(id: &str, version: u64, state: MatchState) -> MatchPush {
    MatchPush {
        match_id: id.into(),
        mode: "rpsls".into(),
        version,
        state,
        opponent_id: Some("bob".into()),
        round: 1,
        due_at: None,
        your_score: 0,
        their_score: 0,
        winner: None,
        ending: None,
        your_play: None,
        their_play: None,
        round_winner: None,
        round_summary: None,
    }
}
