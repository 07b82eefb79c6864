//! Serves one connection: sends what is queued, takes in what arrives, and does what is due.

use std::{future::pending, pin::pin, time::Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::time::{Instant as Moment, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{
    Driver, End,
    connection::{self, Sink, close},
    draining::{self, Draining},
    keep_alive::KeepAlive,
    resume::{Resuming, page_limit, pushed_into},
    roll_over::RollOver,
};
use crate::{
    Event,
    handshake::Opened,
    outgoing::{self, Outgoing},
};

/// How many queued messages are written before they are flushed together.
const MOST_PER_FLUSH: usize = 16;

impl Driver {
    /// Serves one connection to its end.
    pub(super) async fn serve(&mut self, opened: Box<Opened>) -> End {
        let Opened { socket, expires_at } = *opened;
        let (mut sink, mut stream) = socket.split();
        let (open, options) = (self.open.clone(), self.options.clone());
        let now = Instant::now();
        let mut keep_alive = KeepAlive::new(&options, now);
        let mut roll_over = RollOver::new(&options, expires_at, now);
        let mut resuming = self.begin_to_resume();
        let page = page_limit(options.event_capacity) as usize;
        let mut timer = pin!(sleep_until(now.into()));
        let (mut unflushed, mut expired) = (false, false);
        loop {
            // A time that has moved away is noticed when it would have come: that is cheaper than to move the timer at every message.
            let rolls_over_at = roll_over.due_at(self.draining.is_some());
            let due = [Some(keep_alive.due_at()), resuming.due_at(), rolls_over_at, self.drained_at()].into_iter().flatten().min();
            if let Some(due) = due.map(Moment::from)
                && (due < timer.deadline() || timer.is_elapsed())
            {
                timer.as_mut().reset(due);
            }
            tokio::select! {
                () = self.closing.cancelled() => {
                    self.close_all(&mut sink, &mut stream).await;
                    return End::Closed;
                }
                // Flushing and reading go on side by side: a server that waits for us to read is no reason not to read.
                flushed = async { if unflushed { sink.flush().await } else { pending().await } } => match flushed {
                    Ok(()) => unflushed = false,
                    Err(error) => return End::Lost(error.to_string()),
                },
                Some(first) = outgoing::next(&mut self.again, &mut self.outgoing), if !unflushed => {
                    // A server that reads nothing must neither keep us from closing nor pass for a living one.
                    let closing = self.closing.clone();
                    let written = tokio::select! {
                        written = timeout(options.request_timeout, self.send(&mut sink, first)) => written,
                        () = closing.cancelled() => {
                            self.close_all(&mut sink, &mut stream).await;
                            return End::Closed;
                        }
                    };
                    match written {
                        Ok(Ok(())) => unflushed = true,
                        Ok(Err(error)) => return End::Lost(error.to_string()),
                        Err(_) => return End::Lost("the server takes nothing".to_owned()),
                    }
                    keep_alive.sent(Instant::now());
                }
                message = stream.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        if self.receive(&text, self.connection, &mut resuming) && !std::mem::replace(&mut expired, true) {
                            self.events.send(Event::TokenExpired);
                            if options.token.is_renewed() {
                                close(&mut sink, &mut stream).await;
                                return End::Lost("the token has expired".to_owned());
                            }
                        }
                    }
                    // The answer to a ping of the WebSocket protocol was queued by reading it.
                    Some(Ok(Message::Ping(_))) => unflushed = true,
                    Some(Ok(Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Ok(Message::Binary(bytes))) => {
                        self.events.send(Event::Unknown(String::from_utf8_lossy(&bytes).into_owned()));
                    }
                    Some(Ok(Message::Close(frame))) => return End::Lost(connection::closed_by_server(&mut sink, frame.as_ref()).await),
                    Some(Err(error)) => return End::Lost(error.to_string()),
                    None => return End::Lost("the connection ended".to_owned()),
                },
                frame = draining::next_frame(&mut self.draining) => match frame.zip(self.draining.as_ref().map(|old| old.connection)) {
                    // What it says of its token is of no interest any more.
                    Some((text, old)) => {
                        self.receive(&text, old, &mut resuming);
                    }
                    None => self.lose_draining(),
                },
                () = self.events.room(page), if resuming.is_due() && !unflushed => {
                    let now = Instant::now();
                    let asked = match self.ask(&mut resuming, &open, now) {
                        Ok(text) => sink.feed(Message::Text(text)).await.map_err(|error| error.to_string()),
                        Err(error) => Err(error.to_string()),
                    };
                    if let Err(reason) = asked {
                        return End::Lost(reason);
                    }
                    unflushed = true;
                    keep_alive.sent(now);
                }
                outcome = roll_over.outcome(), if !unflushed => match outcome {
                    Ok(opened) => {
                        let (connection, until) = (self.connection, Instant::now() + options.request_timeout);
                        self.draining = Some(Box::new(Draining { connection, sink, stream, until, covered: false }));
                        return End::RolledOver(opened);
                    }
                    Err(error) => self.roll_over_failed(&mut roll_over, error),
                },
                () = &mut timer => {}
            }
            let now = Instant::now();
            self.advance(&mut resuming, now);
            self.close_drained(now);
            if roll_over.due_at(self.draining.is_some()).is_some_and(|due| due <= now) {
                roll_over.begin(&options);
            }
            if keep_alive.due_at() <= now {
                if keep_alive.is_probing() || unflushed {
                    return End::Lost("the server does not answer".to_owned());
                }
                let probe = match keep_alive.probe(&open, self.connection, now) {
                    Ok(text) => sink.feed(Message::Text(text)).await.map_err(|error| error.to_string()),
                    Err(error) => Err(error.to_string()),
                };
                if let Err(reason) = probe {
                    return End::Lost(reason);
                }
                unflushed = true;
            }
        }
    }

    /// Begins with the inbox where the last finished resume ended, not where the last connection did.
    fn begin_to_resume<'a>(&mut self) -> Resuming<'a> {
        self.inbox.let_through(&mut pushed_into(&self.events));
        self.inbox.start_over();
        if self.options.resume {
            self.inbox.hold();
        }
        Resuming::new(self.options.resume)
    }

    /// Closes this connection and the one before.
    async fn close_all(&mut self, sink: &mut Sink, stream: &mut connection::Stream) {
        let draining = self.draining.take();
        let close_draining = async {
            if let Some(mut draining) = draining {
                close(&mut draining.sink, &mut draining.stream).await;
            }
        };
        tokio::join!(close(sink, stream), close_draining);
    }

    /// Writes a queued message, and what else is queued already, into the socket's buffer.
    async fn send(&mut self, sink: &mut Sink, first: Outgoing) -> Result<(), Error> {
        let (mut next, mut taken) = (Some(first), 1);
        while let Some(Outgoing { id, text }) = next {
            let wanted = match id {
                Some(id) => self.open.mark_sent(id, self.connection),
                None => {
                    self.open.mark_untracked(self.connection);
                    true
                }
            };
            if wanted {
                for message in outgoing::fragments(text) {
                    sink.feed(message).await?;
                }
            }
            next = if taken < MOST_PER_FLUSH { self.outgoing.try_recv().ok() } else { None };
            taken += 1;
        }
        Ok(())
    }
}
