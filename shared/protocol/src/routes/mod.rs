//! The bodies of requests and replies, one file per route.

mod ping;
mod send_message;

pub use ping::{Ping, Pong};
pub use send_message::{SendMessage, SentMessages};
