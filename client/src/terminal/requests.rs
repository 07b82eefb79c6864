//! What commands ask of the server. Each ends with what became of it, as an error in words if it failed.

use muster_client::{
    Client, RequestError,
    protocol::{
        Seat, SeatKind,
        routes::{JoinPool, Resume, SessionPlacementRequest},
    },
};
use serde_json::Value;

use super::{game::Leaving, words};

/// The mode of a match that names none.
const DEFAULT_MODE: &str = "rpsls";

/// What is said to whoever is in none.
pub(super) const IN_NO_MATCH: &str = "you are in no match: match looks for somebody to play with";

/// What became of a command.
pub(super) enum Done {
    /// There is a line to print, or none.
    Said(String),
    /// This placement was asked for.
    Placement { line: String, id: String },
    /// The player is in a pool.
    Pool(String),
    /// What is to be told comes as an event.
    Told,
}

/// How commands end.
pub(super) type Outcome = Result<Done, String>;

/// In words, why a request failed.
fn failed(error: RequestError) -> String {
    words::request_error(&error)
}

/// A message to players.
pub(super) async fn send(client: Client, players: Vec<String>, message: String) -> Outcome {
    let sent = client.send_message(&players, &message).await.map_err(failed)?;
    if sent.unsent.is_empty() { Ok(Done::Said(words::sent(&sent))) } else { Err(words::sent(&sent)) }
}

/// A place on a game server.
pub(super) async fn place(client: Client, mode: Option<String>) -> Outcome {
    let request = SessionPlacementRequest { mode, ..SessionPlacementRequest::default() };
    let requested = client.request_placement(&request).await.map_err(failed)?;
    Ok(Done::Placement { line: words::requested(&requested), id: requested.placement_id })
}

/// No place on a game server after all: the known placement, or the one that the server says the player waits for. The inbox may not have
/// been read yet, or another client have asked for it.
pub(super) async fn cancel(client: Client, known: Option<String>) -> Outcome {
    let placement = match known {
        Some(placement) => placement,
        None => {
            let seat = seats(&client).await?.into_iter().find(|seat| seat.kind == SeatKind::Placement);
            seat.ok_or("there is nothing to cancel: place asks for a place on a game server")?.id
        }
    };
    let cancelled = client.cancel_placement(&placement).await.map_err(failed)?;
    Ok(Done::Said(words::cancelled(&cancelled)))
}

/// Somebody to play with.
pub(super) async fn join_pool(client: Client, mode: Option<String>) -> Outcome {
    let mode = mode.unwrap_or_else(|| DEFAULT_MODE.to_owned());
    let joined = client.join_pool(&JoinPool { mode, skill: None, latencies: Vec::new() }).await.map_err(failed)?;
    Ok(Done::Pool(words::joined(&joined)))
}

/// A match for those who are told its code, and for the computer.
pub(super) async fn new_match(client: Client, mode: Option<String>, options: Option<Value>, bots: usize) -> Outcome {
    client.new_match(mode.as_deref().unwrap_or(DEFAULT_MODE), options.as_ref(), bots).await.map_err(failed)?;
    Ok(Done::Told)
}

/// The next match after one that is over.
pub(super) async fn next_match(client: Client, after: Option<String>) -> Outcome {
    client.next_match(&after.ok_or("there is no match that is over: new opens one")?).await.map_err(failed)?;
    Ok(Done::Told)
}

/// Into a match.
pub(super) async fn join_match(client: Client, code: String) -> Outcome {
    client.join_match(&code).await.map_err(failed)?;
    Ok(Done::Told)
}

/// A match begins.
pub(super) async fn start_match(client: Client, match_id: Option<String>) -> Outcome {
    client.start_match(&match_id.ok_or(IN_NO_MATCH)?).await.map_err(failed)?;
    Ok(Done::Told)
}

/// Out of the pool or the match. A match that was found in place of the pool, and not told yet, is not given up unseen.
pub(super) async fn leave(client: Client, known: Leaving) -> Outcome {
    let leaving = match known {
        Leaving::Unknown => {
            let left = seats(&client).await?.into_iter().find_map(|seat| match seat.kind {
                SeatKind::Ticket => Some(Leaving::Pool),
                SeatKind::Match => Some(Leaving::Match(seat.id)),
                SeatKind::Placement | SeatKind::Unknown => None,
            });
            left.unwrap_or(Leaving::Unknown)
        }
        known => known,
    };
    match leaving {
        Leaving::Pool => {
            client.leave_pool().await.map_err(failed)?;
            Ok(Done::Said("nobody is looked for any more".to_owned()))
        }
        Leaving::Match(id) => {
            client.leave_match(&id).await.map_err(failed)?;
            Ok(Done::Told)
        }
        Leaving::Unknown => Err("there is nothing to leave: match looks for somebody to play with".to_owned()),
    }
}

/// An action in a match.
pub(super) async fn play(client: Client, match_id: String, action: Value) -> Outcome {
    client.play(&match_id, &action).await.map(|()| Done::Told).map_err(failed)
}

/// The server's time.
pub(super) async fn ping(client: Client) -> Outcome {
    client.ping().await.map(|pong| Done::Said(words::pong(pong))).map_err(failed)
}

/// A frame as it is.
pub(super) async fn raw(client: Client, text: String) -> Outcome {
    client.send_raw(text).await.map(|()| Done::Told).map_err(failed)
}

/// What the server says the player is in.
async fn seats(client: &Client) -> Result<Vec<Seat>, String> {
    let page = client.call(&Resume { limit: Some(1), ..Resume::default() }).await.map_err(failed)?;
    Ok(page.state.unwrap_or_default().seats)
}
