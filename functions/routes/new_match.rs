//! `newMatch`: a private match, which another player joins by its code.
//!
//! - Trigger: a client's frame.
//! - Writes: the match's row and the player's seat, in one transaction. Reads the match only if the
//!   request is a repetition, and pushes nothing: the row's stream event does.
//! - Safe to repeat: the code is made of the request, so the same event makes the same match. The same requestId, while its match is open, gets
//!   the same match.

use lambda_runtime::Error;
use muster_aws::{
    Config, ConfigError, Failure, Fault, Joined, MatchRow, Matches, Seats,
    harness::{self, Call},
    match_code,
};
use muster_game::{MODES, rounds::Match};
use muster_protocol::{MatchPush, Rejection, routes::NewMatch};

/// How often another code is tried, if there is a match of that one.
const ATTEMPTS: u32 = 5;

struct State {
    matches: Matches,
    seats: Seats,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::route(State::from_config, new_match).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { matches: Matches::from_config(config)?, seats: Seats::from_config(config)? })
    }
}

async fn new_match(state: &State, call: Call<NewMatch>) -> Result<MatchPush, Failure> {
    let Call { player, request_id, received_at, body: NewMatch { mode }, .. } = call;
    let played: Vec<&str> = MODES.iter().filter(|mode| mode.rounds().is_some()).map(|mode| mode.name).collect();
    if !played.contains(&mode.as_str()) {
        return Err(Rejection::field("body.mode", format_args!("one of {}", played.join(", "))).into());
    }
    for attempt in 0..ATTEMPTS {
        let code = match_code(received_at, &player.id, &player.cause, attempt);
        let row = MatchRow::new(&code, &mode, vec![player.id.clone()], &player.cause);
        let row = row.with(&Match::waiting(), received_at);
        let row = match state.matches.open(&state.seats, row, request_id.clone()).await? {
            Joined::In(row) => *row,
            Joined::Before(held) => match state.matches.get(&held).await? {
                Some(row) => row,
                None => return Err(Fault::because("a seat is held in a match that is not there").into()),
            },
            Joined::Changed => continue,
        };
        tracing::info!(matchId = row.match_id, mode, "opened");
        return Ok(row.view(&player.id));
    }
    Err(Fault::because("every code that was tried is that of a match").into())
}
