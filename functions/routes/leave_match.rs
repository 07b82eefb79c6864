//! `leaveMatch`: the calling player gives a match up.
//!
//! - Trigger: a client's frame.
//! - Reads: the match. Writes: the match without the player, and then gives up the player's seat, so that it can play again at once; also
//!   in a match that is over or forgotten, should its last event have been lost: so nobody is kept in it. Pushes nothing, and leaves the
//!   others' seats alone: the row's stream event makes matches_announce do both.
//! - Safe to repeat: a match that is over, or that the player has left, is shown as it is.

use lambda_runtime::Error;
use muster_aws::{
    Config, ConfigError, Failure, Matches, Read, Seats,
    harness::{self, Call},
    seen_by,
};
use muster_game::{Lane, Mode, Wish, mode};
use muster_protocol::{
    Code, MatchPush, SeatKind,
    routes::{LeaveMatch, match_id_of},
};

struct State {
    matches: Matches,
    seats: Seats,
}

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::route(State::from_config, leave_match).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { matches: Matches::from_config(config)?, seats: Seats::from_config(config)? })
    }

    /// Gives up the seat that the player has in this match: in the lane of its mode, or in any if that is not known.
    async fn let_go(&self, player_id: &str, match_id: &str, mode: Option<&Mode>) -> Result<(), Failure> {
        for lane in Lane::ALL.into_iter().filter(|lane| mode.is_none_or(|mode| mode.lane == *lane)) {
            self.seats.release(player_id, lane, SeatKind::Match, match_id).await?;
        }
        Ok(())
    }
}

async fn leave_match(state: &State, call: Call<LeaveMatch>) -> Result<MatchPush, Failure> {
    let (match_id, player_id) = (match_id_of(&call.body.match_id), &call.player.id);
    let left = state.matches.wish(&match_id, Wish::Leave(player_id), call.asking(), Read::Eventual).await;
    let changed = match left {
        Ok(changed) => changed,
        Err(Failure::Rejection(rejection)) if rejection.code == Code::NotFound => {
            state.let_go(player_id, &match_id, None).await?;
            return Err(rejection.into());
        }
        Err(failure) => return Err(failure),
    };
    state.let_go(player_id, &match_id, changed.row.as_ref().and_then(|row| mode(&row.mode))).await?;

    let cause = changed.row.as_ref().map(|row| &row.cause);
    tracing::info!(cause, by = call.player.cause, matchId = match_id, written = changed.written, "left a match");
    seen_by(changed.row.as_ref(), player_id)
}
