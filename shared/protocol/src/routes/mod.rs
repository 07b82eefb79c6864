//! The bodies of requests and replies, one file per route.

mod cancel_placement;
mod join_pool;
mod leave_pool;
mod matches;
mod ping;
mod resume;
mod send_message;
mod session_placement_request;

pub use cancel_placement::{CancelPlacement, PlacementCancelled};
pub use join_pool::{JoinPool, PoolJoined};
pub use leave_pool::{LeavePool, PoolLeft};
pub use matches::{JoinMatch, LeaveMatch, NewMatch, Play, StartMatch, match_id_of};
pub use ping::{Ping, Pong};
pub use resume::{OVERLAP_MILLISECONDS, PlayerState, Resume, Resumed};
pub use send_message::{SendMessage, SentMessages};
pub use session_placement_request::{PlacementRequested, SessionPlacementRequest};
