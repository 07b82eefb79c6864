//! A client for Muster: one WebSocket that stays connected, requests with their answers, and pushes as a stream.
//!
//! ```no_run
//! use muster_client::{Client, Event, Options};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let (client, mut events) = Client::connect(Options::new("ws://127.0.0.1:6878/dev", "a token of the issuer")).await?;
//!
//! let sent = client.send_message(&["bob"], "hello").await?;
//! assert!(sent.unsent.is_empty());
//!
//! while let Some(event) = events.next().await {
//!     match event {
//!         Event::Message(message) => println!("{}: {}", message.sender_id, message.message),
//!         Event::Disconnected { reason, .. } => println!("connection lost: {reason}"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # When the connection is lost
//!
//! The client connects again with exponential back-off and full jitter, asking its [`Token`] source anew, until it is closed, until the
//! server refuses a token that cannot be renewed, or until [`Options::backoff`] is `None`. Meanwhile:
//!
//! - A request whose answer was lost fails with [`RequestError::Disconnected`]: **it may have happened**. The client never sends a
//!   request twice by itself.
//! - A request that was not sent yet waits for the next connection, within its own time-out, and then fails with
//!   [`RequestError::NotSent`]: it has not happened. [`RequestError::may_have_happened`] tells the two kinds apart.
//! - Pushes of that time are not seen. Messages stay in the player's inbox.
//!
//! Delivery is at least once: the same message may be pushed twice, with the same `message_id`.
//!
//! # What it costs
//!
//! One task and one socket per client, no thread, no lock held across an await, and buffers of a few kilobytes, so that ten thousand
//! clients fit into one process. The connection lives as long as any clone of [`Client`]; dropping the last one closes it.

mod backoff;
mod client;
mod driver;
mod error;
mod events;
mod expiry;
mod handshake;
mod inbox;
mod incoming;
mod message;
mod open_requests;
mod options;
mod outgoing;
mod seen;
mod token;

#[cfg(test)]
mod tests;

pub use muster_protocol as protocol;

pub use backoff::Backoff;
pub use client::{Client, Pong};
pub use error::{ConnectError, RequestError};
pub use events::{Answer, Event, Events, GatewayError};
pub use message::Message;
pub use options::Options;
pub use token::{Token, TokenError};
