//! Every function that works for pools and matches is killed again and again, wherever it happens to be, while players join a pool, play
//! their matches to the end, and join again. No match stays stuck, no player stays seated, and both players of a match see the same end.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use fastrand::Rng;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{at_random::kill_at_random, placing::insist};
use crate::harness::{Device, LocalStack, Socket, eventually};

const PLAYERS: usize = 10;

/// How long functions are killed.
const DISTURBED: Duration = Duration::from_secs(12);

/// How long a player waits for the end of what it is in, beyond which it has been forgotten: longer than all rounds of a match take that
/// only timers resolve, and than a pool takes to be looked at again.
const FORGOTTEN: Duration = Duration::from_secs(90);

/// How long a player waits for a push before it looks for what it may have missed.
const IMPATIENT: Duration = Duration::from_secs(1);

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

/// A player who plays one match after another.
struct Gambler {
    name: String,
    device: Device,
    /// The last view of each match that it was in.
    seen: BTreeMap<String, Value>,
    /// How many requests it has made.
    requests: usize,
}

impl Gambler {
    async fn connect(stack: &LocalStack, number: usize) -> Self {
        let name = format!("gambler-{number:02}");
        let token = stack.token(&name).await;
        let socket = eventually("a connection", || async { Socket::with_token(&stack.addresses.url, &token).await.ok() }).await;
        Self { name, device: Device::of(socket), seen: BTreeMap::new(), requests: 0 }
    }

    fn frame(&mut self, route: &str, body: &Value) -> Value {
        self.requests += 1;
        json!({"route": route, "requestId": format!("r{}", self.requests), "body": body})
    }

    async fn play_again_and_again(&mut self, done: &AtomicBool) {
        let mut random = Rng::new();
        while !done.load(Relaxed) {
            match random.u8(0..6) {
                // A private match that nobody joins, and is given up.
                0 => {
                    let open = self.frame("newMatch", &json!({"mode": "rps"}));
                    let opened = insist(&mut self.device, &open).await;
                    let back = self.frame("joinMatch", &json!({"matchId": opened["matchId"]}));
                    insist(&mut self.device, &back).await;
                    let leave = self.frame("leaveMatch", &json!({"matchId": opened["matchId"]}));
                    insist(&mut self.device, &leave).await;
                    self.is_free().await;
                }
                1 => {
                    let join = self.frame("joinPool", &json!({"mode": "duel"}));
                    insist(&mut self.device, &join).await;
                    self.leave_the_pool().await;
                }
                _ => {
                    let join = self.frame("joinPool", &json!({"mode": "rpsls"}));
                    insist(&mut self.device, &join).await;
                    self.play_to_the_end(&mut random, done).await;
                }
            }
        }
    }

    /// Leaves a pool in which it waits, or was a moment ago.
    async fn leave_the_pool(&mut self) {
        loop {
            let leave = self.frame("leavePool", &json!({}));
            let answer = self.device.ask(&leave).await;
            if answer["type"] == "reply" || answer["code"] == "not_found" {
                break;
            }
        }
        // Two who wait for a duel at once are placed together, and free when that has ended.
        self.is_free().await;
    }

