//! What the tests stand on: a stack to talk to, tokens for its players, and patience.

mod issuer;
mod port;
mod socket;
mod stack;
mod terminal;
mod wait;

pub use issuer::{Algorithm, TestIssuer};
pub use port::free_port;
pub use socket::Socket;
pub use stack::{LocalStack, Stack, token_of};
pub use terminal::Terminal;
pub use wait::{PATIENCE, eventually};
