//! Every function of pools and matches is killed again and again, wherever it happens to be, while twelve players are matched and play, one
//! match after another, and lose their sockets at times.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use fastrand::Rng;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::at_random::kill_each;
use crate::harness::{Device, LocalStack, Socket, eventually};

const PLAYERS: usize = 12;

/// How long functions are killed at least.
const DISTURBED: Duration = Duration::from_secs(13);

/// How long a player may be in one thing, beyond which it has been forgotten: a round takes five seconds, and a timer that has died is
/// hidden for twelve, but whoever looks makes up for it.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// Who works for pools and matches.
pub const FUNCTIONS: [&str; 11] = [
    "join-pool",
    "leave-pool",
    "new-match",
    "join-match",
    "start-match",
    "leave-match",
    "play",
    "disconnect",
    "tickets-match",
    "matches-announce",
    "look-again",
];

/// A player who is matched again and again.
struct Fighter {
    name: String,
    device: Device,
    /// Each match as it was seen, by its id and version.
    seen: BTreeMap<(String, u64), Value>,
    /// How much it has asked for.
    asked: usize,
}

impl Fighter {
    async fn connect(stack: &LocalStack, number: usize) -> Self {
        let name = format!("fighter-{number:02}");
        Self { device: Device::connect(stack, &name).await, name, seen: BTreeMap::new(), asked: 0 }
    }

    /// Loses its socket, and comes back.
    async fn drop_out(&mut self, stack: &LocalStack) {
        let token = stack.token(&self.name).await;
        let socket = eventually("a connection", || async { Socket::with_token(&stack.addresses.url, &token).await.ok() }).await;
        std::mem::replace(&mut self.device, Device::of(socket)).socket.vanish();
    }

    /// Sends a frame until it is answered by a reply, or refused for a reason: the reply's body, or nothing. Answers to what was sent again
    /// may come late.
    async fn insist(&mut self, route: &str, body: &Value) -> Option<Value> {
        self.asked += 1;
        let request_id = format!("{route}-{}", self.asked);
        let frame = json!({"route": route, "requestId": request_id, "body": body});
        let mut answer = self.device.ask(&frame).await;
        loop {
            let is_its = answer["requestId"] == request_id.as_str();
            answer = match (answer["type"].as_str(), answer["code"].as_str()) {
                (Some("reply"), _) if is_its => return Some(answer["body"].take()),
                (Some("rejection"), Some(code)) if is_its && code != "internal" => return None,
                (Some(_), _) if !is_its => self.device.answer().await,
                _ => self.device.ask(&frame).await,
            }
        }
    }

    /// Keeps a view of a match. Nobody sees two matches under one version.
    fn note(&mut self, view: &Value) {
        let key = (view["matchId"].as_str().unwrap().to_owned(), view["version"].as_u64().unwrap());
        let mut view = view.clone();
        // What is of the moment, of the way on which it comes, or of what this player alone has done, is no part of a version.
        for name in ["type", "now", "events", "ack", "awaits"] {
            view.as_object_mut().unwrap().remove(name);
        }
        if let Some(shown) = view["view"].as_object_mut() {
            shown.remove("played");
        }
        let before = self.seen.entry(key).or_insert_with(|| view.clone());
        assert_eq!(*before, view, "each version is one");
    }

    async fn fight_on(&mut self, stack: &LocalStack, done: &AtomicBool) {
        let mut random = Rng::new();
        let mut last: Option<String> = None;
        while !done.load(Relaxed) {
            match (random.u8(0..8), &last) {
                (0 | 1, _) => {
                    self.insist("newMatch", &json!({"mode": "rps"})).await;
                }
                // Both who were in it come into the same one, if they want to.
                (2 | 3, Some(after)) => {
                    let after = json!({"after": after});
                    self.insist("newMatch", &after).await;
                }
                // Some are too far from each other at first, so that their pool is looked at again.
                _ => {
                    self.insist("joinPool", &json!({"mode": "rpsls", "skill": random.u16(2_350..2_650)})).await;
                }
            }
            last = self.see_it_through(stack, done, &mut random).await.or(last);
        }
    }

