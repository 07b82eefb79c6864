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
//!   program's request twice by itself. (It does repeat its own `resume`, which changes nothing.)
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
//! - **What the player waits for** is the `seat` of [`Event::Resumed`], rather than an event of its own, since it means something only next
//!   to what was missed: that has been handed out by then, and if anything of it, or a push since, answers the wait, the seat is `None`. A
//!   program that was started anew finds there what it can cancel, and one whose request had no answer, whether it was taken.
//! - **The memory is bounded.** A client remembers the 1,024 placements, tickets and matches that it heard of last. A player is in one at a
//!   time, so an older one is past being pushed again, and a state has room for less. A new client has no such memory, and is told all that
//!   the state shows.
//!
//! # Matches: each view, once
//!
//! [`Client::join_pool`] asks to be matched with somebody, and [`Client::new_match`] opens a match for whoever is given its code. From then
//! on every change is an [`Event::Match`]: the match as it is now, from this player's side. [`Client::play`] names the round that such a
//! view showed.
//!
//! - **They only go forward.** Of one match a program gets each version at most once and none after a newer one, however often and in
//!   whatever order they are pushed, over this connection, the one before, or in the state of a resume. A view says everything, so that
//!   nothing is lost with one that is left out; and as game servers, views do not wait for the inbox.
//! - **Whoever was away is told the current view**, if it is new to it: the state with which every resume begins has the match that the
//!   player is in. It has none that is over. So if a match that was last told to be played is not in it, the client asks for that match once,
//!   by `joinMatch`, and the last view comes as an event before that resume's messages. (A match that waits for its second player is never
//!   asked for, since that would be to join it.) The server remembers for ten minutes how a match ended. Whoever comes back later only sees
//!   that the `seat` of [`Event::Resumed`] is no longer that match. The same holds for a ticket that came to nothing, of which
//!   [`Event::Pool`] tells those who are there.
//! - **Replies are answers, not events.** The views with which [`Client::new_match`], [`Client::join_match`] and [`Client::leave_match`]
//!   reply are those calls' own, and what is told by events does not depend on them: a program that lives by its events alone misses
//!   nothing. One that uses both compares [`version`](protocol::MatchPush::version).
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
//! last one closes it. Whoever drops the [`Events`] gets no messages, and none are asked for.

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
