//! A player with a bare socket.

use std::time::Duration;

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use serde_json::Value;
use tokio::{
    net::TcpStream,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::Result;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A socket that is read all the time.
pub struct Player {
    sink: SplitSink<Socket, Message>,
    /// Whatever is no push.
    replies: UnboundedReceiver<Value>,
    /// What was pushed about placements and matches.
    told: UnboundedReceiver<Value>,
    reader: JoinHandle<()>,
}

impl Drop for Player {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Player {
    /// Opens a socket with this token.
    pub async fn connect(url: &str, token: &str) -> Result<Self> {
        let (socket, _) = connect_async(format!("{url}?token={token}")).await?;
        let (sink, stream) = socket.split();
        let ((replying, replies), (telling, told)) = (unbounded_channel(), unbounded_channel());
        let reader = tokio::spawn(read(stream, replying, telling));
        Ok(Self { sink, replies, told, reader })
    }

    /// Sends a frame and awaits its reply. A rejection is an error.
    pub async fn ask(&mut self, frame: &Value) -> Result<Value> {
        self.tell(frame).await?;
        let reply = timeout(PATIENCE, self.replies.recv()).await?.ok_or("the socket was closed")?;
        if reply["type"] == "reply" { Ok(reply) } else { Err(format!("no reply but {reply}").into()) }
    }

    /// Sends a frame that is only answered if it is refused.
    pub async fn tell(&mut self, frame: &Value) -> Result<()> {
        Ok(self.sink.send(Message::text(frame.to_string())).await?)
    }

    /// The oldest push about a placement or a match that was not taken yet. That something was refused meanwhile is an error.
    pub async fn told(&mut self) -> Result<Value> {
        tokio::select! {
            told = timeout(PATIENCE, self.told.recv()) => Ok(told?.ok_or("the socket was closed")?),
            Some(refused) = self.replies.recv() => Err(format!("a push was awaited, and {refused} came").into()),
        }
    }

    /// Closes the socket and waits until the other side has, too.
    pub async fn close(mut self) -> Result<()> {
        self.sink.send(Message::Close(None)).await?;
        timeout(PATIENCE, &mut self.reader).await??;
        Ok(())
    }
}

/// Hands on what is no push, and what is pushed about placements and matches, until the socket ends. Messages are left out.
async fn read(mut stream: SplitStream<Socket>, replies: UnboundedSender<Value>, told: UnboundedSender<Value>) {
    while let Some(Ok(message)) = stream.next().await {
        let Ok(text) = message.into_text() else { continue };
        let Ok(frame) = serde_json::from_str::<Value>(&text) else { continue };
        let sent = match frame["type"].as_str() {
            Some("message") => Ok(()),
            Some("session" | "placement" | "match") => told.send(frame),
            _ => replies.send(frame),
        };
        if sent.is_err() {
            return;
        }
    }
}
