//! A player with a bare socket that treats messages as every client should: it drops those that it has seen.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::{LocalStack, Socket};

/// A player who is connected.
pub struct Player {
    /// The socket as it is.
    pub socket: Socket,
    seen: BTreeSet<String>,
    /// Messages that came while an answer was waited for.
    waiting: VecDeque<Value>,
    /// What came of placements, pools and matches, repetitions included, while something else was waited for.
    news: VecDeque<Value>,
    /// The ids of plays that were answered. A play's answer is posted like a push, and may come twice.
    played: BTreeSet<String>,
    /// How many messages were dropped because they had been seen.
    pub repeated: usize,
}

impl Player {
    /// Connects the player whom the stack's issuer calls `name`.
    pub async fn connect(stack: &LocalStack, name: &str) -> Self {
        Self::of(Socket::with_token(&stack.addresses.url, &stack.token(name).await).await.unwrap())
    }

    /// The player at this end of a socket.
    pub fn of(socket: Socket) -> Self {
        let (seen, played) = (BTreeSet::new(), BTreeSet::new());
        Self { socket, seen, waiting: VecDeque::new(), news: VecDeque::new(), played, repeated: 0 }
    }

    /// The next message that is new.
    pub async fn message(&mut self) -> Value {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return message;
            }
            let frame = self.socket.receive().await;
            assert!(frame["type"] == "message" || self.is_repeated(&frame), "nothing else was waited for: {frame}");
            self.keep(frame);
        }
    }

    /// The next push that is no message, be it a repetition or not: what repeats itself is told by whoever asks.
    pub async fn news(&mut self) -> Value {
        loop {
            if let Some(news) = self.news.pop_front() {
                return news;
            }
            let frame = self.socket.receive().await;
            assert!(is_push(&frame) || self.is_repeated(&frame), "nothing else was waited for: {frame}");
            self.keep(frame);
        }
    }

    /// The texts of the next `count` messages that are new.
    pub async fn texts(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        while texts.len() < count {
            texts.push(self.message().await["message"].as_str().unwrap().to_owned());
        }
        texts
    }

    /// Sends a frame and returns its answer. Pushes that come before it are kept.
    pub async fn ask(&mut self, frame: &Value) -> Value {
        // A request that is sent again is answered again.
        self.played.remove(frame["requestId"].as_str().unwrap_or_default());
        self.socket.send(frame.to_string()).await;
        self.answer().await
    }

    /// The next answer to a frame that was sent. Pushes that come before it are kept.
    pub async fn answer(&mut self) -> Value {
        loop {
            let frame = self.socket.receive().await;
            if is_push(&frame) || self.is_repeated(&frame) {
                self.keep(frame);
                continue;
            }
            if frame["route"] == "play" {
                self.played.extend(frame["requestId"].as_str().map(str::to_owned));
            }
            return frame;
        }
    }

    /// Sends a message and returns the id that it has for each recipient.
    pub async fn send(&mut self, recipients: &[&str], text: &str) -> Value {
        let reply = self.ask(&message_to(recipients, text)).await;
        assert_eq!(reply["type"], "reply", "{reply}");
        assert_eq!(reply["body"]["unsent"], json!([]), "{reply}");
        reply["body"]["messageIds"].clone()
    }

    /// Reads every page of the inbox, of up to `limit` messages each, from `after` on or else the newest page and what follows it. Returns
    /// the pages, and where to go on the next time. What it reads counts as seen when it is pushed later.
    pub async fn resume(&mut self, after: Option<&str>, limit: usize) -> (Vec<Vec<Value>>, String) {
        let mut pages = Vec::new();
        let mut body = json!({"after": after, "limit": limit});
        loop {
            let mut reply = self.ask(&json!({"route": "resume", "requestId": "r1", "body": body})).await;
            assert_eq!((&reply["type"], &reply["requestId"]), (&json!("reply"), &json!("r1")), "{reply}");
            let Value::Array(page) = reply["body"]["messages"].take() else { panic!("{reply}") };
            assert!(page.len() <= limit, "{}", page.len());
            self.seen.extend(page.iter().map(|message| message["messageId"].as_str().unwrap().to_owned()));
            pages.push(page);
            match (reply["body"]["next"].take(), reply["body"]["after"].take()) {
                (Value::String(next), Value::Null) => body = json!({"next": next, "limit": limit}),
                (Value::Null, Value::String(after)) => return (pages, after),
                both => panic!("there is either a next page or an end: {both:?}"),
            }
        }
    }

    /// The texts of what is in the inbox from `after` on.
    pub async fn missed(&mut self, after: Option<&str>) -> Vec<String> {
        let (pages, _) = self.resume(after, 100).await;
        pages.iter().flatten().map(|message| message["message"].as_str().unwrap().to_owned()).collect()
    }

    /// Whether no push comes for `quiet` that is new. Those that do come are kept.
    pub async fn hears_nothing(&mut self, quiet: Duration) -> bool {
        let end = Instant::now() + quiet;
        while let Ok(frame) = timeout_at(end, self.socket.receive()).await {
            assert!(is_push(&frame) || self.is_repeated(&frame), "nothing else was waited for: {frame}");
            self.keep(frame);
        }
        self.waiting.is_empty() && self.news.is_empty()
    }

    /// Whether this is the answer to a play that was answered.
    fn is_repeated(&self, frame: &Value) -> bool {
        frame["route"] == "play" && frame["requestId"].as_str().is_some_and(|id| self.played.contains(id))
    }

    fn keep(&mut self, message: Value) {
        if !is_push(&message) {
            self.repeated += 1;
        } else if message["type"] != "message" {
            self.news.push_back(message);
        } else if self.seen.insert(message["messageId"].as_str().unwrap().to_owned()) {
            self.waiting.push_back(message);
        } else {
            self.repeated += 1;
        }
    }
}

/// Whether a frame was sent without being asked for.
fn is_push(frame: &Value) -> bool {
    matches!(frame["type"].as_str(), Some("message" | "session" | "placement" | "match" | "pool"))
}

/// The frame of a message.
pub fn message_to(recipients: &[&str], text: &str) -> Value {
    json!({"route": "sendMessage", "requestId": text, "body": {"playerIds": recipients, "message": text}})
}
