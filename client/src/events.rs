//! What happens to a client without being asked for, and the queue in which it waits to be read.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_util::{Stream, future::poll_fn};
use muster_protocol::{MatchPush, PlacementPush, PoolPush, Rejection, Seat, SessionPush};
use serde_json::Value;

use crate::{ConnectError, Message, RequestError, inbox::Offer, last_seen::LastSeen};

/// Something that the server or the network did.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message of a player or an announcement, once. One that was missed comes before this connection's [`Resumed`](Self::Resumed).
    Message(Message),
    /// Where the player's game server is, and with what it enters: once for each placement, and never after its
    /// [`Placement`](Self::Placement).
    Session(SessionPush),
    /// A placement came to nothing, or its game session is over: once for each placement, and the last that is said of it. If there was a
    /// [`Session`](Self::Session), but the client heard of it only when it was over, this is also the first.
    Placement(PlacementPush),
    /// A match of the player, as it is now: each version once, by whatever way it came first, and never one that is older than what was
    /// told of the same match. A version that came without its events, as replies do, comes a second time if they follow. Versions may be
    /// left out. That the match is over is the last that is said of it.
    Match(MatchPush),
    /// A ticket came to nothing, once for each. Only a push tells it: whoever was away sees by the `seats` of [`Resumed`](Self::Resumed)
    /// that the ticket is no more.
    Pool(PoolPush),
    /// The inbox was read up to its end: whatever was missed has been handed out before this event. It comes after every connect, and at
    /// other times as the client sees fit.
    Resumed {
        /// From where it was read: the cursor, or else the first push, if the newest messages did not reach back to it. `None` if only the
        /// newest messages were asked for.
        after: Option<String>,
        /// From where it is to be read the next time. A program that has dealt with all events up to this one can keep it, and hand it to
        /// its next client as [`Options::after`](crate::Options::after).
        cursor: String,
        /// How many messages were handed out since the last one of these that had been [missed](Message::missed).
        missed: usize,
        /// `false` if messages may have been lost, because they had expired. Without a cursor it says that there are older messages.
        complete: bool,
        /// What the player is in or waits for, so that a program which was started anew knows what it can
        /// [cancel](crate::Client::cancel_placement) or leave: placements, tickets in a [pool](crate::Client::leave_pool), and
        /// [matches](crate::Client::leave_match) that are not over, whose latest view was handed out before. Of what an event has put an
        /// end to it says nothing: of a placement with a [`Session`](Self::Session) or its [`Placement`](Self::Placement), of a match that
        /// was told to be over, of a ticket with its [`Pool`](Self::Pool), or after which a match or a game server was told. It is of the
        /// moment at which the resume began, and does not know of a request that was made since.
        seats: Vec<Seat>,
    },
    /// The inbox could not be read. Meanwhile pushes are handed out as they come, and those that were missed come later.
    ResumeFailed {
        /// Why.
        error: RequestError,
        /// When it is tried again; `None` if it is not on this connection, since the server knows no such route, or the only token there
        /// is has expired.
        retry_in: Option<Duration>,
    },
    /// The connection is there again, after this many attempts. The first connection is [`Client::connect`](crate::Client::connect)'s own.
    Connected {
        /// Attempts made since the connection was lost, the successful one included.
        attempts: u32,
    },
    /// The connection was lost. Requests that were sent and not answered have failed.
    Disconnected {
        /// What ended it, for people.
        reason: String,
        /// When the next attempt to connect is made; `None` if none is, and the events end.
        retry_in: Option<Duration>,
    },
    /// An attempt to connect again failed.
    ConnectFailed {
        /// Why.
        error: ConnectError,
        /// When the next attempt is made; `None` if the client has given up, and the events end.
        retry_in: Option<Duration>,
    },
    /// Another connection took the place of this one before its time was up. Nothing was missed, and no request failed by that. The old one
    /// answers the requests it took, unless a [`Disconnected`](Self::Disconnected) follows before it has.
    RolledOver,
    /// There is no other connection to take the place of this one, which goes on.
    RollOverFailed {
        /// Why.
        error: ConnectError,
        /// When it is tried again; `None` if it is not, since the server refuses the only token there is.
        retry_in: Option<Duration>,
    },
    /// The server says that the token has expired with which this connection was opened. With a token that is
    /// [renewed](crate::Token::renewed) the client connects again. With any other this connection goes on refusing requests until it ends.
    TokenExpired,
    /// API Gateway's own frame. If exactly one request was open, it failed with [`RequestError::Gateway`](crate::RequestError::Gateway).
    Gateway(GatewayError),
    /// An answer that no open request waits for: it is too late, or answers [`Client::send_raw`](crate::Client::send_raw).
    Answer(Answer),
    /// A frame that this client does not know, as it came. Servers may be newer than clients.
    Unknown(String),
    /// So many events were dropped here, because [`Options::event_capacity`](crate::Options::event_capacity) of them waited to be read.
    /// Messages among them are still in the inbox, and come once there is room, as [`Options::resume`](crate::Options::resume) says; so do
    /// game servers that are still there, ends of placements, and the matches that the player is in, as they are then.
    Missed(u64),
}

