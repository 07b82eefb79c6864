//! What operators ask about players and matches, and do for them.
//!
//! - Trigger: the operators' command or the console, by Lambda's Invoke.
//! - Reads: every table, and how many messages the queues hold. Writes, on demand: closes a player's sockets; gives up its seats, as if it
//!   had left what it is in; sets a timer that is lost; deletes its rows; closes the game for maintenance, which it tells everybody who is
//!   connected by their inboxes. Pushes nothing itself.
//! - Safe to repeat: each order says what shall be, and finds nothing to do the second time.

mod maintenance;
mod player;

use lambda_runtime::Error;
use muster_aws::{
    Config, ConfigError, Failure, Matches, Messages, Placements, Push, Seats, Tickets, Timer, clock,
    harness::{self, Task},
    letters::Letters,
    operations::Operations,
    tables::Tables,
};
use muster_game::Occasion;
use muster_protocol::{Code, Rejection, operators::Ask};
use serde_json::{Value, json};

struct State {
    tables: Tables,
    push: Push,
    seats: Seats,
    tickets: Tickets,
    matches: Matches,
    placements: Placements,
    messages: Messages,
    operations: Operations,
    letters: Letters,
}

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::task(State::from_config, operate).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: Tables::from_config(config)?,
            push: Push::from_config(config)?,
            seats: Seats::from_config(config)?,
            tickets: Tickets::from_config(config)?,
            matches: Matches::from_config(config)?,
            placements: Placements::from_config(config)?,
            messages: Messages::from_config(config)?,
            operations: Operations::from_config(config)?,
            letters: Letters::from_config(config)?,
        })
    }
}

async fn operate(state: &State, task: Task<Ask>) -> Result<Value, Failure> {
    let Task { asked, id, deadline } = task;
    match asked {
        Ask::Player { player_id } => state.player(&player_id).await,
        Ask::Kick { player_id, who } => {
            let closed = state.push.disconnect(&player_id).await?;
            tracing::info!(by = id, playerId = player_id, who, closed, "kicked");
            Ok(json!({ "closed": closed }))
        }
        Ask::FreeSeat { player_id, lane, who } => {
            let freed = state.free_seats(&player_id, lane.as_deref(), &id).await?;
            tracing::info!(by = id, playerId = player_id, who, freed = freed.len(), "freed seats");
            Ok(json!({ "freed": freed }))
        }
        Ask::Export { player_id } => state.export(&player_id).await,
        Ask::Erase { player_id, who } => {
            let erased = state.erase(&player_id, &id).await?;
            tracing::info!(by = id, playerId = player_id, who, "erased");
            Ok(json!({ "erased": erased }))
        }
        Ask::LookAgain { placement_id, match_id } => state.look_again(placement_id, match_id).await,
        Ask::Match { match_id } => state.shown(&match_id).await,
        Ask::Maintenance { on: None, .. } => as_json(&state.operations.maintenance().await?),
        Ask::Maintenance { on: Some(on), who, next } => state.maintain(on, &who, next, deadline).await,
        Ask::Rows { table, key, next } => {
            let (rows, next) = state.tables.rows(table, key.as_deref(), next.as_ref()).await?;
            let mut page = json!({ "rows": rows });
            if let Some(next) = next {
                page["next"] = next;
            }
            Ok(page)
        }
        Ask::Queues {} => {
            let counts = state.letters.counts().await?.into_iter();
            let queues = counts.map(|(name, [visible, in_flight, delayed])| {
                json!({"name": name, "visible": visible, "inFlight": in_flight, "delayed": delayed})
            });
            Ok(json!({ "queues": queues.collect::<Value>() }))
        }
        Ask::Runs {} => Ok(json!({ "runs": state.operations.runs().await? })),
    }
}

impl State {
    /// Sets the timer of a placement or a match, to fire at once.
    async fn look_again(&self, placement_id: Option<String>, match_id: Option<String>) -> Result<Value, Failure> {
        let timer = match (placement_id, match_id) {
            (Some(id), None) => self.placements.get(&id).await?.as_ref().map(Timer::from),
            (None, Some(id)) => self.matches.get(&id).await?.map(|row| Timer::Match {
                due_at: row.wakes_at().unwrap_or_default(),
                match_id: row.match_id,
                armed: row.armed,
                cause: row.cause,
            }),
            _ => return Err(Rejection::new(Code::BadRequest, "say either placementId or matchId").into()),
        };
        let Some(timer) = timer else { return Err(Rejection::new(Code::NotFound, "there is no such placement or match").into()) };
        let body = serde_json::to_string(&timer).map_err(|error| muster_aws::Fault::new("writing a timer as JSON", error))?;
        self.letters.fire(&body).await?;
        Ok(json!({ "timer": timer }))
    }

    /// A match as it is, and as each seat is shown it.
    async fn shown(&self, match_id: &str) -> Result<Value, Failure> {
        let Some(row) = self.matches.get(match_id).await? else {
            return Err(Rejection::new(Code::NotFound, format!("matchId: there is no match {match_id}")).into());
        };
        let now = clock::now_milliseconds();
        let seats = row.seats.iter().enumerate().map(|(seat, player)| match row.seen_by(Some(seat), Occasion::Reply, now) {
            Ok(push) => json!({"playerId": player.player_id, "push": push}),
            Err(broken) => json!({"playerId": player.player_id, "problem": broken.0}),
        });
        let seats: Value = seats.collect();
        Ok(json!({"row": as_json(&row)?, "seats": seats}))
    }
}

fn as_json(value: &impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| muster_aws::Fault::new("writing the answer as JSON", error).into())
}
