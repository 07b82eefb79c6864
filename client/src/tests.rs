//! The client against a small WebSocket server that speaks the wire and does as each test says.

mod connecting;
mod ends;
mod keeping;
mod matches;
mod placements;
mod playing;
mod requests;
mod resuming;
mod rolling_over;
mod server;
