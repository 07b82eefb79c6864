//! What can be chosen about a connection.

use std::time::Duration;

use crate::{Backoff, Token};

/// How to connect, and how patient to be. `Options { request_timeout, ..Options::new(url, token) }` changes one thing.
#[derive(Clone, Debug)]
pub struct Options {
    /// The stage's URL, such as `wss://a1b2c3.execute-api.eu-central-1.amazonaws.com/dev`.
    pub url: String,
    /// Where the token comes from.
    pub token: Token,
    /// Sends the token as the query parameter `token`, as browsers must, instead of in the header `Authorization: Bearer …`.
    pub token_in_query: bool,
    /// How long one attempt to connect may take, the getting of a token included. Default 35 s: API Gateway holds a handshake for as
    /// long as the authorizer and then the connect function take, which is 29 s at most for each and far less in practice.
    pub connect_timeout: Duration,
    /// How long an answer may take. Default 35 s, longer than the 29 s after which API Gateway itself gives up.
    pub request_timeout: Duration,
    /// After how long without having sent anything a ping is sent. Default 5 min: API Gateway closes a connection that was idle for 10.
    /// A ping that is not answered within the request's time-out ends the connection, since a dead one does not tell.
    pub keep_alive: Duration,
    /// The waits between attempts to connect again; `None` stays disconnected, and the events end.
    pub backoff: Option<Backoff>,
    /// Whether the client reads the inbox after every connect, so that what was sent meanwhile is not missed, and with it the state of
    /// the player's placements and matches. Default `true`. Without, it hands out what is pushed while it is connected, and nothing else.
    pub resume: bool,
    /// From where on the inbox is read: the `cursor` of an [`Event::Resumed`](crate::Event::Resumed) of an earlier client of this player.
    /// Messages of up to half a minute before it are handed out again. Default `None`: the newest hundred messages that wait in the inbox
    /// (fewer if [`event_capacity`](Self::event_capacity) is less than two hundred), or all since the first push, if those are more by the
    /// time the inbox can be read.
    pub after: Option<String>,
    /// How old a connection may become before another takes its place, since API Gateway ends each after two hours. Default 1 h 50 min;
    /// each connection stays up to a tenth of it below, so that clients which began together do not all connect again at once. A connection
    /// whose token is [renewed](Token::renewed) is replaced before that expires, if its own `exp` says when. `None`: never.
    pub roll_over: Option<Duration>,
    /// How many events may wait to be read. Default 1,024. Further ones are dropped and counted in
    /// [`Event::Missed`](crate::Event::Missed), so that a reader who does not read costs neither memory nor answers.
    pub event_capacity: usize,
}

impl Options {
    /// The default options, for this URL and token.
    pub fn new(url: impl Into<String>, token: impl Into<Token>) -> Self {
        Self {
            url: url.into(),
            token: token.into(),
            token_in_query: false,
            connect_timeout: Duration::from_secs(35),
            request_timeout: Duration::from_secs(35),
            keep_alive: Duration::from_secs(5 * 60),
            backoff: Some(Backoff::default()),
            resume: true,
            after: None,
            roll_over: Some(Duration::from_secs(110 * 60)),
            event_capacity: 1_024,
        }
    }
}
