//! `joinMatch`: into a private match by its code, or back to a match.
//!
//! - Trigger: a client's frame.
//! - Reads: the match. Writes: the match with its second player, whose first round opens, and the player's seat, in one transaction; for a player
//!   who is in it, the match behind a round whose time is up and which nobody has resolved. Pushes nothing: the row's stream event tells both.
//! - Safe to repeat: a player who is in the match is shown it. A third one is refused.

use lambda_runtime::Error;
use muster_aws::{
    Config, ConfigError, Failure, Fault, Joined, Matches, Seats, clock,
    harness::{self, Call},
};
use muster_protocol::{Code, MatchPush, MatchState, Rejection, routes::JoinMatch};

/// How often the match is looked at again, if it has changed meanwhile.
const ATTEMPTS: u32 = 3;

struct State {
    matches: Matches,
    seats: Seats,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::route(State::from_config, join_match).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { matches: Matches::from_config(config)?, seats: Seats::from_config(config)? })
    }
}

async fn join_match(state: &State, call: Call<JoinMatch>) -> Result<MatchPush, Failure> {
    let player = call.player.id;
    // A code is read out and typed, so its case does not matter; an id has lower-case letters only.
    let match_id = match call.body.match_id {
        id if id.contains('-') => id,
        code => code.to_ascii_uppercase(),
    };
    for _ in 0..ATTEMPTS {
        let row = state.matches.get(&match_id).await?;
        let row = row.ok_or_else(|| Rejection::new(Code::NotFound, format!("body.matchId: there is no match {match_id}")))?;
        if row.side_of(&player).is_some() {
            return Ok(state.matches.resolve(row).await?.view(&player));
        }
        if row.state == MatchState::Over {
            return Err(Rejection::new(Code::MatchOver, "body.matchId: the match is over").into());
        }
        let now = clock::now_milliseconds();
        let Some(begun) = row.rules().joined(row.rounds()?, now) else {
            return Err(Rejection::new(Code::MatchFull, "body.matchId: the match has its two players").into());
        };
        let mut after = row.clone();
        after.players.push(player.clone());
        let after = after.with(&begun, now);
        match state.matches.join(&state.seats, &row, after, call.request_id.clone()).await? {
            Joined::In(row) => {
                tracing::info!(matchId = match_id, "joined a match");
                return Ok(row.view(&player));
            }
            // The same requestId has led into another match.
            Joined::Before(held) if held != match_id => {
                let message = format!("you hold a seat in match {held}: leave it, or wait for its end");
                return Err(Rejection::new(Code::Seated, message).into());
            }
            Joined::Before(_) | Joined::Changed => {}
        }
    }
    Err(Fault::because("the match went on changing while it was joined").into())
}
