//! What GameLift, and game servers, tell of placements and game sessions.
//!
//! - Trigger: the topic placement-events (SNS): PlacementFulfilled, PlacementCancelled, PlacementTimedOut and PlacementFailed in GameLift's
//!   shape, and SessionEnded from a game server.
//! - Writes: the placement's outcome; then, for each of its players, the row that is pushed (player_sessions), and the end of its seat. For
//!   a placement of another backend the same, from the event alone. A session that is over closes its players' rows. Pushes nothing.
//! - Safe to repeat: the first outcome counts. An event that comes again, late or out of order only does what the first handling may have
//!   left undone. What cannot be understood becomes a dead letter.

use lambda_runtime::Error;
use muster_aws::{
    End, Ending, Fault, GameSession,
    harness::{self, Notification, Trouble},
    telemetry::Metrics,
};
use muster_protocol::{
    Outcome,
    events::{PlacementDetail, PlacementEvent, PlacementFulfilled, placement_of_session},
};

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::topic(Ending::from_config, placement_event).await
}

async fn placement_event(ending: &Ending, event: Notification<PlacementEvent>, _: &Metrics) -> Result<(), Trouble> {
    let detail = event.message.detail;
    detail.check().map_err(|problem| Trouble::Impossible(Fault::because(problem)))?;
    match detail {
        PlacementDetail::PlacementFulfilled(fulfilled) => fulfil(ending, fulfilled, &event.id).await?,
        PlacementDetail::PlacementCancelled { placement_id } => end(ending, &placement_id, &event.id, Outcome::Cancelled).await?,
        PlacementDetail::PlacementTimedOut { placement_id } => end(ending, &placement_id, &event.id, Outcome::TimedOut).await?,
        PlacementDetail::PlacementFailed { placement_id } => end(ending, &placement_id, &event.id, Outcome::Failed).await?,
        PlacementDetail::SessionEnded { game_session_arn, results } => {
            close(ending, &game_session_arn, &event.id, results.map(|results| results.to_string())).await?;
        }
    }
    Ok(())
}

/// There is a game session: of a placement that was asked for here, or of another backend's.
async fn fulfil(ending: &Ending, fulfilled: PlacementFulfilled, cause: &str) -> Result<(), Fault> {
    let placement_id = fulfilled.placement_id.clone();
    let (session, player_sessions) = GameSession::of_event(fulfilled);
    let arn = session.game_session_arn.clone();
    let end = End::fulfilled(session, player_sessions);
    let mut known = ending.end(&placement_id, cause, &end).await?;
    if known.is_none() {
        if let Some(row) = ending.placements.adopt(&placement_id, end.clone(), cause).await? {
            tracing::info!(placementId = placement_id, players = row.players.len(), "adopted");
            // The way from the session to its placement comes first, since telling is what a repetition finishes.
            ending.placements.point(&arn, &row).await?;
            return ending.tell(&row).await;
        }
        // A repetition that is handled at this very moment was faster.
        known = ending.end(&placement_id, cause, &end).await?;
    }
    let row = known.ok_or_else(|| Fault::because("a placement that was there is gone"))?;
    let is_its_session = row.session.as_ref().is_some_and(|session| session.game_session_arn == arn);
    if is_its_session { ending.placements.point(&arn, &row).await } else { Ok(()) }
}

/// There is none. Of another backend's placement such an event names no players, so that there is nobody to tell.
async fn end(ending: &Ending, placement_id: &str, by: &str, outcome: Outcome) -> Result<(), Fault> {
    if ending.end(placement_id, by, &End::usual(outcome)).await?.is_none() {
        tracing::info!(placementId = placement_id, ?outcome, "the placement of another backend has ended");
    }
    Ok(())
}

/// A game session is over. If nobody has told of its beginning yet, the event is out of order: it is tried again later.
async fn close(ending: &Ending, game_session_arn: &str, by: &str, results: Option<String>) -> Result<(), Fault> {
    let of_arn = placement_of_session(game_session_arn).map(str::to_owned);
    let mut closed = None;
    if let Some(placement_id) = &of_arn {
        closed = ending.placements.close(placement_id, by, game_session_arn, results.as_ref()).await?;
    }
    if closed.is_none()
        && let Some(placement_id) = ending.placements.pointed_to(game_session_arn).await?
    {
        closed = ending.placements.close(&placement_id, by, game_session_arn, results.as_ref()).await?;
    }
    let row = closed.ok_or_else(|| Fault::because(format!("no placement is known for the game session {game_session_arn}")))?;
    ending.close(&row).await?;
    tracing::info!(cause = row.cause, by, placementId = row.placement_id, players = row.players.len(), "closed");
    Ok(())
}
