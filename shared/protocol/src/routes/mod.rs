//! The bodies of requests and replies, one file per route.

mod cancel_placement;
mod ping;
mod resume;
mod send_message;
mod session_placement_request;

pub use cancel_placement::{CancelPlacement, PlacementCancelled};
pub use ping::{Ping, Pong};
pub use resume::{OVERLAP_MILLISECONDS, PlayerState, Resume, Resumed};
pub use send_message::{SendMessage, SentMessages};
pub use session_placement_request::{Latency, PlacementRequested, SessionPlacementRequest};
