//! A bare WebSocket, for what no well-behaved client would send, and for handshakes that are to fail.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt, future::join};
use serde_json::Value;
use tokio::{
    net::{TcpSocket, TcpStream},
    time::{MissedTickBehavior, interval, timeout},
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

    /// Sends a text in frames of `bytes` each, as WebSocket calls the pieces of a message. It may be refused while it is being sent.
    pub async fn send_fragments(&mut self, text: &str, bytes: usize) -> Result<(), Error> {
        self.send_pieces(&text.as_bytes().chunks(bytes).collect::<Vec<_>>()).await
    }

    /// Sends a text message of these frames, whether they are text or not.
    pub async fn send_pieces(&mut self, pieces: &[&[u8]]) -> Result<(), Error> {
        for (index, piece) in pieces.iter().enumerate() {
            let kind = if index == 0 { Data::Text } else { Data::Continue };
            let frame = Frame::message(piece.to_vec(), OpCode::Data(kind), index == pieces.len() - 1);
            self.0.send(Message::Frame(frame)).await?;
        }
        Ok(())
    }

    /// Sends as many frames in a second as asked for, or as many as are taken, and returns as many answers as there were frames.
    pub async fn exchange(&mut self, frames: Vec<String>, per_second: u32) -> Vec<Value> {
        let (mut sink, mut stream) = (&mut self.0).split();
        let count = frames.len();
        let sending = async {
            let mut pace = interval(Duration::from_secs(1) / per_second);
            // After a stall nothing is made up for: that would be a burst, of more than asked for.
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            for frame in frames {
                pace.tick().await;
                sink.send(Message::text(frame)).await.unwrap();
            }
        };
        let receiving = async {
            let mut answers = Vec::with_capacity(count);
            while answers.len() < count {
                let message = timeout(PATIENCE, stream.next()).await.expect("an answer in time").expect("an open socket").unwrap();
                if let Message::Text(text) = message {
                    answers.push(serde_json::from_str(&text).unwrap());
                }
            }
            answers
        };
        join(sending, receiving).await.1
    }

    /// Sends the same text as fast as it is taken, and throws away what comes back, until it is dropped.
    pub async fn flood(&mut self, text: &str) -> usize {
        let (mut sink, mut stream) = (&mut self.0).split();
        let sending = async {
            loop {
                sink.send(Message::text(text)).await.unwrap();
            }
        };
        let receiving = async {
            let mut answers = 0;
            while let Some(Ok(_)) = stream.next().await {
                answers += 1;
            }
            answers
        };
        tokio::select! { never = sending => never, answers = receiving => answers }
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