    /// Waits until it holds no seat.
    async fn is_free(&mut self) {
        let deadline = Instant::now() + FORGOTTEN;
        while !self.look().await.is_null() {
            assert!(Instant::now() < deadline, "{} is never free again", self.name);
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Plays until the match that it waits for is over; if there is to be no more, it gives up what it is in.
    async fn play_to_the_end(&mut self, random: &mut Rng, done: &AtomicBool) {
        let deadline = Instant::now() + FORGOTTEN;
        loop {
            assert!(Instant::now() < deadline, "{} is stuck: {:?}", self.name, self.seen.values().last());
            if let Some(push) = self.device.push_within(IMPATIENT).await {
                if push["type"] == "match" {
                    self.note(&push);
                }
            } else {
                let seat = self.look().await;
                if seat.is_null() {
                    return;
                }
                if done.load(Relaxed) && seat["kind"] == "ticket" {
                    return self.leave_the_pool().await;
                }
            }
            let open = self.seen.values().find(|view| view["state"] == "playing").cloned();
            if let Some(view) = open
                && random.u8(0..8) > 0
            {
                let play = *random.choice(&["rock", "paper", "scissors", "lizard", "spock"]).unwrap();
                let play = self.frame("play", &json!({"matchId": view["matchId"], "round": view["round"], "play": play}));
                // It may count, come late, or be answered by nobody: what becomes of it is pushed.
                self.device.ask(&play).await;
            }
        }
    }

    /// Reads what it is in, and returns its seat.
    async fn look(&mut self) -> Value {
        let frame = self.frame("resume", &json!({}));
        let mut reply = insist(&mut self.device, &frame).await;
        if let view @ Value::Object(_) = reply["state"]["match"].take() {
            self.note(&view);
        } else {
            // What it was in is over, and its end was pushed to a device that was not told.
            self.seen.retain(|_, view| view["state"] == "over");
        }
        reply["state"]["seat"].take()
    }

    fn note(&mut self, view: &Value) {
        let known = self.seen.entry(view["matchId"].as_str().unwrap().to_owned()).or_insert_with(|| view.clone());
        if view["version"].as_u64() > known["version"].as_u64() {
            *known = view.clone();
        }
    }
}

#[tokio::test]
async fn whatever_dies_every_match_comes_to_its_end_and_nobody_stays_seated() {
    let stack = LocalStack::start(&["--async-retry", "1"]).await;
    let mut gamblers = join_all((0..PLAYERS).map(|number| Gambler::connect(&stack, number))).await;
    let (done, functions) = (AtomicBool::new(false), FUNCTIONS.map(str::to_owned));
    let timer = async {
        sleep(DISTURBED).await;
        done.store(true, Relaxed);
    };
    let playing = join_all(gamblers.iter_mut().map(|gambler| gambler.play_again_and_again(&done)));
    let (killed, _) = join(kill_at_random(&stack, &functions, &done), join(timer, playing)).await;
    assert_eq!(killed.len(), FUNCTIONS.len(), "each was killed: {killed:?}");
    let matches = eventually("every match is over", || async {
        let rows = stack.table("matches").await;
        rows.iter().all(|row| row["state"]["S"] == "over").then_some(rows)
    })
    .await;
    let of_two: Vec<&Value> = matches.iter().filter(|row| row["players"]["L"].as_array().unwrap().len() == 2).collect();
    assert!(!of_two.is_empty(), "some were played: {}", matches.len());
    for row in &of_two {
        let scores: Vec<u32> =
            row["scores"]["L"].as_array().unwrap().iter().map(|score| score["N"].as_str().unwrap().parse().unwrap()).collect();
        assert!(scores.iter().all(|score| *score <= 3), "{row}");
        let round: u32 = row["round"]["N"].as_str().unwrap().parse().unwrap();
        assert!(scores.iter().sum::<u32>() <= round, "a round is won once: {row}");
        for gambler in &gamblers {
            if let Some(view) = gambler.seen.get(row["matchId"]["S"].as_str().unwrap()).filter(|view| view["state"] == "over") {
                assert_eq!(view["version"].to_string(), row["version"]["N"].as_str().unwrap(), "{view}");
            }
        }
    }
    eventually("no player stays seated", || async {
        let rows = stack.table("players").await;
        rows.iter().all(|row| row["item"]["S"] != "seat").then_some(())
    })
    .await;
    let tickets = stack.table("tickets").await;
    assert!(tickets.iter().all(|row| row["ticketId"]["S"] == "#pool"), "{tickets:?}");
    println!("killed {killed:?}; {} matches, {} of two", matches.len(), of_two.len());
}
