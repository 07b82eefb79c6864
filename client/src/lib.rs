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
//!   program's request twice by itself, except for [actions in matches](Client::play), which count once. (And it repeats its own `resume`,
//!   which changes nothing.)
//! - A request that was not sent yet waits for the next connection, within its own time-out, and then fails with
//!   [`RequestError::NotSent`]: it has not happened. [`RequestError::may_have_happened`] tells the two kinds apart.
//! - Messages wait in the player's inbox.
//!
//! # Messages: each one, once
//!
//! A message is of a player or, if it has an [`announcement`](protocol::MessagePush::announcement), of a service; the inbox has both.
//! After every connect, the first one included, the client reads the inbox from its cursor on, page by page, and hands out what it has not
//! handed out yet; [`Event::Resumed`] says how that ended. A new client without a cursor gets the newest hundred messages that wait, since
//! that is what a player who comes back wants to see. (If that succeeds only when more have been sent since its first push, it gets
//! all from that push on instead.) [`Options::after`] goes on where an earlier client ended, and [`Options::resume`]
//! switches all of it off.
//!
//! - **None is lost** while the inbox remembers it. The cursor moves by what a finished resume returned, never by a push: a push can be
//!   given up while later ones arrive. A resume that fails is repeated. A message for which the program's queue had no room is not counted
//!   as handed out, and is asked for again once there is room. If the inbox does not remember far enough back, `complete` is `false`.
//! - **None is repeated**: neither one that was pushed and read from the inbox, nor one that was pushed twice, nor one that its sender sent
//!   twice with the same `requestId` and the same text (and of an announcement the same type) within ten minutes. (A sender may number its
//!   requests from one whenever it starts, so that the id alone proves nothing.) The memory for this is bounded: of requests, the latest
//!   1,024 are remembered, and a repetition that comes after as many others is handed out. A client that has seen more than 8,192 messages
//!   reads the inbox again, so that it may forget those before its cursor. Only if that fails for more than 65,536 messages (without
//!   resumes, 8,192) can an old one come again.
//! - **Their order** is that of the inbox: pushes wait for a resume that is under way, or due because the program's queue had no room, up
//!   to 256 of them. If it fails, or if there are more, they are handed out at once, and what is older comes later. [`Message::missed`]
//!   tells what was late.
//!
//! A program that keeps the cursor of [`Event::Resumed`], and starts again with it, gets the messages of the half minute before that
//! cursor a second time, and every one after it.
//!
//! # Placements: each thing, once
//!
//! [`Client::request_placement`] asks for a place on a game server, and [`Client::cancel_placement`] gives it up. [`Event::Session`] says
//! where the game server is, and [`Event::Placement`] that there will be none or that its game session is over. Of one placement a program
//! gets either event at most once, and no `Session` after the `Placement`, however often and in whatever order they are pushed: nobody is
//! sent to a game server whose end was told.
//!
//! - **None is lost.** Every resume begins with the player's state: the game servers that are open to it, and the ends of the last hour.
//!   What is new in it is handed out before the messages of that resume, so that a client which was away is told what it missed, the ends
//!   first, and each from the oldest on. It is told no game server that was found and lost meanwhile, only the end. A push for which the
//!   program's queue had no room is no more counted as handed out than a message is, and comes with the state of a further resume. Whoever
//!   was away for longer than the hour may not hear of an end; without [`Options::resume`] there is no state at all.
//! - **They do not wait.** They have no place in the inbox and its cursor, and whether they are new does not depend on it. So their pushes
//!   are handed out at once, also while those of messages wait for a resume.
//! - **What the player waits for** is among the `seats` of [`Event::Resumed`], rather than an event of its own, since it means something
//!   only next to what was missed: that has been handed out by then, and what anything of it, or a push since, answers is not among them. A
//!   program that was started anew finds there what it can cancel, and one whose request had no answer, whether it was taken.
//! - **The memory is bounded.** A client remembers the 1,024 placements, tickets and matches that it heard of last. A player is in few at a
//!   time, so an older one is past being pushed again, and a state has room for less. A new client has no such memory, and is told all that
//!   the state shows.
//!
//! # Matches: each version, once
//!
//! [`Client::join_pool`] asks to be matched with somebody, and [`Client::new_match`] opens a match for whoever is given its code. From then
//! on every change is an [`Event::Match`]: the match as it is now, as this player sees it, with the [`view`](protocol::MatchPush::view) and
//! the [`events`](protocol::MatchPush::events) of its game, which [`games`] has as types for some. [`Client::play`] does something in it.
//!
//! An event is emitted for each version of a match once, by whatever way it came first:
//!
//! | what arrives | what is emitted |
//! |---|---|
//! | a push of a newer version than all before | it |
//! | a newer version in a reply of `newMatch`, `joinMatch`, `startMatch`, `leaveMatch` or `play` | it, before the call returns; no events |
//! | a newer version in a `stale` rejection, or in the state of a resume | it; it has no events |
//! | a push of the newest version, if it has events and those were not emitted | it, so that its events are not lost |
//! | the newest version once more, or an older one | nothing |
//!
//! - **They only go forward**, over this connection, the one before, and whatever came by a resume. A view says everything, so that nothing
//!   is lost with a version that is left out; and as game servers, matches do not wait for the inbox.
//! - **Whoever was away is told the current version**, if it is new: the state with which every resume begins has the matches that the
//!   player is in. It has none that is over. So if a match in which the player was last told to be playing is not in it, the client asks
//!   for that match once, by `joinMatch`, and the end comes as an event before that resume's messages. (A match that waits for players is
//!   never asked for, since that would be to join it.) Whoever comes back when the server has forgotten it only sees that it is not among
//!   the `seats` of [`Event::Resumed`] any more. The same holds for a ticket that came to nothing, of which [`Event::Pool`] tells those who
//!   are there.
//! - **Actions count once.** An action is acknowledged by the push that contains it, or by a reply if the server has had it before, and
//!   until then there is no further one in that match ([`RequestError::Unacknowledged`]): which of two would be for which version, nobody
//!   could say. One that is not acknowledged when the connection is lost is sent again over the next, with the same `requestId` and
//!   `version`. So of all requests these alone survive their connection.
//!
//! # Before a connection's time is up
//!
//! API Gateway ends every connection after two hours. Before that, and before a token expires that can be renewed, the client opens another
//! connection while the first still serves ([`Options::roll_over`]). New requests take the new one. The old one stays until its requests
//! are answered and the inbox has been read over the new one, and is then closed: nothing is missed, nothing comes twice, and no request
//! fails. If there is no other connection to be had, the old one goes on. If the new one is lost while the old one still stays, both are
//! given up, since what ended the one may have ended the other unseen: requests that either has not answered fail with
//! [`RequestError::Disconnected`], and the client connects again as ever.
//!
//! A token that expires is told of by [`Event::TokenExpired`] if the server says so in the middle of a connection, and by
//! [`ConnectError::TokenExpired`] if it refuses the handshake.
//!
//! # What it costs
//!
//! One task and one socket per client (two for the moments of a roll-over), no thread, no lock held across an await, and buffers of a few
//! kilobytes, so that ten thousand clients fit into one process: an idle one takes about 14 KB. What a client remembers of messages is
//! some 30 bytes for each, of placements, tickets and matches 24. The connection lives as long as any clone of [`Client`]; dropping the
//! last one closes it. Whoever drops the [`Events`] gets no messages, and none are asked for. Without the feature `terminal`, the library
//! comes without the terminal player and what that depends on.

mod backoff;
mod client;
mod driver;
mod error;
mod events;
mod expiry;
pub mod games;
mod handshake;
mod inbox;
mod incoming;
mod last_seen;
mod message;
mod news;
mod open_requests;
mod options;
mod outgoing;
mod seen;
mod token;
mod told;

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
