//! Placements outlive a stack that is killed at any moment.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{runtime, time::sleep};

use crate::{
    clock::Clock,
    gamelift::{GameLift, GameLiftOptions, tests::topic},
    keep::Keep,
    lock::lock,
};

const PLACEMENTS: usize = 2_000;

/// Each queue of the fleet, with the status and the event with which its placements end.
const QUEUES: [(&str, &str, Option<&str>); 7] = [
    ("fulfil", "FULFILLED", Some("PlacementFulfilled")),
    ("fail", "FAILED", Some("PlacementFailed")),
    ("time-out", "TIMED_OUT", Some("PlacementTimedOut")),
    ("repeat", "FULFILLED", Some("PlacementFulfilled")),
    ("reorder", "FULFILLED", Some("PlacementFulfilled")),
    ("drop", "FULFILLED", None),
    ("never", "PENDING", None),
];

/// The published events by placement.
type Events = Arc<Mutex<BTreeMap<String, Vec<String>>>>;

fn ask(gamelift: &GameLift, operation: &str, request: &Value) -> Value {
    use http_body_util::BodyExt;
    let response = gamelift.handle(operation, request.to_string().as_bytes());
    let body = futures_util::FutureExt::now_or_never(response.into_body().collect()).unwrap().unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

/// A room on this directory's file and fleet. After so many events it is dead: nothing that it does then comes to effect, as if the process
/// had been killed between an event and the note of it.
fn room(directory: &Path, events: &Events, most: usize) -> GameLift {
    let (events, left, dead) = (Arc::clone(events), AtomicUsize::new(most), AtomicBool::new(false));
    let publisher = move |_: &str, message: String| {
        if dead.load(Relaxed) {
            std::panic::resume_unwind(Box::new(()));
        }
        let event: Value = serde_json::from_str(&message).unwrap();
        let detail = |name: &str| event["detail"][name].as_str().unwrap().to_owned();
        lock(&events).entry(detail("placementId")).or_default().push(detail("type"));
        if left.fetch_sub(1, Relaxed) == 1 {
            dead.store(true, Relaxed);
            std::panic::resume_unwind(Box::new(()));
        }
    };
    let options = GameLiftOptions {
        queues: Vec::new(),
        topic_arn: Some(topic()),
        publisher: Arc::new(publisher),
        fleet_file: Some(directory.join("fleet.json")),
        game_server: None,
        log: Arc::new(|line| panic!("{line:?}")),
        keep: Keep::open(&directory.join("kept.sqlite")).unwrap(),
        clock: Clock::default(),
    };
    GameLift::start(options)
}

#[test]
fn every_placement_ends_as_the_fleet_says_and_is_told_however_often_the_stack_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let behaviour = |name: &str| match name {
        "fail" => json!({"outcome": "fail", "delayMilliseconds": 40}),
        "time-out" => json!({"outcome": "timeOut", "delayMilliseconds": 30}),
        "never" => json!({"outcome": "never"}),
        "fulfil" => json!({"delayMilliseconds": 20}),
        events => json!({"delayMilliseconds": 10, "events": events}),
    };
    let fleet: BTreeMap<_, _> = QUEUES.iter().map(|(name, ..)| (name, behaviour(name))).collect();
    std::fs::write(directory.path().join("fleet.json"), json!(fleet).to_string()).unwrap();
    let (events, mut started) = (Events::default(), 0);
    let runtime = || runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut stops = 0;
    while started < PLACEMENTS {
        let most = fastrand::usize(1..300);
        // The tasks of the room end with their runtime, wherever they are.
        runtime().block_on(async {
            let gamelift = room(directory.path(), &events, most);
            for _ in 0..fastrand::usize(1..200).min(PLACEMENTS - started) {
                let (name, ..) = QUEUES[started % QUEUES.len()];
                let request = json!({"PlacementId": started.to_string(), "GameSessionQueueName": name, "MaximumPlayerSessionCount": 2});
                let answer = ask(&gamelift, "StartGameSessionPlacement", &request);
                assert_eq!(answer["GameSessionPlacement"]["Status"], "PENDING", "{answer}");
                started += 1;
                if fastrand::u8(..) < 16 {
                    sleep(Duration::from_millis(1)).await;
                }
            }
            sleep(Duration::from_micros(fastrand::u64(0..60_000))).await;
        });
        stops += 1;
    }
    assert!(stops > 5);
    runtime().block_on(async {
        let gamelift = room(directory.path(), &events, usize::MAX);
        super::until("nothing is under way", || gamelift.pending() == 0).await;
        for id in 0..PLACEMENTS {
            let (name, status, event) = QUEUES[id % QUEUES.len()];
            let placement = ask(&gamelift, "DescribeGameSessionPlacement", &json!({"PlacementId": id.to_string()}));
            assert_eq!(placement["GameSessionPlacement"]["Status"], status, "{name} {id}");
            let told = lock(&events).remove(&id.to_string()).unwrap_or_default();
            assert!(told.iter().all(|told| Some(told.as_str()) == event), "{name} {id}: {told:?}");
            assert_eq!(!told.is_empty(), event.is_some(), "{name} {id} was told of {told:?}");
            // What is to come twice comes twice at least.
            assert!(name != "repeat" || told.len() > 1, "{id}: {told:?}");
        }
        let again = json!({"PlacementId": "0", "GameSessionQueueName": "fail", "MaximumPlayerSessionCount": 2});
        assert_eq!(ask(&gamelift, "StartGameSessionPlacement", &again)["__type"], "com.amazonaws.gamelift#InvalidRequestException");
    });
}
