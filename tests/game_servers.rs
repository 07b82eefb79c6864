//! Game servers tell of their players and games, whoever started them, and the players hear of it.
//!
//! `events` is about what they publish, `failing` about a table that refuses what comes of it, `malformed` about what nobody can
//! understand, `example` about the game server of this repository, and `guide` about the commands of docs/game-servers.md.

mod events;
mod example;
mod failing;
mod guide;
mod malformed;
