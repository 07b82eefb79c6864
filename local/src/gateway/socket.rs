//! The one task of an open connection, which owns its socket: it reads messages, writes what waits, and ends the connection
//! by the rules of RFC 6455 and API Gateway's limits.

use std::{sync::Arc, time::Duration};

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{Semaphore, mpsc::UnboundedReceiver},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{CloseFrame, Role, WebSocketConfig},
    },
};

use super::{
    Gateway,
    closing::{ABNORMAL, BINARY, GOING_AWAY, NOT_UTF8, PROTOCOL_ERROR, TOO_BIG, WITHOUT_STATUS},
    connection::{Connection, Outgoing},
    limits::{FRAME_BYTES, Limits, MESSAGE_BYTES},
    messages,
};
use crate::clock;

/// Each socket's read buffer. The WebSocket library's own 128 KB would be 1.3 GB for 10,000 idle players.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// Messages are handed to the socket until this much waits to be flushed, so that many small ones share a system call.
const WRITE_BATCH_BYTES: usize = 16 * 1024;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What is left to do with a socket.
enum End {
    Close(CloseFrame),
    /// To answer the client, who has closed it.
    Acknowledge(CloseFrame),
    Drop(CloseFrame),
}

/// Serves an upgraded socket until it ends, and says how.
pub(super) async fn serve(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    mut outgoing: UnboundedReceiver<Outgoing>,
    stream: Upgraded,
) -> CloseFrame {
    let limits = &gateway.shared.limits;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(READ_BUFFER_BYTES)
        .max_frame_size(Some(FRAME_BYTES))
        .max_message_size(Some(MESSAGE_BYTES));
    let (mut writer, mut reader) = WebSocketStream::from_raw_socket(TokioIo::new(stream), Role::Server, Some(config)).await.split();
    let end = tokio::select! {
        end = read(gateway, connection, &mut reader) => end,
        written = write(connection, &mut outgoing, &mut writer) => written.map_or(End::Drop(ABNORMAL), End::Close),
        end = time_out(connection, limits) => end,
    };
    let (closing, frame) = match end {
        End::Close(closing) => (closing.clone(), Some(closing)),
        End::Acknowledge(closing) => (closing, None),
        End::Drop(closing) => return closing,
    };
    // From here on, posts find it gone.
    connection.close(closing.clone());
    if let Ok(socket) = reader.reunite(writer) {
        // However this ends, the connection does.
        let _ended = timeout(limits.closing, say_goodbye(socket, frame)).await;
    }
    closing
}

/// Takes each message to its route, until the client closes or does what it must not.
async fn read(gateway: &Gateway, connection: &Arc<Connection>, reader: &mut SplitStream<Socket>) -> End {
    let in_work = Arc::new(Semaphore::new(gateway.shared.limits.messages_in_work));
    loop {
        // Nobody closes this semaphore.
        let Ok(place) = Arc::clone(&in_work).acquire_owned().await else { return End::Drop(ABNORMAL) };
        match reader.next().await {
            Some(Ok(Message::Text(text))) => {
                connection.touch();
                // As on AWS, messages of one connection do not wait for each other.
                gateway.shared.messages.spawn(messages::handle(gateway.clone(), Arc::clone(connection), text, place));
            }
            Some(Ok(Message::Binary(_))) => return End::Close(BINARY),
            Some(Ok(Message::Close(frame))) => return End::Acknowledge(frame.unwrap_or(WITHOUT_STATUS)),
            // The library answers pings. They do not count as activity: AWS does not say that they would.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(error)) => return violation(&error).map_or(End::Drop(ABNORMAL), End::Close),
            None => return End::Drop(ABNORMAL),
        }
    }
}

/// How to close after what the client did wrong; none when it is the connection that broke.
fn violation(error: &Error) -> Option<CloseFrame> {
    match error {
        Error::Capacity(_) => Some(TOO_BIG),
        Error::Utf8(_) => Some(NOT_UTF8),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some(PROTOCOL_ERROR),
        _ => None,
    }
}

/// Writes what waits, until the connection is to close and nothing waits any more.
async fn write(
    connection: &Connection,
    outgoing: &mut UnboundedReceiver<Outgoing>,
    writer: &mut SplitSink<Socket, Message>,
) -> Result<CloseFrame, Error> {
    loop {
        let (message, mut room) = tokio::select! {
            biased;
            Some(first) = outgoing.recv() => first,
            closing = connection.closing() => return Ok(closing),
        };
        writer.feed(message).await?;
        while room.num_permits() < WRITE_BATCH_BYTES
            && let Ok((message, more)) = outgoing.try_recv()
        {
            writer.feed(message).await?;
            room.merge(more);
        }
        writer.flush().await?;
        connection.touch();
    }
}

/// Waits until the connection has been idle for too long or lived for too long, or has not closed in time after it was asked to: what waits
/// may still go out then, but a client that does not read cannot hold it open.
async fn time_out(connection: &Connection, limits: &Limits) -> End {
    let expires_at = Instant::now() + limits.lifetime;
    let is_due = async {
        loop {
            let idle_for = Duration::from_millis(clock::now().saturating_sub(connection.last_active_at()));
            let due = expires_at.min(Instant::now() + limits.idle.saturating_sub(idle_for));
            if due <= Instant::now() {
                return;
            }
            sleep_until(due).await;
        }
    };
    tokio::select! {
        () = is_due => End::Close(GOING_AWAY),
        closing = connection.closing() => {
            sleep(limits.closing).await;
            End::Drop(closing)
        }
    }
}

/// Sends a close frame and waits for the client's, or only sends the library's answer to the client's, and ends the connection.
///
/// After a frame that is too long there is no telling where the next one begins, so the client's close frame cannot be found. But to drop
/// the socket would make the kernel answer what the client is still sending with a reset, and a reset takes our close frame with it,
/// unread. So the sending side is shut, and what comes is thrown away until the client is done, or out of time.
async fn say_goodbye(mut socket: Socket, frame: Option<CloseFrame>) -> Result<(), Error> {
    let mut acknowledged = frame.is_none();
    if frame.is_some() {
        socket.send(Message::Close(frame)).await?;
    }
    while let Some(Ok(message)) = socket.next().await {
        acknowledged |= message.is_close();
    }
    let stream = socket.get_mut();
    stream.shutdown().await?;
    let mut scrap = [0; 1024];
    while !acknowledged && stream.read(&mut scrap).await? > 0 {}
    Ok(())
}
