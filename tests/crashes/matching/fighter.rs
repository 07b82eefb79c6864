//! A player of a row, who plays as its story has it.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Row, Story};
use crate::{
    crashes::traps::Traps,
    harness::{Device, LocalStack, eventually},
};

/// How long both think in the story of those who take their time.
const THOUGHT: Duration = Duration::from_secs(2);

/// A player of a row, while the row runs.
pub(super) struct Fighter {
    name: String,
    pub(super) device: Device,
    /// Its match as it was told of it, by its version.
    pub(super) told: BTreeMap<u64, Value>,
    /// Its latest play, until it is told of what came of it.
    play: Option<Value>,
    /// How much else it has asked for.
    asked: usize,
}

impl Fighter {
    pub(super) async fn connect(stack: &LocalStack, name: String) -> Self {
        Self { device: Device::connect(stack, &name).await, name, told: BTreeMap::new(), play: None, asked: 0 }
    }

    /// Sends a frame until it is answered by a reply, or refused for a reason: the body, or the code. Whoever got no answer asks again,
    /// under the same request id.
    pub(super) async fn insist(&mut self, route: &str, body: Value) -> Result<Value, String> {
        self.asked += 1;
        let request_id = format!("{route}-{}", self.asked);
        let frame = json!({"route": route, "requestId": request_id, "body": body});
        let mut answer = self.device.ask(&frame).await;
        loop {
            let is_its = answer["requestId"] == request_id.as_str();
            answer = match (answer["type"].as_str(), answer["code"].as_str()) {
                (Some("reply"), _) if is_its => return Ok(answer["body"].take()),
                (Some("rejection"), Some(code)) if is_its && !matches!(code, "internal" | "busy") => return Err(code.to_owned()),
                (Some(_), _) if !is_its => self.device.answer().await,
                _ => self.device.ask(&frame).await,
            }
        }
    }

    pub(super) async fn join_pool(&mut self, (mode, skill): (&str, usize)) -> String {
        let joined = self.insist("joinPool", json!({"mode": mode, "skill": skill})).await;
        joined.unwrap_or_else(|code| panic!("{}: {code}", self.name))["ticketId"].as_str().unwrap().to_owned()
    }

    /// Its ticket's row, while there is one.
    pub(super) async fn ticket(&self, stack: &LocalStack) -> Option<Value> {
        let name = json!({"L": [{"S": self.name}]});
        stack.table("tickets").await.into_iter().find(|row| row["players"] == name)
    }

    /// Ends its socket, and waits until Muster knows.
    pub(super) async fn vanish(&mut self, stack: &LocalStack) {
        let other = Device::connect(stack, &format!("nobody-{}", self.name)).await;
        std::mem::replace(&mut self.device, other).socket.vanish();
        eventually("the connection is gone", || async { stack.connections(&self.name).await.is_empty().then_some(()) }).await;
    }

    pub(super) async fn come_back(&mut self, stack: &LocalStack) {
        self.device = Device::connect(stack, &self.name).await;
    }

    /// The next view of its match that is new. One that is repeated is as it was. A play that was not heard of is sent again.
    async fn hear(&mut self) -> Value {
        loop {
            let frame = self.device.frame().await;
            match (frame["type"].as_str(), frame["code"].as_str()) {
                (Some("match"), _) => {
                    if self.note(&frame) {
                        self.play = None;
                        return frame;
                    }
                }
                (Some("pool"), _) => assert_eq!(frame["outcome"], "timedOut", "{frame}"),
                // A play was sent again that had been done, or a reply was asked for.
                (Some("reply"), _) => {}
                (Some("rejection"), Some("internal" | "busy")) | (None, _) => self.send_play().await,
                // The match went on while it thought.
                (_, Some("stale")) if self.note(&frame["match"]) => return frame["match"].clone(),
                (_, code) => assert!(matches!(code, Some("stale" | "match_over")), "{}: {frame}", self.name),
            }
        }
    }

    /// Keeps a view of its match, and says whether it is new.
    fn note(&mut self, view: &Value) -> bool {
        let mut view = view.clone();
        // What is of the moment, of the way on which it comes, or of what this player alone has done, is no part of a version.
        for name in ["type", "now", "events", "ack", "awaits"] {
            view.as_object_mut().unwrap().remove(name);
        }
        view["view"].as_object_mut().unwrap().remove("played");
        let before = self.told.insert(view["version"].as_u64().unwrap(), view.clone());
        assert!(before.as_ref().is_none_or(|before| *before == view), "each version is one: {before:?}, {view}");
        before.is_none()
    }

    async fn send_play(&mut self) {
        if let Some(play) = &self.play {
            self.device.socket.send(play.to_string()).await;
        }
    }

    /// Plays up to the end of the match.
    pub(super) async fn fight(&mut self, (stack, traps): (&LocalStack, &Traps), row: &Row, is_second: bool) {
        let story = row.story;
        loop {
            let view = self.hear().await;
            if view["state"] == "over" {
                return;
            }
            let round = view["view"]["round"].as_u64().unwrap();
            if is_second && story == Story::Left {
                let left = self.insist("leaveMatch", json!({"matchId": view["matchId"]})).await;
                left.unwrap_or_else(|code| panic!("{}: {code}", self.name));
            }
            if is_second && story == Story::Dropped && view["version"] == 1 {
                std::mem::replace(&mut self.device, Device::connect(stack, &format!("nobody-{}", self.name)).await).socket.vanish();
                traps.first_springs(&row.name).await;
                self.come_back(stack).await;
                // Whoever is heard of is back.
                self.insist("resume", json!({})).await.unwrap();
            }
            if story == Story::Slow && round == 1 {
                sleep(THOUGHT).await;
            }
            if story.plays(is_second, round) {
                let action = if is_second { "rock" } else { "paper" };
                let body = json!({"matchId": view["matchId"], "action": action, "version": view["version"]});
                let mut play = json!({"route": "play", "requestId": format!("play-{round}"), "body": body});
                if story != Story::Answered {
                    play["reply"] = json!(false);
                }
                self.play = Some(play);
                self.send_play().await;
            }
        }
    }

    /// Waits for something else, and gives it up, which shows that it was free.
    pub(super) async fn live_on(&mut self, pool: (&str, usize)) {
        self.join_pool(pool).await;
        self.insist("leavePool", json!({})).await.unwrap();
        let state = self.insist("resume", json!({})).await.unwrap()["state"].take();
        assert_eq!((&state["seats"], &state["matches"]), (&Value::Null, &Value::Null), "{}: {state}", self.name);
    }
}
