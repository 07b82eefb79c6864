//! The GameLift room: game session queues, placements, and a pretended fleet that really starts game servers.
//!
//! [`api`] is the protocols, [`actions`] are the operations, [`placement`] is what they are about, [`store`] keeps placements, [`fleet`] says
//! what becomes of them, and [`servers`] are the processes.

mod actions;
mod api;
mod fleet;
mod placement;
mod request;
mod servers;
mod store;
#[cfg(test)]
mod tests;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, atomic::AtomicBool},
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    api::BODY_BYTES,
    servers::{GameServer, Line, Log},
};
use self::{fleet::Fleet, servers::Servers, store::Placements};
use crate::{clock::Clock, keep::Keep, lock::lock, template::GameSessionQueue};

/// Publishes a message to the SNS topic with this ARN. It must not wait: events of other placements would wait with it.
pub type Publisher = Arc<dyn Fn(&str, String) + Send + Sync>;

/// What there is.
pub struct GameLiftOptions {
    /// The queues of the template. Besides, there are those that the fleet's file names.
    pub queues: Vec<GameSessionQueue>,
    /// The topic of those other queues.
    pub topic_arn: Option<String>,
    /// Publishes the events.
    pub publisher: Publisher,
    /// The file that says how the fleet behaves; it is read for each placement. See [`GameLift`].
    pub fleet_file: Option<PathBuf>,
    /// The program that serves game sessions. Without one, placements are fulfilled with an address at which nobody listens.
    pub game_server: Option<GameServer>,
    /// Where the room's lines go.
    pub log: Log,
    /// Where placements are kept.
    pub keep: Keep,
    /// The time of placements. Game servers live by that of the machine.
    pub clock: Clock,
}

/// A running GameLift. Cheap to clone.
///
/// What its fleet does with the placements of each queue stands in a file, which `local/README.md` describes. A game session that has no game
/// server is said to be at port 9 of this machine, at which nobody listens ("discard", which hardly any machine still has).
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
    fleet: Fleet,
    placements: Mutex<Placements>,
    /// Whether the next event that may come in another order is late.
    late: AtomicBool,
    publisher: Publisher,
    servers: Option<Servers>,
    log: Log,
    clock: Clock,
    /// Those who see to placements.
    under_way: TaskTracker,
    /// Those who watch game servers.
    watchers: TaskTracker,
    stopping: CancellationToken,
}

impl GameLift {
    /// Opens the queues, and goes on with the placements that were kept. It is called, as all else of it, within a Tokio runtime.
    pub fn start(options: GameLiftOptions) -> GameLift {
        let GameLiftOptions { queues, topic_arn, publisher, fleet_file, game_server, log, keep, clock } = options;
        let (watchers, stopping) = (TaskTracker::new(), CancellationToken::new());
        let servers = game_server.map(|server| Servers::new(server, Arc::clone(&log), watchers.clone(), stopping.clone()));
        let room = Arc::new(Room {
            fleet: Fleet { file: fleet_file, queues, topic_arn },
            placements: Mutex::new(Placements::load(keep)),
            late: AtomicBool::new(true),
            publisher,
            servers,
            log,
            clock,
            under_way: TaskTracker::new(),
            watchers,
            stopping,
        });
        lock(&room.placements).all().for_each(|placement| room.see_to(placement));
        GameLift { room }
    }

    /// How many placements are on their way to their end, or their events to the topic. Those are not counted that never end by
    /// themselves.
    pub fn pending(&self) -> usize {
        self.room.under_way.len()
    }

    /// Ends all game servers, and waits for that. Placements that are under way stay as they are, and their events are not published.
    pub async fn shutdown(&self) {
        self.room.stopping.cancel();
        for tasks in [&self.room.under_way, &self.room.watchers] {
            tasks.close();
            tasks.wait().await;
        }
    }
}
