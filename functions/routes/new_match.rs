//! `newMatch`: a match that others join by its code, or the next one after a match that is over.
//!
//! - Trigger: a client's frame.
//! - Writes: the match's row and the player's seat, in one transaction. Reads the match that it comes after, another only if there is one
//!   of the same code, and now and then whether there is maintenance. Pushes nothing: the row's stream event does, once the match begins.
//! - Safe to repeat: the code is made of the request, so the same event makes the same match; the code of a next match is made of the one
//!   before, so all who were in that come into the same. The same requestId, while its match is open, gets the same match.

use lambda_runtime::Error;
use muster_aws::{
    Config, ConfigError, Failure, Fault, Matches, Wanted,
    harness::{self, Call},
    match_code,
    operations::Operations,
    seen_by,
};
use muster_game::{MODES, Match, Mode, mode};
use muster_protocol::{
    Code, MatchPush, Rejection,
    routes::{NewMatch, match_id_of},
};

/// How often another code is tried, if there is a match of that one, or a next match that was called off.
const ATTEMPTS: u32 = 8;

struct State {
    matches: Matches,
    operations: Operations,
}

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::route(State::from_config, new_match).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { matches: Matches::from_config(config)?, operations: Operations::from_config(config)? })
    }
}

async fn new_match(State { matches, operations }: &State, call: Call<NewMatch>) -> Result<MatchPush, Failure> {
    let Call { player, received_at, body, .. } = &call;
    let before = match &body.after {
        Some(after) => Some(ended(matches, &match_id_of(after), &player.id).await?),
        None => None,
    };
    let mode = mode_of(before.as_ref().map_or(body.mode.as_deref().unwrap_or_default(), |before| &before.mode))?;
    let options = before.as_ref().map_or(body.options.as_ref().map(|options| options.get()), |before| Some(&before.options));
    let bots = before.as_ref().map_or(body.bots.unwrap_or_default(), Match::bots);
    operations.check_open().await?;
    for attempt in 0..ATTEMPTS {
        let code = match &before {
            // Nobody who was not in that match can tell the code of the next one.
            Some(before) => match_code(0, &before.seed, &before.match_id, attempt),
            None => match_code(*received_at, &player.id, &player.cause, attempt),
        };
        let wanted = Wanted { match_id: &code, mode, options, bots, shared: before.is_some() };
        let Some(changed) = matches.open(wanted, call.asking()).await? else { continue };
        let row = match changed.answer {
            Ok(_) => changed.row,
            Err(held) => matches.get(&held.holds).await?,
        };
        let (cause, match_id) = row.as_ref().map(|row| (&row.cause, &row.match_id)).unzip();
        tracing::info!(cause, by = player.cause, matchId = match_id, mode = mode.name, after = body.after, "opened a match");
        return seen_by(row.as_ref(), &player.id);
    }
    Err(Fault::because("every code that was tried is that of a match").into())
}

fn mode_of(name: &str) -> Result<&'static Mode, Rejection> {
    mode(name).filter(|mode| mode.as_played().is_some()).ok_or_else(|| {
        let played: Vec<&str> = MODES.iter().filter(|mode| mode.as_played().is_some()).map(|mode| mode.name).collect();
        Rejection::field("body.mode", format_args!("one of {}", played.join(", ")))
    })
}

/// A match that is over, in which the player was.
async fn ended(matches: &Matches, match_id: &str, player_id: &str) -> Result<Match, Failure> {
    let row = matches.get(match_id).await?.filter(|row| row.knows(player_id));
    let row = row.ok_or_else(|| Rejection::new(Code::NotFound, "body.after: you were in no such match").in_match(match_id))?;
    if row.is_over() {
        return Ok(row);
    }
    Err(Rejection::field("body.after", "a match that is over").in_match(match_id).into())
}
