//! The one task of an open connection, which owns its socket: it reads messages, writes what waits, and ends the connection
//! by the rules of RFC 6455 and API Gateway's limits.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{Sink, SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message, Utf8Bytes,
        error::ProtocolError,
        protocol::{CloseFrame, Role, WebSocketConfig},
    },
};

use super::{Gateway, closing::Closing, connection::Connection, limits::Limits, messages};
use crate::clock;

/// Each socket's read buffer. The WebSocket library's own 128 KB would be 1.3 GB for 10,000 idle players.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// Messages are handed to the socket until this much waits to be flushed, so that many small ones share a system call.
const WRITE_BATCH_BYTES: usize = 16 * 1024;

/// Serves an upgraded socket until it ends, and says how.
pub(super) async fn serve<S>(gateway: &Gateway, connection: &Arc<Connection>, stream: S) -> Closing
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limits = *gateway.limits();
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(READ_BUFFER_BYTES)
        .max_frame_size(Some(limits.frame_bytes))
        .max_message_size(Some(limits.message_bytes));
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    let mut socket = Socket { socket, connection, limits, unwritten: 0 };
    let closing = socket.run(gateway).await;
    // From here on, posts find it gone, and what could not be sent is freed.
    connection.close(closing.clone());
    connection.outbox().clear();
    closing
}

/// What the socket has to say.
enum Step {
    Message(Result<Message, Error>),
    /// All that waited is sent, and the connection is to be closed.
    Close(Closing),
    /// Nothing can be written any more.
    Broken,
}

struct Socket<'a, S> {
    socket: WebSocketStream<S>,
    connection: &'a Arc<Connection>,
    limits: Limits,
    /// What was taken from the outbox and is not flushed yet.
    unwritten: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<'_, S> {
    async fn run(&mut self, gateway: &Gateway) -> Closing {
        let opened_at = Instant::now();
        let mut alarm = pin!(sleep_until(opened_at + self.limits.idle.min(self.limits.lifetime)));
        let mut asked_to_close = false;
        let connection = self.connection;
        loop {
            let step = tokio::select! {
                step = poll_fn(|context| self.poll_step(context)) => step,
                () = connection.changed() => {
                    if !asked_to_close && connection.outbox().closing().is_some() {
                        // What waits may still go out, but a client that does not read cannot hold the connection open.
                        asked_to_close = true;
                        alarm.as_mut().reset(Instant::now() + self.limits.closing);
                    }
                    continue;
                }
                () = &mut alarm => {
                    if let Some(closing) = connection.outbox().closing() {
                        return closing.clone();
                    }
                    let due = self.due(opened_at);
                    if due > Instant::now() {
                        alarm.as_mut().reset(due);
                        continue;
                    }
                    Step::Close(Closing::GOING_AWAY)
                }
            };
            match step {
                Step::Message(Ok(Message::Text(text))) => {
                    connection.touch();
                    messages::take(gateway, connection, text);
                }
                Step::Message(Ok(Message::Binary(_))) => return self.close(Closing::BINARY).await,
                Step::Message(Ok(Message::Close(frame))) => {
                    self.acknowledge_close().await;
                    return Closing::by_client(frame.map(|frame| (frame.code.into(), frame.reason.as_str().to_owned())));
                }
                // The library answers pings. They do not count as activity: AWS does not say that they would.
                Step::Message(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Step::Message(Err(error)) => {
                    return match violation(&error) {
                        Some(closing) => self.close(closing).await,
                        None => Closing::ABNORMAL,
                    };
                }
                Step::Close(closing) => return self.close(closing).await,
                Step::Broken => return Closing::ABNORMAL,
            }
        }
    }

    /// When the connection has been idle for too long or lived for too long, as things stand.
    fn due(&self, opened_at: Instant) -> Instant {
        let idle_for = Duration::from_millis(clock::now().saturating_sub(self.connection.last_active_at()));
        let idle_until = Instant::now() + self.limits.idle.saturating_sub(idle_for);
        idle_until.min(opened_at + self.limits.lifetime)
    }

    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        // First what waits to be written. This also sends the library's pongs.
        match self.poll_write(context) {
            Poll::Ready(Err(_)) => return Poll::Ready(Step::Broken),
            Poll::Ready(Ok(())) => {
                if let Some(closing) = self.connection.outbox().closing() {
                    return Poll::Ready(Step::Close(closing.clone()));
                }
            }
            Poll::Pending => {}
        }
        if !self.connection.may_read(&self.limits) {
            return Poll::Pending;
        }
        let message = ready!(self.socket.poll_next_unpin(context));
        Poll::Ready(Step::Message(message.unwrap_or(Err(Error::ConnectionClosed))))
    }

    /// Ready when nothing waits any more.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut socket = Pin::new(&mut self.socket);
        loop {
            ready!(socket.as_mut().poll_flush(context))?;
            if self.unwritten > 0 {
                self.connection.outbox().written(self.unwritten);
                self.unwritten = 0;
                self.connection.touch();
            }
            while self.unwritten < WRITE_BATCH_BYTES {
                ready!(socket.as_mut().poll_ready(context))?;
                let Some((message, weight)) = self.connection.outbox().take() else { break };
                self.unwritten += weight;
                socket.as_mut().start_send(message)?;
            }
            if self.unwritten == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Sends a close frame, waits for the client's, and ends the connection.
    ///
    /// After a frame that is too long there is no telling where the next one begins, so the client's close frame cannot be
    /// found. But to drop the socket would make the kernel answer what the client is still sending with a reset, and a reset
    /// takes our close frame with it, unread. So the sending side is shut, and what comes is thrown away until the client is
    /// done, or out of time.
    async fn close(&mut self, closing: Closing) -> Closing {
        let frame = CloseFrame { code: closing.code.into(), reason: Utf8Bytes::from(closing.reason.as_ref()) };
        // However this ends, the connection does.
        let _ended = timeout(self.limits.closing, async {
            self.socket.send(Message::Close(Some(frame))).await.ok()?;
            let mut acknowledged = false;
            while let Some(Ok(message)) = self.socket.next().await {
                acknowledged |= message.is_close();
            }
            let stream = self.socket.get_mut();
            stream.shutdown().await.ok()?;
            let mut scrap = [0; 1024];
            while !acknowledged && stream.read(&mut scrap).await.ok()? > 0 {}
            Some(())
        })
        .await;
        closing
    }

    /// Sends the library's answer to the client's close frame.
    async fn acknowledge_close(&mut self) {
        // However this ends, the connection does.
        let _ended = timeout(self.limits.closing, async {
            while let Some(Ok(_)) = self.socket.next().await {}
            self.socket.get_mut().shutdown().await.ok()
        })
        .await;
    }
}

/// How to close after what the client did wrong; none when it is the connection that broke.
fn violation(error: &Error) -> Option<Closing> {
    match error {
        Error::Capacity(_) => Some(Closing::TOO_BIG),
        Error::Utf8(_) => Some(Closing::NOT_UTF8),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some(Closing::PROTOCOL_ERROR),
        _ => None,
    }
}
