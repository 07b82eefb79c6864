//! A bare WebSocket, for what no well-behaved client would send, and for handshakes that are to fail.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{HeaderName, HeaderValue},
        protocol::{
            CloseFrame,
            frame::{
                Frame,
                coding::{Data, OpCode},
            },
        },
    },
};

use super::PATIENCE;

/// A socket without manners.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket with these headers, or returns the status with which it was refused.
    pub async fn open(url: &str, headers: &[(&str, &str)]) -> Result<Self, u16> {
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{url}: {error}"),
        }
    }

    /// Opens a socket with this token.
    pub async fn with_token(url: &str, token: &str) -> Result<Self, u16> {
        Self::open(url, &[("Authorization", &format!("Bearer {token}"))]).await
    }

    /// Opens a socket that has room for next to nothing that it does not read.
    pub async fn with_little_room(url: &str, token: &str) -> Self {
        let request = format!("{url}?token={token}").into_client_request().unwrap();
        let tcp = TcpSocket::new_v4().unwrap();
        tcp.set_recv_buffer_size(4_096).unwrap();
        let address = request.uri().authority().unwrap().as_str().parse().unwrap();
        let stream = MaybeTlsStream::Plain(tcp.connect(address).await.unwrap());
        Self(client_async(request, stream).await.unwrap().0)
    }

    /// Sends a text frame.
    pub async fn send(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).await.unwrap();
    }

    /// Sends any kind of message. One that is too large may be refused while it is being sent.
    pub async fn send_message(&mut self, message: Message) -> Result<(), Error> {
        self.0.send(message).await
    }

    /// Sends a text in frames of `bytes` each, as WebSocket calls the pieces of a message. It must be of one-byte characters.
    pub async fn send_fragments(&mut self, text: &str, bytes: usize) -> Result<(), Error> {
        let pieces = text.as_bytes().chunks(bytes);
        let last = pieces.len() - 1;
        for (index, piece) in pieces.enumerate() {
            let kind = if index == 0 { Data::Text } else { Data::Continue };
            self.0.send(Message::Frame(Frame::message(piece.to_vec(), OpCode::Data(kind), index == last))).await?;
        }
        Ok(())
    }

    /// The next text frame, as JSON.
    pub async fn receive(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.0.next()).await.expect("a frame in time").expect("an open socket").unwrap();
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// Sends a frame and takes the next one as its answer.
    pub async fn ask(&mut self, text: impl Into<String>) -> Value {
        self.send(text).await;
        self.receive().await
    }

    /// Whether nothing comes for `quiet`.
    pub async fn is_quiet(&mut self, quiet: Duration) -> bool {
        timeout(quiet, self.0.next()).await.is_err()
    }

    /// The frame with which the other side closes.
    pub async fn closed(&mut self) -> Option<CloseFrame> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("a close in time") {
                Some(Ok(Message::Close(frame))) => return frame,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Ends the TCP connection without a word, as a player whose train enters a tunnel does.
    pub fn vanish(self) {
        if let MaybeTlsStream::Plain(stream) = self.0.get_ref() {
            drop(stream.set_zero_linger());
        }
    }
}
