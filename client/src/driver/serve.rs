//! Serves one connection: sends what is queued, hands out what arrives, and keeps the connection alive.

use std::{
    future::pending,
    pin::pin,
    time::{Duration, Instant},
};

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use muster_protocol::{Code, Request, routes::Ping};
use tokio::{
    sync::oneshot::{self, error::TryRecvError},
    time::{sleep, timeout},
};
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};
use uuid::Uuid;

use super::{Driver, End};
use crate::{
    Answer, Event, RequestError,
    handshake::Socket,
    incoming::Incoming,
    open_requests::{OpenRequest, OpenRequests, Outcome},
    outgoing::{self, Outgoing},
};

/// How long a closing handshake may take before the socket is dropped.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How many queued messages are written before they are flushed together.
const MOST_PER_FLUSH: usize = 16;

type Sink = SplitSink<Socket, Message>;

/// A ping of our own, sent after a quiet time.
struct Probe<'a> {
    /// Holds the slot open.
    _request: OpenRequest<'a>,
    outcome: oneshot::Receiver<Outcome>,
    sent: Instant,
}

impl Probe<'_> {
    /// Any answer, even a rejection or the gateway's complaint, shows that the connection lives.
    fn is_answered(&mut self) -> bool {
        !matches!(self.outcome.try_recv(), Err(TryRecvError::Empty))
    }
}

impl Driver {
    /// Serves one connection to its end.
    pub(super) async fn serve(&mut self, socket: Socket) -> End {
        let (mut sink, mut stream) = socket.split();
        let open = self.open.clone();
        let (keep_alive, patience) = (self.options.keep_alive, self.options.request_timeout);
        let mut timer = pin!(sleep(keep_alive));
        let mut last_sent = Instant::now();
        let mut probe: Option<Probe<'_>> = None;
        let mut unflushed = false;
        loop {
            tokio::select! {
                () = self.closing.cancelled() => {
                    close(&mut sink, &mut stream).await;
                    return End::Closed;
                }
                // Flushing and reading go on side by side: a server that waits for us to read is no reason not to read.
                flushed = async { if unflushed { sink.flush().await } else { pending().await } } => match flushed {
                    Ok(()) => unflushed = false,
                    Err(error) => return End::Lost(error.to_string()),
                },
                Some(first) = self.outgoing.recv(), if !unflushed => {
                    // A server that reads nothing must neither keep us from closing nor pass for a living one.
                    let closing = self.closing.clone();
                    let written = tokio::select! {
                        written = timeout(patience, self.send(&mut sink, first)) => written,
                        () = closing.cancelled() => {
                            close(&mut sink, &mut stream).await;
                            return End::Closed;
                        }
                    };
                    match written {
                        Ok(Ok(())) => unflushed = true,
                        Ok(Err(error)) => return End::Lost(error.to_string()),
                        Err(_) => return End::Lost("the server takes nothing".to_owned()),
                    }
                    last_sent = Instant::now();
                }
                message = stream.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        if self.receive(&text) && self.options.token.is_renewed() {
                            close(&mut sink, &mut stream).await;
                            return End::Lost("the token has expired".to_owned());
                        }
                    }
                    // The answer to a ping of the WebSocket protocol was queued by reading it.
                    Some(Ok(Message::Ping(_))) => unflushed = true,
                    Some(Ok(Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Ok(Message::Binary(bytes))) => {
                        self.events.send(Event::Unknown(String::from_utf8_lossy(&bytes).into_owned()));
                    }
                    Some(Ok(Message::Close(frame))) => {
                        // Our half of the closing handshake was queued by reading theirs. If it cannot be sent, the end is the same.
                        drop(timeout(CLOSE_TIMEOUT, sink.flush()).await);
                        return End::Lost(closed_by_server(frame.as_ref()));
                    }
                    Some(Err(error)) => return End::Lost(error.to_string()),
                    None => return End::Lost("the connection ended".to_owned()),
                },
                () = &mut timer => {
                    if probe.as_mut().is_some_and(Probe::is_answered) {
                        probe = None;
                    }
                    let due = probe.as_ref().map_or(last_sent + keep_alive, |probe| probe.sent + patience);
                    let now = Instant::now();
                    if due > now {
                        timer.as_mut().reset(due.into());
                    } else if probe.is_some() || unflushed {
                        return End::Lost("the server does not answer".to_owned());
                    } else {
                        probe = match send_probe(&open, &mut sink, now).await {
                            Ok(probe) => Some(probe),
                            Err(reason) => return End::Lost(reason),
                        };
                        unflushed = true;
                        last_sent = now;
                        timer.as_mut().reset((now + patience.min(keep_alive)).into());
                    }
                }
            }
        }
    }

    /// Writes a queued message, and what else is queued already, into the socket's buffer.
    async fn send(&mut self, sink: &mut Sink, first: Outgoing) -> Result<(), Error> {
        let (mut next, mut taken) = (Some(first), 1);
        while let Some(Outgoing { id, text }) = next {
            let wanted = match id {
                Some(id) => self.open.mark_sent(id),
                None => {
                    self.open.mark_untracked();
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

    /// Hands out one frame; `true` if it says that this connection's token has expired.
    fn receive(&self, text: &str) -> bool {
        match Incoming::read(text) {
            Incoming::Answer { request_id, route, result } => {
                let expired = result.as_ref().is_err_and(|rejection| rejection.code == Code::TokenExpired);
                if let Err(outcome) = self.open.answer(request_id.as_deref(), result.map_err(RequestError::Rejected)) {
                    let result = match outcome {
                        Ok(body) => Ok(body),
                        Err(RequestError::Rejected(rejection)) => Err(rejection),
                        // Only these two were handed in just above.
                        Err(_) => return expired,
                    };
                    self.events.send(Event::Answer(Answer { request_id, route, result }));
                }
                return expired;
            }
            Incoming::Message(message) => self.events.send(Event::Message(message)),
            Incoming::Gateway(error) => {
                self.open.fail_only(&error.message);
                self.events.send(Event::Gateway(error));
            }
            Incoming::Unknown => self.events.send(Event::Unknown(text.to_owned())),
        }
        false
    }
}

/// Sends a ping of our own.
async fn send_probe<'a>(open: &'a OpenRequests, sink: &mut Sink, now: Instant) -> Result<Probe<'a>, String> {
    let id = Uuid::new_v4();
    let text = outgoing::encode(id, Ping::ROUTE.name(), Ping {}).map_err(|error| error.to_string())?;
    let (request, outcome) = open.open(id).map_err(|error| error.to_string())?;
    open.mark_sent(id);
    sink.feed(Message::Text(text)).await.map_err(|error| error.to_string())?;
    Ok(Probe { _request: request, outcome, sent: now })
}

/// Closes the connection in good order, if the server takes part in time; if not, dropping the socket closes it as well.
async fn close(sink: &mut Sink, stream: &mut SplitStream<Socket>) {
    let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    let closed = async {
        sink.send(Message::Close(Some(frame))).await?;
        // The server's own close frame is enough: what it does with its half of the socket is not worth waiting for.
        while let Some(message) = stream.next().await {
            if message?.is_close() {
                break;
            }
        }
        Ok::<(), Error>(())
    };
    drop(timeout(CLOSE_TIMEOUT, closed).await);
}

fn closed_by_server(frame: Option<&CloseFrame>) -> String {
    match frame {
        Some(frame) if frame.reason.is_empty() => format!("the server closed the connection ({})", u16::from(frame.code)),
        Some(frame) => format!("the server closed the connection ({}: {})", u16::from(frame.code), frame.reason),
        None => "the server closed the connection".to_owned(),
    }
}
