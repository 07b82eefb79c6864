//! The handle by which a program uses a connection.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use muster_protocol::{
    MatchPush, Request,
    routes::{
        CancelPlacement, JoinMatch, JoinPool, LeaveMatch, LeavePool, NewMatch, Ping, PlacementCancelled, PlacementRequested, Play, Played,
        PoolJoined, PoolLeft, Resume, SendMessage, SentMessages, SessionPlacementRequest,
    },
};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    ConnectError, Events, Options, RequestError,
    driver::Driver,
    events, handshake,
    inbox::Inbox,
    open_requests::OpenRequests,
    outgoing::{self, Outgoing},
    told::Told,
};

/// How many messages may wait for the socket before further requests wait themselves.
const OUTGOING_CAPACITY: usize = 16;

/// One player's connection. Clones share it, and it is closed when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    outgoing: mpsc::Sender<Outgoing>,
    open: Arc<OpenRequests>,
    request_timeout: Duration,
    /// Asks the driver to end.
    closing: CancellationToken,
    /// The driver has ended.
    closed: CancellationToken,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

/// The answer to a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pong {
    /// The server's time, in epoch milliseconds.
    pub time: u64,
    /// How long the answer took.
    pub round_trip: Duration,
}

impl Client {
    /// Connects, once: whoever starts a client wants to know at once what is wrong. Connections lost later are made again.
    ///
    /// Must be called within a Tokio runtime, on which the client's task then runs.
    ///
    /// # Errors
    /// Any [`ConnectError`].
    pub async fn connect(options: Options) -> Result<(Self, Events), ConnectError> {
        Resume { after: options.after.clone(), ..Resume::default() }.check().map_err(ConnectError::InvalidCursor)?;
        let opened = handshake::connect(&options).await?;
        let (event_sender, events) = events::queue(options.event_capacity);
        let (sender, receiver) = mpsc::channel(OUTGOING_CAPACITY);
        let inner = Inner {
            outgoing: sender,
            open: Arc::new(OpenRequests::new(options.request_timeout)),
            request_timeout: options.request_timeout,
            closing: CancellationToken::new(),
            closed: CancellationToken::new(),
        };
        let driver = Driver {
            inbox: Inbox::new(options.after.clone(), options.resume),
            told: Told::new(),
            options: Arc::new(options),
            events: event_sender,
            outgoing: receiver,
            open: Arc::clone(&inner.open),
            closing: inner.closing.clone(),
            closed: inner.closed.clone(),
            connection: 0,
            draining: None,
            resume_ids: Uuid::new_v4().as_u64_pair().0,
        };
        tokio::spawn(driver.run(opened));
        Ok((Self(Arc::new(inner)), events))
    }

    /// Sends a request and waits for the body of its reply. The request's id is made here and is never used twice.
    ///
    /// Dropping the future is safe: a request not yet sent is not sent, and an answer to one that was becomes an
    /// [`Event::Answer`](crate::Event::Answer).
    ///
    /// # Errors
    /// Any [`RequestError`]; [`RequestError::may_have_happened`] says whether sending it again is safe.
    pub async fn request(&self, route: &str, body: impl Serialize) -> Result<Value, RequestError> {
        let id = Uuid::new_v4();
        let text = outgoing::encode(id, route, body)?;
        let (slot, outcome) = self.0.open.open(id)?;
        let answered = async {
            // A driver that has ended has also failed the request, or will; its slot tells.
            if self.0.outgoing.send(Outgoing { id: Some(id), text }).await.is_err() {
                return Err(RequestError::Closed { sent: false });
            }
            outcome.await.unwrap_or(Err(RequestError::Closed { sent: true }))
        };
        match tokio::time::timeout(self.0.request_timeout, answered).await {
            Ok(outcome) => outcome,
            Err(_) if slot.was_sent() => Err(RequestError::TimedOut),
            Err(_) => Err(RequestError::NotSent),
        }
    }

    /// Sends a request of the protocol and reads its reply.
    ///
    /// # Errors
    /// As for [`request`](Self::request), and [`RequestError::UnexpectedReply`].
    pub async fn call<R: Request>(&self, request: &R) -> Result<R::Reply, RequestError> {
        let body = self.request(R::ROUTE.name(), request).await?;
        serde_json::from_value(body).map_err(|error| RequestError::UnexpectedReply(error.to_string()))
    }