    /// Plays until it waits for nothing. The match that it was in.
    async fn see_it_through(&mut self, stack: &LocalStack, done: &AtomicBool, random: &mut Rng) -> Option<String> {
        let deadline = Instant::now() + FORGOTTEN;
        let mut was_in = None;
        loop {
            // Answers to what was sent again may come late.
            while let Ok(frame) = timeout(Duration::from_millis(50), self.device.frame()).await {
                if frame["type"] == "match" {
                    self.note(&frame);
                }
            }
            let state = self.insist("resume", &json!({})).await.unwrap()["state"].take();
            assert!(Instant::now() < deadline, "forgotten: {state}");
            let (seat, view) = (&state["seats"][0], &state["matches"][0]);
            match seat["kind"].as_str() {
                None => return was_in,
                Some("ticket") => {
                    // Those who are left over when all have had enough find nobody any more.
                    if done.load(Relaxed) || random.u8(0..20) == 0 {
                        self.insist("leavePool", &json!({})).await;
                    }
                }
                Some("match") if view["state"] == "playing" && random.u8(0..30) > 0 => {
                    was_in = seat["id"].as_str().map(str::to_owned);
                    self.note(view);
                    let play = ["rock", "paper", "scissors"][random.usize(0..3)];
                    match random.u8(0..16) {
                        // Some do not play in every round.
                        0..4 => {}
                        4 => self.drop_out(stack).await,
                        5 => {
                            self.insist("startMatch", &json!({"matchId": seat["id"]})).await;
                        }
                        _ => {
                            let body = json!({"matchId": seat["id"], "action": play, "version": view["version"]});
                            self.insist("play", &body).await;
                        }
                    }
                }
                Some("match") => {
                    self.insist("leaveMatch", &json!({"matchId": seat["id"]})).await;
                    self.insist("joinMatch", &json!({"matchId": seat["id"]})).await;
                }
                Some(other) => panic!("nobody asked for a {other}"),
            }
        }
    }
}

#[tokio::test]
async fn whatever_dies_every_match_comes_to_its_end_and_nobody_stays_seated() {
    let stack = LocalStack::start(&["--async-retry", "1"]).await;
    let mut fighters = join_all((0..PLAYERS).map(|number| Fighter::connect(&stack, number))).await;
    let (done, functions) = (AtomicBool::new(false), FUNCTIONS.map(str::to_owned));
    let disturbing = kill_each(&stack, &functions, DISTURBED, &done);
    let fighting = join_all(fighters.iter_mut().map(|fighter| fighter.fight_on(&stack, &done)));
    let (killed, _) = join(disturbing, fighting).await;
    assert_eq!(killed.len(), FUNCTIONS.len(), "each was killed: {killed:?}");
    let matches = eventually("every match is over", || async {
        let rows = stack.table("matches").await;
        rows.iter().all(|row| row["phase"]["S"] == "over").then_some(rows)
    })
    .await;
    println!("killed {killed:?} over {} matches", matches.len());
    assert!(fighters.iter().all(|fighter| !fighter.seen.is_empty()), "everybody was in one");
    let seats = stack.table("players").await.into_iter().filter(|row| row["item"]["S"].as_str().unwrap().starts_with("seat#"));
    assert_eq!(seats.collect::<Vec<_>>(), Vec::<Value>::new());
    let tickets = stack.table("tickets").await.into_iter().filter(|row| row.get("players").is_some()).collect::<Vec<_>>();
    assert_eq!(tickets, Vec::<Value>::new());
    // Both players of a match saw the same of it.
    let mut scores: BTreeMap<&(String, u64), Vec<[&Value; 3]>> = BTreeMap::new();
    for (key, view) in fighters.iter().flat_map(|fighter| &fighter.seen) {
        scores.entry(key).or_default().push(["round", "yourScore", "theirScore"].map(|name| &view["view"][name]));
    }
    for (key, views) in scores {
        if let [one, [round, yours, theirs]] = views[..] {
            assert_eq!(one, [round, theirs, yours], "{key:?}");
        }
    }
}
