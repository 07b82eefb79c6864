//! What commands ask of the server. Each ends with what became of it, as an error in words if it failed.

use muster_client::{
    Client, Pong, RequestError,
    protocol::{
        MatchPush, SeatKind,
        routes::{JoinPool, Play, PlayerState, Resume, SessionPlacementRequest},
    },
};

use super::{game::Leaving, words};

/// The mode of a match that names none.
const DEFAULT_MODE: &str = "rpsls";

/// What became of a command.
pub(super) enum Done {
    /// There is a line to print, or none.
    Said(String),
    /// This placement was asked for.
    Placement { line: String, id: String },
    /// The player is in a pool.
    Pool(String),
    /// The player's match, as the answer shows it.
    Match(Box<MatchPush>),
    /// The server's time.
    Time(Pong),
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
            let seat = state(&client).await?.seat.filter(|seat| seat.kind == SeatKind::Placement);
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

/// A private match.
pub(super) async fn new_match(client: Client, mode: Option<String>) -> Outcome {
    let opened = client.new_match(mode.as_deref().unwrap_or(DEFAULT_MODE)).await.map_err(failed)?;
    Ok(Done::Match(Box::new(opened)))
}

/// Into a match.
pub(super) async fn join_match(client: Client, code: String) -> Outcome {
    let joined = client.join_match(&code).await.map_err(failed)?;
    Ok(Done::Match(Box::new(joined)))
}

/// Out of the pool or the match. A match that was found in place of the pool, and not told yet, is not given up unseen.
pub(super) async fn leave(client: Client, known: Leaving) -> Outcome {
    let leaving = match known {
        Leaving::Unknown => match state(&client).await?.seat {
            Some(seat) if seat.kind == SeatKind::Ticket => Leaving::Pool,
            Some(seat) if seat.kind == SeatKind::Match => Leaving::Match(seat.id),
            _ => Leaving::Unknown,
        },
        known => known,
    };
    match leaving {
        Leaving::Pool => {
            client.leave_pool().await.map_err(failed)?;
            Ok(Done::Said("nobody is looked for any more".to_owned()))
        }
        Leaving::Match(id) => {
            let left = client.leave_match(&id).await.map_err(failed)?;
            Ok(Done::Match(Box::new(left)))
        }
        Leaving::Unknown => Err("there is nothing to leave: match looks for somebody to play with".to_owned()),
    }
}

/// A play in the round that the player has seen last, or that the server says is open.
pub(super) async fn play(client: Client, known: Option<(String, u32)>, play: String) -> Outcome {
    let (match_id, round) = match known {
        Some(open) => open,
        None => {
            let in_match = state(&client).await?.in_match.map(|view| (view.match_id, view.round));
            in_match.ok_or("you are in no match: match looks for somebody to play with")?
        }
    };
    let played = client.play(&Play { match_id, round, play }).await.map_err(failed)?;
    Ok(Done::Said(words::played(&played)))
}

/// The server's time.
pub(super) async fn ping(client: Client) -> Outcome {
    client.ping().await.map(Done::Time).map_err(failed)
}

/// A frame as it is.
pub(super) async fn raw(client: Client, text: String) -> Outcome {
    client.send_raw(text).await.map(|()| Done::Said(String::new())).map_err(failed)
}

/// What the server says the player is in.
async fn state(client: &Client) -> Result<PlayerState, String> {
    let page = client.call(&Resume { limit: Some(1), ..Resume::default() }).await.map_err(failed)?;
    Ok(page.state.unwrap_or_default())
}
