//! The GameLift room: game session queues, placements, and a pretended fleet that really starts game servers.
//!
//! [`api`] is the protocols, [`actions`] are the operations, [`placement`] is what they are about, [`store`] keeps placements, [`fleet`]
//! says what becomes of them, and [`servers`] are the processes.

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

pub use self::servers::{GameServer, Line, Log};
use self::{servers::Servers, store::Placements};
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
    /// The file that says what the fleet does with placements, by queue; it is read for each placement.
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
#[derive(Clone)]
pub struct GameLift {
    room: Arc<Room>,
}

struct Room {
    options: GameLiftOptions,
    placements: Mutex<Placements>,
    /// Of events that may come in another order.
    is_next_late: AtomicBool,
    servers: Option<Servers>,
    /// Those who see to placements.
    under_way: TaskTracker,
    stopping: CancellationToken,
}

impl GameLift {
    /// Opens the queues, and goes on with the placements that were kept. It is called, as all else of it, within a Tokio runtime.
    pub fn start(options: GameLiftOptions) -> GameLift {
        let (under_way, stopping) = (TaskTracker::new(), CancellationToken::new());
        let servers = options.game_server.clone().map(|server| Servers::new(server, Arc::clone(&options.log), stopping.clone()));
        let (placements, is_next_late) = (Mutex::new(Placements::load(options.keep.clone())), AtomicBool::new(true));
        let room = Arc::new(Room { options, placements, is_next_late, servers, under_way, stopping });
        lock(&room.placements).unfinished().for_each(|placement| room.see_to(placement));
        GameLift { room }
    }

    /// How many placements are on their way to their end, or their events to the topic. Those are not counted that never end by themselves.
    pub fn pending(&self) -> usize {
        self.room.under_way.len()
    }

    /// Ends all game servers, and waits for that. Placements that are under way stay as they are, and their events are not published.
    pub async fn shutdown(&self) {
        self.room.stopping.cancel();
        for tasks in [Some(&self.room.under_way), self.room.servers.as_ref().map(|servers| &servers.tasks)].into_iter().flatten() {
            tasks.close();
            tasks.wait().await;
        }
    }
}
