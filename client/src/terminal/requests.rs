//! What commands ask of the server. Each ends with what became of it, as an error in words if it failed.

use muster_client::{
    Client, RequestError,
    protocol::{
        MatchPush, Seat, SeatKind,
        routes::{JoinPool, Resume, SessionPlacementRequest},
    },
};

use super::words;

/// The mode of a match that names none.
pub(super) const DEFAULT_MODE: &str = "rpsls";

/// How commands end: with a line to print, or with none if what is to be told comes as an event.
pub(super) type Outcome = Result<Option<String>, String>;

/// In words, why a request failed.
fn failed(error: RequestError) -> String {
    words::request_error(&error)
}

/// A message to players.
pub(super) async fn send(client: Client, players: Vec<String>, message: String) -> Outcome {
    let sent = client.send_message(&players, &message).await.map_err(failed)?;
    if sent.unsent.is_empty() { Ok(Some(words::sent(&sent))) } else { Err(words::sent(&sent)) }
}

/// A place on a game server.
pub(super) async fn place(client: Client, mode: Option<String>) -> Outcome {
    let request = SessionPlacementRequest { mode, ..SessionPlacementRequest::default() };
    let requested = client.request_placement(&request).await.map_err(failed)?;
    Ok(Some(words::requested(&requested)))
}

/// No place on a game server after all: the server knows which one the player waits for, which another client may have asked for.
pub(super) async fn cancel(client: Client) -> Outcome {
    let seat = seats(&client).await?.into_iter().find(|seat| seat.kind == SeatKind::Placement);
    let seat = seat.ok_or("there is nothing to cancel: place asks for a place on a game server")?;
    let cancelled = client.cancel_placement(&seat.id).await.map_err(failed)?;
    Ok(Some(words::cancelled(&cancelled)))
}

/// Somebody to play with.
pub(super) async fn join_pool(client: Client, mode: Option<String>) -> Outcome {
    let mode = mode.unwrap_or_else(|| DEFAULT_MODE.to_owned());
    let joined = client.join_pool(&JoinPool { mode, skill: None, latencies: Vec::new() }).await.map_err(failed)?;
    Ok(Some(words::joined(&joined)))
}

/// A match, or an action in one: it comes as an event.
pub(super) async fn in_match(asked: impl Future<Output = Result<MatchPush, RequestError>>) -> Outcome {
    asked.await.map(|_| None).map_err(failed)
}

/// Out of the match that the player has seen, or else of the pool. A match that was found in place of that, and not told yet, is not given
/// up unseen.
pub(super) async fn leave(client: Client, match_id: Option<String>) -> Outcome {
    if let Some(match_id) = match_id {
        return in_match(client.leave_match(&match_id)).await;
    }
    match seats(&client).await?.into_iter().find(|seat| matches!(seat.kind, SeatKind::Ticket | SeatKind::Match)) {
        Some(seat) if seat.kind == SeatKind::Match => Err(words::seat(&seat)),
        Some(_) => {
            client.leave_pool().await.map_err(failed)?;
            Ok(Some("nobody is looked for any more".to_owned()))
        }
        None => Err("there is nothing to leave: match looks for somebody to play with".to_owned()),
    }
}

/// The server's time.
pub(super) async fn ping(client: Client) -> Outcome {
    client.ping().await.map(|pong| Some(words::pong(pong))).map_err(failed)
}

/// A frame as it is.
pub(super) async fn raw(client: Client, text: String) -> Outcome {
    client.send_raw(text).await.map(|()| None).map_err(failed)
}

/// What the server says the player is in.
async fn seats(client: &Client) -> Result<Vec<Seat>, String> {
    let page = client.call(&Resume { limit: Some(1), ..Resume::default() }).await.map_err(failed)?;
    Ok(page.state.unwrap_or_default().seats)
}
