//! Everything of Muster that touches AWS, and the only crate that imports its SDK.
//!
//! The [`harness`] runs a handler as a Lambda function; [`Config`] is its environment, read once; each table has a file that holds
//! its expressions; [`push`] is the only way to a socket. Handlers answer with a [`Failure`]: either a rejection, which the player
//! is told, or a fault, which is logged with its causes and retried where something retries.

mod backoff;
pub mod clock;
mod config;
mod connections;
mod dead_letters;
mod failure;
pub mod harness;
mod message_id;
mod messages;
pub mod push;
mod sdk;
pub mod telemetry;

pub use config::{Config, ConfigError};
pub use connections::{Connection, Connections};
pub use failure::{Failure, Fault};
pub use message_id::message_id;
pub use messages::{MessageRow, Messages, Page, Place};
pub use push::Push;
