//! `leaveMatch`: the calling player gives a match up, and the other wins.
//!
//! - Trigger: a client's frame.
//! - Reads: the match. Writes: the match as it is over, and gives up the player's seat, so that it can play again at once; also in a match that is
//!   over or forgotten, should its last event have been lost: so nobody is kept in it. Pushes nothing, and leaves the other's seat alone: the row's
//!   stream event makes matches_announce do both.
//! - Safe to repeat: a match that is over is shown as it ended.

use lambda_runtime::Error;
use muster_aws::{
    Config, ConfigError, Failure, Fault, Matches, Seats,
    harness::{self, Call},
};
use muster_protocol::{Code, MatchPush, Rejection, SeatKind, routes::LeaveMatch};

/// How often the match is looked at again, if it has changed meanwhile.
const ATTEMPTS: u32 = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::route(State::from_config, leave_match).await
}

struct State {
    matches: Matches,
    seats: Seats,
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { matches: Matches::from_config(config)?, seats: Seats::from_config(config)? })
    }
}

async fn leave_match(State { matches, seats }: &State, call: Call<LeaveMatch>) -> Result<MatchPush, Failure> {
    let player = call.player.id;
    for _ in 0..ATTEMPTS {
        let row = matches.get(&call.body.match_id).await?;
        if row.is_none() {
            seats.release(&player, SeatKind::Match, &call.body.match_id).await?;
        }
        // Somebody else's is as unknown as one that never was.
        let found = row.and_then(|row| Some((row.side_of(&player)?, row)));
        let (side, row) = found.ok_or_else(|| Rejection::new(Code::NotFound, "body.matchId: you are in no such match"))?;
        let over = match row.rules().left(side) {
            Some(left) => matches.write(&row, &left).await?,
            None => Some(row),
        };
        if let Some(row) = over {
            seats.release(&player, SeatKind::Match, &row.match_id).await?;
            tracing::info!(matchId = row.match_id, "left a match");
            return Ok(row.view(&player));
        }
    }
    Err(Fault::because("the match went on changing while it was left").into())
}