    /// Sends a message to 1 to 100 players. Online or not, they find it in their inbox.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn send_message(&self, players: &[impl AsRef<str>], message: &str) -> Result<SentMessages, RequestError> {
        let player_ids = players.iter().map(|player| player.as_ref().to_owned()).collect();
        self.call(&SendMessage { player_ids, message: message.to_owned() }).await
    }

    /// Asks for a place on a game server. The reply says that it is looked for; an [`Event::Session`](crate::Event::Session) or
    /// [`Event::Placement`](crate::Event::Placement) with the same `placement_id` says what came of it, and may be faster than the reply.
    /// If the answer is lost, the `seat` of the next [`Event::Resumed`](crate::Event::Resumed) tells whether it was taken.
    ///
    /// # Errors
    /// As for [`call`](Self::call). Among the rejections are `Seated`, if the player is in something or waits for it, and `Unavailable`, if
    /// this deployment has no game servers.
    pub async fn request_placement(&self, request: &SessionPlacementRequest) -> Result<PlacementRequested, RequestError> {
        self.call(request).await
    }

    /// Gives up a placement that was asked for. That it is cancelled is said by an [`Event::Placement`](crate::Event::Placement), unless a
    /// game server was found in the last moment. The reply has an `outcome` if the placement had ended before.
    ///
    /// # Errors
    /// As for [`call`](Self::call). Among the rejections is `NotFound`, if there is no such placement or this player is not in it.
    pub async fn cancel_placement(&self, placement_id: &str) -> Result<PlacementCancelled, RequestError> {
        self.call(&CancelPlacement { placement_id: placement_id.to_owned() }).await
    }

    /// Asks to be matched with somebody. The reply says that the player waits; an [`Event::Match`](crate::Event::Match) or, in a mode with
    /// game servers, an [`Event::Session`](crate::Event::Session) says that somebody was found, and an [`Event::Pool`](crate::Event::Pool)
    /// that nobody was. Either may be faster than the reply. If the answer is lost, the `seat` of the next
    /// [`Event::Resumed`](crate::Event::Resumed) tells whether it was taken.
    ///
    /// # Errors
    /// As for [`call`](Self::call). Among the rejections are `Seated`, if the player is in something or waits for it, and `Unavailable`, if
    /// this deployment does not offer the mode.
    pub async fn join_pool(&self, request: &JoinPool) -> Result<PoolJoined, RequestError> {
        self.call(request).await
    }

    /// No longer wants to be matched.
    ///
    /// # Errors
    /// As for [`call`](Self::call). Among the rejections is `NotFound`, if the player waits in no pool: it may just have been matched.
    pub async fn leave_pool(&self) -> Result<PoolLeft, RequestError> {
        self.call(&LeavePool {}).await
    }

    /// Opens a private match, which another player [joins](Self::join_match) by its `match_id`.
    ///
    /// The reply is the player's view of it, as are those of `join_match` and [`leave_match`](Self::leave_match). It is the answer to this
    /// call and no event; the [`Event::Match`](crate::Event::Match) of the same version, if it is pushed, comes as ever.
    ///
    /// # Errors
    /// As for [`call`](Self::call). Among the rejections is `Seated`, if the player is in something or waits for it.
    pub async fn new_match(&self, mode: &str) -> Result<MatchPush, RequestError> {
        self.call(&NewMatch { mode: mode.to_owned() }).await
    }

    /// Comes into a private match by its code, or back to a match that the player is in.
    ///
    /// # Errors
    /// As for [`call`](Self::call). Among the rejections are `NotFound`, `MatchFull`, and `Seated`, if the player is in something else.
    pub async fn join_match(&self, match_id: &str) -> Result<MatchPush, RequestError> {
        self.call(&JoinMatch { match_id: match_id.to_owned() }).await
    }

    /// Gives a match up: the other player wins.
    ///
    /// # Errors
    /// As for [`call`](Self::call). Among the rejections are `NotFound`, if this player is in no such match, and `MatchOver`.
    pub async fn leave_match(&self, match_id: &str) -> Result<MatchPush, RequestError> {
        self.call(&LeaveMatch { match_id: match_id.to_owned() }).await
    }

    /// Plays in the open round of a match, which is that of its last [`Event::Match`](crate::Event::Match). The reply says that the play
    /// counts; what came of the round is said by the next event of the match. Nobody is told the play before that.
    ///
    /// # Errors
    /// As for [`call`](Self::call). Among the rejections are `OldRound` and `LatePlay`, if the time was up, `RepeatedPlay`, `UnknownPlay`,
    /// `MatchNotBegun` and `MatchOver`.
    pub async fn play(&self, play: &Play) -> Result<Played, RequestError> {
        self.call(play).await
    }

    /// Asks for the server's time.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn ping(&self) -> Result<Pong, RequestError> {
        let start = Instant::now();
        let pong = self.call(&Ping {}).await?;
        Ok(Pong { time: pong.time, round_trip: start.elapsed() })
    }

    /// Sends `text` as it is. What is answered comes as an [`Event::Answer`](crate::Event::Answer) or
    /// [`Event::Gateway`](crate::Event::Gateway).
    ///
    /// # Errors
    /// [`RequestError::Closed`]; [`RequestError::NotSent`] if there is no room for it in time, as when there is no connection.
    pub async fn send_raw(&self, text: impl Into<String>) -> Result<(), RequestError> {
        let message = Outgoing { id: None, text: text.into().into() };
        match self.0.outgoing.send_timeout(message, self.0.request_timeout).await {
            Ok(()) => Ok(()),
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => Err(RequestError::NotSent),
            Err(mpsc::error::SendTimeoutError::Closed(_)) => Err(RequestError::Closed { sent: false }),
        }
    }

    /// Closes the connection for all clones and waits until it is closed. Open requests fail with [`RequestError::Closed`].
    pub async fn close(&self) {
        self.0.closing.cancel();
        self.0.closed.cancelled().await;
    }

    /// How many requests are open.
    #[cfg(test)]
    pub(crate) fn open_requests(&self) -> usize {
        self.0.open.len()
    }
}
