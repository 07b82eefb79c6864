//! The wire between players and Muster: what a client may send, and what it is sent.
//!
//! A player holds one WebSocket. It sends frames such as `{"route":"sendMessage","requestId":"r1","body":{…}}` and receives frames
//! that all carry a `type`: the reply or rejection of a request, and pushes. Trusted programs publish [`events`] over SNS. Names are
//! camelCase, times are epoch milliseconds, and unknown fields are ignored in both directions. [`reading`] says how liberally all that
//! arrives is read.

pub mod cursor;
pub mod events;
mod frame;
pub mod limits;
mod matches;
pub mod operators;
mod placement;
pub mod reading;
mod rejection;
mod route;
pub mod routes;
mod server;

pub use frame::Frame;
pub use matches::{MatchEnding, MatchOutcome, MatchPlayer, MatchPush, MatchState, PoolOutcome, PoolPush};
pub use placement::{Latency, Outcome, PlacementPush, Seat, SeatKind, SessionPush};
pub use rejection::{Code, Rejection};
pub use route::{Request, Route};
pub use server::{MessagePush, ServerFrame};
