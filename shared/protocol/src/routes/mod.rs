//! The bodies of requests and replies, one file per route.

mod ping;
mod resume;
mod send_message;

pub use ping::{Ping, Pong};
pub use resume::{OVERLAP_MILLISECONDS, Resume, Resumed};
pub use send_message::{SendMessage, SentMessages};
