//! A small game server.
fn main() {}
