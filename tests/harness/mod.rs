//! What the tests stand on: a stack to talk to, tokens for its players, and patience.

mod issuer;
mod socket;
mod stack;
mod wait;

pub use issuer::{Algorithm, TestIssuer};
pub use socket::Socket;
pub use stack::{LocalStack, Stack};
pub use wait::{PATIENCE, eventually};
