//! Every function of pools and matches is killed again and again, wherever it happens to be, while twelve players are matched and play, one
//! match after another.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use fastrand::Rng;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::at_random::kill_at_random;
use crate::harness::{Device, LocalStack, eventually};

const PLAYERS: usize = 12;

/// How long functions are killed.
const DISTURBED: Duration = Duration::from_secs(13);

/// How long a player may be in one thing, beyond which it has been forgotten: a round takes five seconds, and a timer that has died is hidden for
/// a minute, but whoever looks makes up for it.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// Who works for pools and matches.
pub const FUNCTIONS: [&str; 11] = [
    "join-pool",
    "leave-pool",
    "new-match",
    "join-match",
    "leave-match",
    "play",
    "tickets-match",
    "matches-announce",
    "matches-schedule",
    "resolve-round",
    "rematch-pool",
];

/// A player who is matched again and again.
struct Fighter {
    device: Device,
    /// Each match as it was seen, by its id and version.
    seen: BTreeMap<(String, u64), Value>,
    /// The matches that it has seen the end of.
    ended: usize,
}

impl Fighter {
    async fn connect(stack: &LocalStack, number: usize) -> Self {
        Self { device: Device::connect(stack, &format!("fighter-{number:02}")).await, seen: BTreeMap::new(), ended: 0 }
    }

    /// Sends a frame until it is answered by a reply, or refused for a reason: the reply's body, or nothing.
    async fn insist(&mut self, route: &str, request_id: &str, body: &Value) -> Option<Value> {
        loop {
            let answer = self.device.ask(&json!({"route": route, "requestId": request_id, "body": body})).await;
            match (answer["type"].as_str(), answer["code"].as_str()) {
                (Some("reply"), _) => return Some(answer["body"].clone()),
                (Some("rejection"), Some("internal")) => {}
                (Some("rejection"), _) => return None,
                _ => assert_eq!(answer["message"], "Internal server error", "{answer}"),
            }
        }
    }

    /// Keeps a view of a match. Nobody sees two matches under one version.
    fn note(&mut self, view: &Value) {
        let key = (view["matchId"].as_str().unwrap().to_owned(), view["version"].as_u64().unwrap());
        let mut view = view.clone();
        view.as_object_mut().unwrap().remove("type");
        let before = self.seen.entry(key).or_insert_with(|| view.clone());
        assert_eq!(*before, view, "each round is resolved once");
    }

    async fn fight_on(&mut self, done: &AtomicBool) {
        let mut random = Rng::new();
        for number in 0.. {
            if done.load(Relaxed) {
                break;
            }
            let id = format!("r{number}");
            if random.u8(0..4) == 0 {
                self.insist("newMatch", &id, &json!({"mode": "rps"})).await;
            } else {
                // Some are too far from each other at first, so that their pool is looked at again.
                self.insist("joinPool", &id, &json!({"mode": "rpsls", "skill": random.u16(2_350..2_650)})).await;
            }
            self.see_it_through(done, &mut random).await;
        }
    }

    /// Plays until it waits for nothing.
    async fn see_it_through(&mut self, done: &AtomicBool, random: &mut Rng) {
        let deadline = Instant::now() + FORGOTTEN;
        loop {
            while let Some(push) = self.device.push_within(Duration::from_millis(50)).await {
                if push["type"] == "match" {
                    self.note(&push);
                }
            }
            let state = self.insist("resume", "state", &json!({})).await.unwrap()["state"].take();
            assert!(Instant::now() < deadline, "forgotten: {state}");
            let view = &state["match"];
            match state["seat"]["kind"].as_str() {
                None => return,
                Some("ticket") => {
                    // Those who are left over when all have had enough find nobody any more.
                    if done.load(Relaxed) || random.u8(0..20) == 0 {
                        self.insist("leavePool", "leave", &json!({})).await;
                    }
                }
                Some("match") if view["state"] == "playing" && random.u8(0..30) > 0 => {
                    self.note(view);
                    let play = ["rock", "paper", "scissors"][random.usize(0..3)];
                    // Some do not play in every round.
                    if random.u8(0..4) > 0 {
                        self.insist("play", "play", &json!({"matchId": view["matchId"], "round": view["round"], "play": play})).await;
                    }
                }
                Some("match") => {
                    self.ended += 1;
                    self.insist("leaveMatch", "leave", &json!({"matchId": state["seat"]["id"]})).await;
                    self.insist("joinMatch", "back", &json!({"matchId": state["seat"]["id"]})).await;
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
    let disturbing = async {
        let timer = async {
            sleep(DISTURBED).await;
            done.store(true, Relaxed);
        };
        join(kill_at_random(&stack, &functions, &done), timer).await.0
    };
    let fighting = join_all(fighters.iter_mut().map(|fighter| fighter.fight_on(&done)));
    let (killed, _) = join(disturbing, fighting).await;
    assert_eq!(killed.len(), FUNCTIONS.len(), "each was killed: {killed:?}");
    let matches = eventually("every match is over", || async {
        let rows = stack.table("matches").await;
        rows.iter().all(|row| row["state"]["S"] == "over").then_some(rows)
    })
    .await;
    assert!(matches.len() > PLAYERS, "{} matches", matches.len());
    assert!(fighters.iter().all(|fighter| fighter.ended > 0), "everybody was in one");
    let seats = stack.table("players").await.into_iter().filter(|row| row["item"]["S"] == "seat").collect::<Vec<_>>();
    assert_eq!(seats, Vec::<Value>::new());
    let tickets = stack.table("tickets").await.into_iter().filter(|row| row.get("players").is_some()).collect::<Vec<_>>();
    assert_eq!(tickets, Vec::<Value>::new());
    // Both players of a match saw the same of it.
    let mut scores: BTreeMap<&(String, u64), Vec<[&Value; 3]>> = BTreeMap::new();
    for (key, view) in fighters.iter().flat_map(|fighter| &fighter.seen) {
        scores.entry(key).or_default().push(["round", "yourScore", "theirScore"].map(|name| &view[name]));
    }
    for (key, views) in scores {
        if let [one, [round, yours, theirs]] = views[..] {
            assert_eq!(one, [round, theirs, yours], "{key:?}");
        }
    }
}
