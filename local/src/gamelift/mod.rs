//! The GameLift room: game session queues, placements, and a pretended fleet that really starts game servers.
//!
//! [`actions`] are the operations, [`placement`] is what they are about, [`fleet`] says what becomes of it, [`servers`] are the processes,
//! and [`announcer`] publishes how it ended. The requests come in two protocols, see [`protocol`].

mod actions;
mod announcer;
mod config;
mod error;
mod event;
mod fleet;
mod placement;
mod placements;
mod protocol;
mod request;
mod servers;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::HeaderMap,
    response::Response,
    routing::post,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::config::{GameLiftConfig, GameServerConfig, Line, Log, Publisher, QueueConfig};
use self::{
    announcer::Announcer,
    error::Refusal,
    fleet::Behaviour,
    placements::Placements,
    protocol::{Protocol, SMITHY_PROTOCOL},
    servers::Servers,
};
use crate::clock::Clock;

/// More than the largest request needs: a quarter of a megabyte of data, and the latencies of 200 players.
pub const BODY_BYTES: usize = 8 * 1024 * 1024;

/// A running GameLift. Cheap to clone.
///
/// What its fleet does with a placement depends on the queue. Those of the template fulfil it after 0.3 seconds. `fulfil`, `time-out`,
/// `fail`, `repeat`, `reorder` and `drop` are always there and do what they are called; the last three fulfil, and their events come twice,
/// in pairs the later one first, or never. The file [`GameLiftConfig::fleet_file`] changes this by queue; each member may be left out:
///
/// ```json
/// {"muster-dev": {"outcome": "fulfil", "delayMilliseconds": 300, "events": "once", "server": true}}
/// ```
///
/// `outcome` is `fulfil`, `timeOut` (after `delayMilliseconds`, or the queue's timeout), `fail` or `never`, which leaves the placement
/// `PENDING` until it is stopped. `events` is `once`, `repeat` (again 50 milliseconds later), `reorder` (after the queue's next event, or
/// after one second) or `drop`. `server` says whether a game server is started, if there is a program. Otherwise the game session is said
/// to be at port 9 of this machine, at which nobody listens ("discard", which hardly any machine still has).
///
/// A game server finds in `MUSTER_GAME_SESSION` what it is started for:
///
/// ```json
/// {"gameSessionArn": "arn:aws:gamelift:…", "placementId": "…", "maximumPlayers": 8, "gameSessionData": "…",
///  "gameProperties": {"k": "v"}, "playerSessions": [{"playerId": "alice", "playerSessionId": "psess-…"}]}
/// ```
///
/// Linux gives a process no variable of more than 128 KiB, so placements with more data than that end as `FAILED` where a server is wanted.
#[derive(Clone)]
pub struct GameLift {
    room: Arc<Room>,
}

struct Room {
    queues: BTreeMap<String, Queue>,
    placements: Mutex<Placements>,
    announcer: Arc<Announcer>,
    servers: Option<Servers>,
    fleet_file: Option<PathBuf>,
    log: Log,
    clock: Clock,
    under_way: Arc<AtomicUsize>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

struct Queue {
    config: QueueConfig,
    behaviour: Behaviour,
}

impl GameLift {
    /// Opens the queues. It is called, as all else of it, within a Tokio runtime.
    pub fn start(config: GameLiftConfig) -> GameLift {
        GameLift::with_clock(config, Clock::default())
    }

    /// As [`GameLift::start`], with the time that `clock` tells. Game servers live by the time of the machine.
    pub fn with_clock(config: GameLiftConfig, clock: Clock) -> GameLift {
        let (tasks, stopping) = (TaskTracker::new(), CancellationToken::new());
        let always = fleet::ALWAYS.map(|name| {
            let (topic_arn, timeout) = (config.default_topic_arn.clone(), config.default_timeout);
            let queue = QueueConfig { name: name.to_owned(), timeout, topic_arn, ..QueueConfig::default() };
            (name.to_owned(), Queue { config: queue, behaviour: Behaviour::of_name(name) })
        });
        let of_template = |config: QueueConfig| (config.name.clone(), Queue { config, behaviour: Behaviour::default() });
        let queues = always.into_iter().chain(config.queues.into_iter().map(of_template)).collect();
        let servers = config.game_server.map(|server| Servers::new(server, Arc::clone(&config.log), tasks.clone(), stopping.clone()));
        let announcer = Announcer::new(config.publisher, clock.clone(), tasks.clone(), stopping.clone());
        let (fleet_file, log, under_way) = (config.fleet_file, config.log, Arc::default());
        let placements = Mutex::default();
        GameLift { room: Arc::new(Room { queues, placements, announcer, servers, fleet_file, log, clock, under_way, tasks, stopping }) }
    }

    /// The routes of the RPC protocol: `POST /service/GameLift/operation/{operation}`.
    pub fn router(&self) -> Router {
        let route = post(operation).layer(DefaultBodyLimit::max(BODY_BYTES));
        Router::new().route("/service/GameLift/operation/{operation}", route).with_state(self.clone())
    }

    /// Answers the operation of the JSON protocol 1.1, such as `StartGameSessionPlacement`, with the JSON `body`.
    pub fn handle(&self, operation: &str, body: &[u8]) -> Response {
        self.answer(Protocol::Json, operation, body)
    }

    /// How many placements are on their way to their end, or their events to the topic. Those are not counted that never end by
    /// themselves.
    pub fn pending(&self) -> usize {
        self.room.under_way.load(Relaxed)
    }

    /// Ends all game servers, and waits for that. Placements that are under way stay as they are, and their events are not published.
    pub async fn shutdown(&self) {
        self.room.stopping.cancel();
        self.room.tasks.close();
        self.room.tasks.wait().await;
    }

    fn answer(&self, protocol: Protocol, operation: &str, body: &[u8]) -> Response {
        protocol.respond(protocol.read(body).and_then(|request| self.act(operation, request)))
    }
}

async fn operation(State(gamelift): State<GameLift>, Path(operation): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let (name, value) = SMITHY_PROTOCOL;
    if headers.get(name).is_none_or(|protocol| protocol != value) {
        let problem = format!("This path is for requests with the header {name}: {value}.");
        return Protocol::Cbor.respond(Err(Refusal::serialization(problem)));
    }
    gamelift.answer(Protocol::Cbor, &operation, &body)
}