/// An answer that no open request waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The request's id, if it had one.
    pub request_id: Option<String>,
    /// The route that answered, if the server could tell.
    pub route: Option<String>,
    /// The reply's body, or the rejection.
    pub result: Result<Value, Rejection>,
}

/// A frame of API Gateway itself. Its request id is the gateway's, for its logs, not one that a client chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayError {
    /// `Forbidden`, `Too Many Requests`, `Internal server error` or `Endpoint request timed out`.
    pub message: String,
    /// The connection's id.
    pub connection_id: Option<String>,
    /// The gateway's id of the request.
    pub request_id: Option<String>,
}

/// The events of one client, in order; a [`Stream`]. It ends when the client is closed or has given up. Dropping it discards events.
#[derive(Debug)]
pub struct Events(Arc<Mutex<Queue>>, Arc<LastSeen>);

/// The end that the driver writes to.
#[derive(Debug)]
pub(crate) struct EventSender(Arc<Mutex<Queue>>);

/// Unlike a channel, it takes no memory while it is empty.
#[derive(Debug)]
struct Queue {
    waiting: VecDeque<Event>,
    capacity: usize,
    missed: u64,
    closed: bool,
    reader: Option<Waker>,
    /// Whoever waits for so many free places.
    writer: Option<(usize, Waker)>,
}

impl Queue {
    /// How many events can be queued.
    fn room(&self) -> usize {
        // Once events were dropped, all are until the reader has been told, so that the count stands where they are missing.
        if self.missed > 0 { 0 } else { self.capacity.saturating_sub(self.waiting.len()) }
    }
}

/// A queue of at most `capacity` events. Which matches were read from it is noted in `seen`.
pub(crate) fn queue(capacity: usize, seen: Arc<LastSeen>) -> (EventSender, Events) {
    let queue = Queue { waiting: VecDeque::new(), capacity, missed: 0, closed: false, reader: None, writer: None };
    let queue = Arc::new(Mutex::new(queue));
    (EventSender(Arc::clone(&queue)), Events(queue, seen))
}

