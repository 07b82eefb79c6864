//! What the tests stand on: a stack to talk to, tokens for its players, and patience.

mod aws;
mod device;
mod events;
mod fleet;
mod issuer;
mod network;
mod operators;
mod placements;
mod player;
mod port;
mod proxy;
mod socket;
mod stack;
mod terminal;
mod tls;
mod wait;
mod weather;

pub use device::{Device, placement_request};
pub use events::{arn_of, ended_push, fulfilled, session_ended, session_push};
pub use fleet::Fleet;
pub use issuer::{Algorithm, TestIssuer};
pub use network::Network;
pub use placements::ANOTHER_QUEUE;
pub use player::{Player, message_to};
pub use port::free_port;
pub use proxy::{Call, Gate, Proxy, Treatment};
pub use socket::Socket;
pub use stack::{LocalStack, Stack, token_of};
pub use terminal::Terminal;
pub use tls::Tls;
pub use wait::{PATIENCE, eventually};
