//! `leaveMatch`: the calling player gives a match up, and the other wins.
//!
//! - Trigger: a client's frame.
//! - Reads: the match. Writes: the match as it is over. Pushes nothing, and gives up no seat: the row's stream event makes matches_announce do both.
//! - Safe to repeat: a match that is over is shown as it ended.

use lambda_runtime::Error;
use muster_aws::{
    Failure, Fault, Matches,
    harness::{self, Call},
};
use muster_protocol::{Code, MatchPush, Rejection, routes::LeaveMatch};

/// How often the match is looked at again, if it has changed meanwhile.
const ATTEMPTS: u32 = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::route(Matches::from_config, leave_match).await
}

async fn leave_match(matches: &Matches, call: Call<LeaveMatch>) -> Result<MatchPush, Failure> {
    let player = call.player.id;
    for _ in 0..ATTEMPTS {
        let row = matches.get(&call.body.match_id).await?;
        // Somebody else's is as unknown as one that never was.
        let found = row.and_then(|row| Some((row.side_of(&player)?, row)));
        let (side, row) = found.ok_or_else(|| Rejection::new(Code::NotFound, "body.matchId: you are in no such match"))?;
        let Some(left) = row.rules().left(side) else { return Ok(row.view(&player)) };
        if let Some(row) = matches.write(&row, &left).await? {
            tracing::info!(matchId = row.match_id, "left a match");
            return Ok(row.view(&player));
        }
    }
    Err(Fault::because("the match went on changing while it was left").into())
}