/// A panic elsewhere leaves the queue whole, since nothing panics while holding it.
fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl EventSender {
    /// Queues an event for the reader, or counts it as missed.
    pub(crate) fn send(&self, event: Event) -> Offer {
        let offer = self.offer(event);
        if offer == Offer::Full {
            let mut queue = lock(&self.0);
            queue.missed += 1;
            wake(queue);
        }
        offer
    }

    /// Queues an event for the reader, if there is room.
    pub(crate) fn offer(&self, event: Event) -> Offer {
        let mut queue = lock(&self.0);
        if queue.closed {
            return Offer::Unread;
        }
        if queue.room() == 0 {
            return Offer::Full;
        }
        queue.waiting.push_back(event);
        wake(queue);
        Offer::Taken
    }

    /// Whether the events were dropped.
    pub(crate) fn are_unread(&self) -> bool {
        lock(&self.0).closed
    }

    /// Waits until there is room for so many events; for ever if they were dropped, or never fit.
    pub(crate) async fn room(&self, events: usize) {
        poll_fn(|context| {
            let mut queue = lock(&self.0);
            if !queue.closed && queue.room() >= events {
                return Poll::Ready(());
            }
            queue.writer = Some((events, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

/// Wakes the reader.
fn wake(mut queue: MutexGuard<'_, Queue>) {
    let reader = queue.reader.take();
    drop(queue);
    if let Some(reader) = reader {
        reader.wake();
    }
}

impl Drop for EventSender {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.closed = true;
        wake(queue);
    }
}

impl Events {
    /// The next event; `None` when there will be no more. Safe to cancel.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|context| self.poll_event(context)).await
    }

    /// The next message, passing over all other events; `None` when there will be no more. Safe to cancel.
    pub async fn next_message(&mut self) -> Option<Message> {
        loop {
            if let Event::Message(message) = self.next().await? {
                return Some(message);
            }
        }
    }

    fn poll_event(&self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut queue = lock(&self.0);
        let missed = if queue.waiting.is_empty() { std::mem::take(&mut queue.missed) } else { 0 };
        let event = if missed > 0 { Some(Event::Missed(missed)) } else { queue.waiting.pop_front() };
        if event.is_some() {
            let room = queue.room();
            let writer = queue.writer.take_if(|(wanted, _)| room >= *wanted);
            drop(queue);
            if let Some((_, writer)) = writer {
                writer.wake();
            }
            if let Some(Event::Match(push)) = &event {
                self.1.note(push);
            }
            return Poll::Ready(event);
        }
        if queue.closed {
            return Poll::Ready(None);
        }
        queue.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll_event(context)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.closed = true;
        queue.waiting = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(event: Option<Event>) -> String {
        match event {
            Some(Event::Unknown(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_does_not_fit_is_counted_where_it_is_missing() {
        let (sender, mut events) = queue(2, Arc::default());
        for n in 0..5 {
            sender.send(Event::Unknown(n.to_string()));
        }
        assert_eq!(unknown(events.next().await), "0");
        sender.send(Event::Unknown("5".into()));
        assert_eq!(unknown(events.next().await), "1");
        assert!(matches!(events.next().await, Some(Event::Missed(4))));
        sender.send(Event::Unknown("6".into()));
        assert_eq!(unknown(events.next().await), "6");
    }

    #[tokio::test]
    async fn events_are_read_to_the_end_after_the_sender_has_gone() {
        let (sender, mut events) = queue(2, Arc::default());
        sender.send(Event::Unknown("last".into()));
        drop(sender);
        assert_eq!(unknown(events.next().await), "last");
        assert!(events.next().await.is_none());
    }

    #[tokio::test]
    async fn a_writer_that_waits_for_room_is_woken_when_there_is_enough() {
        let (sender, mut events) = queue(2, Arc::default());
        for n in 0..3 {
            sender.send(Event::Unknown(n.to_string()));
        }
        let writer = tokio::spawn(async move {
            sender.room(2).await;
            sender.offer(Event::Unknown("room".into()))
        });
        tokio::task::yield_now().await;
        assert_eq!(unknown(events.next().await), "0");
        assert_eq!(unknown(events.next().await), "1");
        tokio::task::yield_now().await;
        assert!(!writer.is_finished(), "the reader has not been told yet of what it missed");
        assert!(matches!(events.next().await, Some(Event::Missed(1))));
        assert_eq!(writer.await.unwrap(), Offer::Taken);
        assert_eq!(unknown(events.next().await), "room");
    }

    #[tokio::test]
    async fn a_waiting_reader_is_woken() {
        let (sender, mut events) = queue(2, Arc::default());
        let reader = tokio::spawn(async move { unknown(events.next().await) });
        tokio::task::yield_now().await;
        sender.send(Event::Unknown("now".into()));
        assert_eq!(reader.await.unwrap(), "now");
    }
}
