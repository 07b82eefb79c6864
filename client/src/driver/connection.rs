//! One WebSocket, in two halves: writing goes on side by side with reading.

use std::time::Duration;

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::handshake::Socket;

/// How long a closing handshake may take before the socket is dropped.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The half that is written to.
pub(super) type Sink = SplitSink<Socket, Message>;

/// The half that is read.
pub(super) type Stream = SplitStream<Socket>;

/// Closes the connection in good order, if the server takes part in time; if not, dropping the socket closes it as well.
pub(super) async fn close(sink: &mut Sink, stream: &mut Stream) {
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

/// Takes part in the server's closing, and tells why the connection ended.
pub(super) async fn closed_by_server(sink: &mut Sink, frame: Option<&CloseFrame>) -> String {
    // Our half of the closing handshake was queued by reading theirs. If it cannot be sent, the end is the same.
    drop(timeout(CLOSE_TIMEOUT, sink.flush()).await);
    match frame {
        Some(frame) if frame.reason.is_empty() => format!("the server closed the connection ({})", u16::from(frame.code)),
        Some(frame) => format!("the server closed the connection ({}: {})", u16::from(frame.code), frame.reason),
        None => "the server closed the connection".to_owned(),
    }
}
