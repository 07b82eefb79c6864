//! Every function that works for placements is killed again and again, wherever it happens to be, while twenty players ask for game
//! servers one after another, give some of them up, and the fleet is by turns able, unable, silent and too talkative.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use fastrand::Rng;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    at_random::kill_each,
    placing::{at_gamelift, insist, outcome_of},
};
use crate::harness::{Device, Fleet, LocalStack, Socket, eventually, placement_request};

const PLAYERS: usize = 20;

/// How long functions are killed at least.
const DISTURBED: Duration = Duration::from_secs(16);

/// How long a player waits for anything, beyond which it has been forgotten: the timer looks after 11 seconds, and again after 30 if it
/// could not make sense of what it saw.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// How long a player waits for a push before it looks for what it may have missed.
const IMPATIENT: Duration = Duration::from_secs(1);

/// Who works for placements.
pub const FUNCTIONS: [&str; 7] = [
    "session-placement-request",
    "cancel-placement",
    "placements-forward",
    "placement-events",
    "player-sessions-announce",
    "look-again",
    "resume",
];

/// A player who asks for one game server after another.
struct Asker {
    name: String,
    device: Device,
    /// How each placement ended, as far as the player was told.
    told: BTreeMap<String, BTreeSet<String>>,
    /// Those of whose end it has waited for.
    waited_for: BTreeSet<String>,
}

impl Asker {
    async fn connect(stack: &LocalStack, number: usize) -> Self {
        let name = format!("asker-{number:02}");
        let token = stack.token(&name).await;
        let socket = eventually("a connection", || async { Socket::with_token(&stack.addresses.url, &token).await.ok() }).await;
        Self { name, device: Device::of(socket), told: BTreeMap::new(), waited_for: BTreeSet::new() }
    }

    async fn ask_again_and_again(&mut self, done: &AtomicBool) {
        let mut random = Rng::new();
        for number in 0.. {
            if done.load(Relaxed) {
                break;
            }
            let reply = insist(&mut self.device, &placement_request(&format!("r{number}"))).await;
            let id = reply["placementId"].as_str().unwrap().to_owned();
            if random.u8(0..4) == 0 {
                sleep(Duration::from_millis(random.u64(0..300))).await;
                let cancel = json!({"route": "cancelPlacement", "requestId": "c", "body": {"placementId": id}});
                insist(&mut self.device, &cancel).await;
            }
            self.hear_of(&id).await;
            self.waited_for.insert(id);
        }
    }

    /// Waits until it is told how a placement ended.
    async fn hear_of(&mut self, id: &str) {
        let deadline = Instant::now() + FORGOTTEN;
        while !self.told.contains_key(id) {
            assert!(Instant::now() < deadline, "{} was never told of {id}", self.name);
            match self.device.push_within(IMPATIENT).await {
                Some(push) => self.note(&push, outcome_of(&push)),
                None => self.look().await,
            }
        }
    }

    /// Reads what it may have missed.
    async fn look(&mut self) {
        let reply = insist(&mut self.device, &json!({"route": "resume", "requestId": "state", "body": {}})).await;
        let list = |name: &str| reply["state"][name].as_array().unwrap().clone();
        for session in list("sessions") {
            self.note(&session, "fulfilled");
        }
        for placement in list("placements") {
            self.note(&placement, placement["outcome"].as_str().unwrap());
        }
    }

    fn note(&mut self, of: &Value, outcome: &str) {
        self.told.entry(of["placementId"].as_str().unwrap().to_owned()).or_default().insert(outcome.to_owned());
    }
}

/// Changes what the fleet does, until there is nothing more to disturb, and then leaves it able.
async fn change_the_fleet(fleet: &Fleet, done: &AtomicBool) {
    let moods = [
        json!({"delayMilliseconds": 100}),
        json!({"delayMilliseconds": 300, "events": "repeat"}),
        json!({"delayMilliseconds": 200, "outcome": "fail"}),
        json!({"delayMilliseconds": 50, "events": "reorder"}),
        json!({"delayMilliseconds": 100, "outcome": "timeOut"}),
        json!({"delayMilliseconds": 100, "events": "drop"}),
    ];
    let mut random = Rng::new();
    while !done.load(Relaxed) {
        fleet.will(random.choice(&moods).unwrap());
        sleep(Duration::from_millis(random.u64(50..200))).await;
    }
    fleet.will(&moods[0]);
}

#[tokio::test]
async fn whatever_dies_each_request_has_one_outcome_and_no_player_stays_seated_and_no_server_is_found_for_nobody() {
    let fleet = Fleet::that(&json!({}));
    let seconds = ["--parameter", "PlacementTimeoutSeconds=10", "--parameter", "PlacementGraceSeconds=1"];
    let stack = LocalStack::start(&[&[fleet.argument().as_str(), "--async-retry", "1"], &seconds[..]].concat()).await;
    let mut askers = join_all((0..PLAYERS).map(|number| Asker::connect(&stack, number))).await;
    let (done, functions) = (AtomicBool::new(false), FUNCTIONS.map(str::to_owned));
    let disturbing = join(kill_each(&stack, &functions, DISTURBED, &done), change_the_fleet(&fleet, &done));
    let asking = join_all(askers.iter_mut().map(|asker| asker.ask_again_and_again(&done)));
    let ((killed, ()), _) = join(disturbing, asking).await;
    assert_eq!(killed.len(), FUNCTIONS.len(), "each was killed: {killed:?}");
    // Whoever asked twice, since its first answer was lost, has a placement that it does not wait for.
    let placements = eventually("every placement has ended, and its player is told", || async {
        let rows = stack.table("placements").await;
        rows.iter().all(|row| row["told"]["BOOL"] == true).then_some(rows)
    })
    .await;
    for asker in &mut askers {
        asker.look().await;
    }
    let rows = stack.table("player-sessions").await;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in &placements {
        let [id, status, outcome] = ["placementId", "status", "outcome"].map(|name| row[name]["S"].as_str().unwrap());
        let players: Vec<String> = row["players"]["L"].as_array().unwrap().iter().map(|player| player["S"].to_string()).collect();
        let asker = askers.iter().find(|asker| players == [json!(asker.name).to_string()]).expect("a placement of one player");
        assert_eq!(status, "ended", "{row}");
        let of: Vec<&Value> = rows.iter().filter(|row| row["placementId"]["S"] == id).collect();
        assert!(of.len() == 1 && of[0]["outcome"]["S"] == outcome, "{} is told of one outcome: {of:?}", asker.name);
        match asker.told.get(id) {
            Some(told) => assert_eq!(told, &BTreeSet::from([outcome.to_owned()]), "{row}"),
            None => assert!(!asker.waited_for.contains(id), "{row}"),
        }
        let found = at_gamelift(&stack, id).await == "FULFILLED";
        assert_eq!(found, outcome == "fulfilled", "a server is found for somebody, or none: {row}");
        *counts.entry(outcome.to_owned()).or_default() += 1;
    }
    println!("killed {killed:?}; {counts:?}");
    assert!(counts.contains_key("fulfilled"), "{counts:?}");
    let seats: Vec<Value> =
        stack.table("players").await.into_iter().filter(|row| row["item"]["S"].as_str().unwrap().starts_with("seat#")).collect();
    assert_eq!(seats, Vec::<Value>::new());
    for (number, asker) in askers.iter_mut().enumerate() {
        asker.device.request(&format!("last-{number}")).await;
    }
}
