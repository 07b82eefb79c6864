//! A device of a player that asks for game servers, and keeps what it is pushed of them as it comes.

use std::{collections::VecDeque, time::Duration};

use serde_json::{Value, json};
use tokio::time::timeout;

use super::{LocalStack, Socket};

/// A device that is connected.
pub struct Device {
    /// The socket as it is.
    pub socket: Socket,
    /// Pushes that came while an answer was waited for.
    waiting: VecDeque<Value>,
}

impl Device {
    /// Connects a device of this player.
    pub async fn connect(stack: &LocalStack, player: &str) -> Self {
        Self::of(Socket::with_token(&stack.addresses.url, &stack.token(player).await).await.unwrap())
    }

    /// The device at this end of a socket.
    pub fn of(socket: Socket) -> Self {
        Self { socket, waiting: VecDeque::new() }
    }

    /// The next push.
    pub async fn push(&mut self) -> Value {
        match self.waiting.pop_front() {
            Some(push) => push,
            None => {
                let frame = self.socket.receive().await;
                assert!(is_push(&frame), "nothing else was waited for: {frame}");
                frame
            }
        }
    }

    /// The next frame, be it a push, an answer, or a complaint of the gateway's.
    pub async fn frame(&mut self) -> Value {
        match self.waiting.pop_front() {
            Some(push) => push,
            None => self.socket.receive().await,
        }
    }

    /// The next push, if one comes in time.
    pub async fn push_within(&mut self, time: Duration) -> Option<Value> {
        timeout(time, self.push()).await.ok()
    }

    /// Sends a frame and returns its answer: a reply, a rejection, or the gateway's own error. Pushes that come before it are kept.
    pub async fn ask(&mut self, frame: &Value) -> Value {
        self.socket.send(frame.to_string()).await;
        self.answer().await
    }

    /// The next answer. Pushes that come before it are kept.
    pub async fn answer(&mut self) -> Value {
        loop {
            let frame = self.socket.receive().await;
            if !is_push(&frame) {
                return frame;
            }
            self.waiting.push_back(frame);
        }
    }

    /// Asks for a game server and returns the id of the placement.
    pub async fn request(&mut self, request_id: &str) -> String {
        let reply = self.ask(&placement_request(request_id)).await;
        assert_eq!(reply["type"], "reply", "{reply}");
        reply["body"]["placementId"].as_str().unwrap().to_owned()
    }

    /// Asks for the end of a placement.
    pub async fn cancel(&mut self, placement_id: &str) -> Value {
        let frame = json!({"route": "cancelPlacement", "requestId": "cancel", "body": {"placementId": placement_id}});
        let reply = self.ask(&frame).await;
        assert_eq!(reply["type"], "reply", "{reply}");
        reply["body"].clone()
    }

    /// What a resume says of the player's seats, matches, sessions and placements.
    pub async fn state(&mut self) -> Value {
        let mut reply = self.ask(&json!({"route": "resume", "requestId": "state", "body": {}})).await;
        assert_eq!(reply["type"], "reply", "{reply}");
        reply["body"]["state"].take()
    }
}

/// The frame with which a player asks for a game server.
pub fn placement_request(request_id: &str) -> Value {
    json!({"route": "sessionPlacementRequest", "requestId": request_id, "body": {}})
}

fn is_push(frame: &Value) -> bool {
    matches!(frame["type"].as_str(), Some("message" | "session" | "placement" | "match" | "pool"))
}
