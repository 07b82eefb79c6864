//! The handle by which a program uses a connection.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use muster_protocol::{
    Code, MatchPush, Request, limits,
    routes::{
        CancelPlacement, JoinMatch, JoinPool, LeaveMatch, LeavePool, NewMatch, Ping, PlacementCancelled, PlacementRequested, Play,
        PoolJoined, PoolLeft, Resume, SendMessage, SentMessages, SessionPlacementRequest, StartMatch, match_id_of,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use tokio::{sync::mpsc, time::timeout};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    ConnectError, Events, Options, RequestError,
    driver::Driver,
    events, handshake,
    inbox::Inbox,
    last_seen::LastSeen,
    open_requests::{OpenPlay, OpenRequests, Outcome},
    outgoing::{self, Outgoing, OwnIds},
    told::Told,
};

/// How many messages may wait for the socket before further requests wait themselves.
const OUTGOING_CAPACITY: usize = 16;

/// How long the end of a round takes to become known after its time is up.
const PLAY_GRACE: Duration = Duration::from_secs(5);

/// One player's connection. Clones share it, and it is closed when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    outgoing: mpsc::Sender<Outgoing>,
    open: Arc<OpenRequests>,
    seen: Arc<LastSeen>,
    own_ids: OwnIds,
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
        let seen = Arc::default();
        let (event_sender, events) = events::queue(options.event_capacity, Arc::clone(&seen));
        let (sender, receiver) = mpsc::channel(OUTGOING_CAPACITY);
        let inner = Inner {
            outgoing: sender,
            open: Arc::new(OpenRequests::new(options.request_timeout)),
            seen,
            own_ids: OwnIds::new(),
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
            again: Vec::new(),
            own_ids: inner.own_ids,
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
        self.send(id, outgoing::encode(id, route, None, body)?, None, None).await
    }

    /// Sends the request `id`, and waits for what becomes of it. An action is sent twice, if need be, and waited for until then at least.
    async fn send(&self, id: Uuid, text: Utf8Bytes, play: Option<OpenPlay>, patient_until: Option<Instant>) -> Outcome {
        let again = play.is_some().then(|| text.clone());
        let (slot, mut outcome) = self.0.open.open(id, play)?;
        let mut answered = async |text: Utf8Bytes| {
            // A driver that has ended has also failed the request, or will; its slot tells.
            if self.0.outgoing.send(Outgoing { id: Some(id), text }).await.is_err() {
                return Err(RequestError::Closed { sent: slot.was_sent() });
            }
            (&mut outcome).await.unwrap_or(Err(RequestError::Closed { sent: true }))
        };
        let mut answer = timeout(self.0.request_timeout, answered(text)).await;
        if let Some(again) = again.filter(|_| answer.is_err() && slot.was_sent()) {
            let until = patient_until.into_iter().fold(Instant::now() + self.0.request_timeout, Instant::max);
            answer = timeout(until - Instant::now(), answered(again)).await;
        }
        match answer {
            Ok(Err(RequestError::Rejected(rejection))) => {
                rejection.in_match.iter().for_each(|push| self.0.seen.note(push));
                Err(if rejection.code == Code::Outdated {
                    RequestError::Outdated(rejection.message)
                } else {
                    RequestError::Rejected(rejection)
                })
            }
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
        read(self.request(R::ROUTE.name(), request).await?)
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
    /// If the answer is lost, the `seats` of the next [`Event::Resumed`](crate::Event::Resumed) tell whether it was taken.
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
    /// that nobody was. Either may be faster than the reply. If the answer is lost, the `seats` of the next
    /// [`Event::Resumed`](crate::Event::Resumed) tell whether it was taken.
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

    /// Opens a match of a mode, which others [join](Self::join_match) by its `match_id`, with these options in the place of the mode's own
    /// and so many seats for the computer. It begins when all seats are taken, or when it is [started](Self::start_match).
    ///
    /// The reply is the match as the player sees it, as are those of `next_match`, `join_match`, `start_match` and `leave_match`. If it is
    /// new, it is an [`Event::Match`](crate::Event::Match) as well, before the call returns.
    ///
    /// # Errors
    /// As for [`call`](Self::call). Among the rejections is `Seated`, if the player is in something or waits for it.
    pub async fn new_match(&self, mode: &str, options: Option<&Value>, bots: usize) -> Result<MatchPush, RequestError> {
        let options = options.map(raw).transpose()?;
        self.in_match(&NewMatch { mode: Some(mode.to_owned()), options, bots: (bots > 0).then_some(bots), after: None }).await
    }

    /// Into the next match after one that is over, with its mode, options and bots: the same for all who were in that. The first call opens
    /// it, and the others join it.
    ///
    /// # Errors
    /// As for [`new_match`](Self::new_match).
    pub async fn next_match(&self, after: &str) -> Result<MatchPush, RequestError> {
        self.in_match(&NewMatch { after: Some(after.to_owned()), ..NewMatch::default() }).await
    }

    /// Comes into a match by its code, or back to a match that the player is in.
    ///
    /// # Errors
    /// As for [`call`](Self::call). Among the rejections are `NotFound`, `MatchFull`, `MatchBegun`, and `Seated`, if the player is in
    /// something else.
    pub async fn join_match(&self, match_id: &str) -> Result<MatchPush, RequestError> {
        self.in_match(&JoinMatch { match_id: match_id.to_owned() }).await
    }

    /// Begins a match before all its seats are taken. One that has begun stays as it is.
    ///
    /// # Errors
    /// As for [`call`](Self::call). Among the rejections are `NotHost`, and `MatchNotBegun`, if its game needs more players.
    pub async fn start_match(&self, match_id: &str) -> Result<MatchPush, RequestError> {
        self.in_match(&StartMatch { match_id: match_id.to_owned() }).await
    }

    /// Gives a match up. What that means for the others is the game's to say.
    ///
    /// # Errors
    /// As for [`call`](Self::call). Among the rejections are `NotFound`, if this player is in no such match, and `MatchOver`.
    pub async fn leave_match(&self, match_id: &str) -> Result<MatchPush, RequestError> {
        self.in_match(&LeaveMatch { match_id: match_id.to_owned() }).await
    }

    /// Does something in a match, as its game has it: `client.play("K7QX2M", "paper")`. Returns the match once the server has acknowledged
    /// it, after the [`Event::Match`](crate::Event::Match) that shows what came of it. An action in secret may be acknowledged only when
    /// its round is over. Until then there is no further one in that match, and dropping the future gives up waiting for it. (A [`Play`]
    /// that is sent by [`call`](Self::call) is replied to at once instead, costs a frame more, and is not sent again.)
    ///
    /// The action is for the version that the program has seen last, by an event that it has read or by a reply. If the match has gone on
    /// by then, the action is refused as `Stale`, with the match as it is.
    ///
    /// It counts once, however often it is sent: again after a reconnect, and once more if nothing acknowledges it within the request's
    /// time-out. It does not time out while the match waits for its players.
    ///
    /// # Errors
    /// Any [`RequestError`]. [`Unacknowledged`](RequestError::Unacknowledged): another action in this match is not acknowledged yet, and
    /// this one was not sent. Among the rejections are `Stale`, `NotYourTurn`, `MatchNotBegun`, `MatchOver`, and the game's own as `Other`.
    pub async fn play(&self, match_id: &str, action: impl Serialize) -> Result<MatchPush, RequestError> {
        let match_id = match_id_of(match_id);
        let (version, due_at) = self.0.seen.of(&match_id);
        let id = self.0.own_ids.next();
        let text =
            outgoing::encode(id, Play::ROUTE.name(), Some(false), Play { match_id: match_id.clone(), action: raw(&action)?, version })?;
        let patient_until = due_at.and_then(|due_at| due_at.checked_add(PLAY_GRACE));
        self.shown(self.send(id, text.clone(), Some(OpenPlay { match_id, text }), patient_until).await?)
    }

    /// Asks for something that is answered with a match, which the program has seen then.
    async fn in_match<R: Request<Reply = MatchPush>>(&self, request: &R) -> Result<MatchPush, RequestError> {
        self.shown(self.request(R::ROUTE.name(), request).await?)
    }

    fn shown(&self, body: Value) -> Result<MatchPush, RequestError> {
        let push = read(body)?;
        self.0.seen.note(&push);
        Ok(push)
    }

    /// Asks for the server's time.
    ///
    /// # Errors
    /// As for [`call`](Self::call), and [`RequestError::Outdated`], if the server does not speak this client's version of the protocol.
    pub async fn ping(&self) -> Result<Pong, RequestError> {
        let start = Instant::now();
        let pong = self.call(&Ping { protocol: Some(limits::PROTOCOL) }).await?;
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

fn read<T: DeserializeOwned>(body: Value) -> Result<T, RequestError> {
    serde_json::from_value(body).map_err(|error| RequestError::UnexpectedReply(error.to_string()))
}

/// A part of a body, as text.
fn raw(value: &impl Serialize) -> Result<Box<RawValue>, RequestError> {
    to_raw_value(value).map_err(|error| RequestError::Unsendable(error.to_string()))
}
