//! Everything of Muster that touches AWS, and the only crate that imports its SDK.
//!
//! The [`harness`] runs a handler as a Lambda function; [`Config`] is its environment, read once; each table has a file that holds
//! its expressions; [`push`] is the only way to a socket. Handlers answer with a [`Failure`]: either a rejection, which the player
//! is told, or a fault, which is logged with its causes and retried where something retries.

mod backoff;
mod change;
pub mod clock;
mod config;
mod connections;
mod dead_letters;
mod deliver;
mod failure;
mod game_sessions;
mod gamelift;
pub mod harness;
mod ids;
pub mod letters;
mod matches;
mod messages;
pub mod operations;
mod placements;
mod player_sessions;
pub mod push;
mod sdk;
mod seats;
pub mod tables;
pub mod telemetry;
#[cfg(test)]
mod test_engine;
mod tickets;
mod timers;
mod write;

pub use change::{Changed, Read};
pub use config::{Config, ConfigError};
pub use connections::{Connection, Connections};
pub use deliver::{Deliverable, Delivery, deliver};
pub use failure::{Failure, Fault};
pub use game_sessions::GameSession;
pub use gamelift::{GameLift, Started, Stopped};
pub use ids::{group_id, match_code, message_id, placement_id, run_id, ticket_id};
pub use matches::{Asking, Matches, Wanted, new_seed, seen_by};
pub use messages::{MessageRow, Messages, Page, Place};
pub use placements::{End, Ending, PlacementRequest, PlacementRow, Placements};
pub use player_sessions::{PlayerSessionRow, PlayerSessions};
pub use push::Push;
pub use seats::{SeatRow, Seats};
pub use tickets::{GRACE_SECONDS, MatchedInto, Oldest, PoolRow, TicketRow, Tickets, mode_and_band, pool_for, pool_of};
pub use timers::{Timer, Timers};
