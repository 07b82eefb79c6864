//! The stack itself is killed at random moments, with `--data`: every timer fires after the next start, and every placement ends and is
//! told.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::harness::{Fleet, LocalStack, Socket};

/// How often the stack is killed.
const LIVES: usize = 4;
/// Placements that are asked for, and matches that are begun, in each of its lives.
const EACH: usize = 6;

/// A socket of a new player.
async fn player(stack: &LocalStack, name: String) -> Socket {
    Socket::with_token(&stack.addresses.url, &stack.token(&name).await).await.unwrap()
}

/// The answer of this route; pushes before it are passed over.
async fn ask(socket: &mut Socket, route: &str, body: Value) -> Value {
    socket.send(json!({"route": route, "requestId": "1", "body": body}).to_string()).await;
    loop {
        let frame = socket.receive().await;
        if frame["type"] == "reply" && frame["route"] == route {
            return frame["body"].clone();
        }
        assert_ne!(frame["type"], "rejection", "{frame}");
    }
}

/// Asks for placements, and begins matches in which nobody plays.
async fn begin(stack: &LocalStack, life: usize) {
    for number in 0..EACH {
        let mut placed = player(stack, format!("placed-{life}-{number}")).await;
        ask(&mut placed, "sessionPlacementRequest", json!({"mode": "duel"})).await;
        let mut host = player(stack, format!("host-{life}-{number}")).await;
        let opened = ask(&mut host, "newMatch", json!({"mode": "rps", "options": {"seconds": 2}})).await;
        let mut guest = player(stack, format!("guest-{life}-{number}")).await;
        ask(&mut guest, "joinMatch", json!({"matchId": opened["matchId"]})).await;
    }
}

#[tokio::test]
async fn whenever_the_stack_is_killed_every_timer_fires_and_every_placement_ends_and_is_told() {
    let data = TempDir::new().unwrap();
    let fleet = Fleet::that(&json!({"delayMilliseconds": 2_000}));
    let fleet = fleet.argument();
    let patience = ["--parameter", "PlacementTimeoutSeconds=10", "--parameter", "PlacementGraceSeconds=1"];
    let arguments = [&["--data", data.path().to_str().unwrap(), &fleet, "--async-retry", "0.5"], &patience[..]].concat();
    for life in 0..LIVES {
        let mut stack = LocalStack::start(&arguments).await;
        begin(&stack, life).await;
        sleep(Duration::from_millis(fastrand::u64(0..3_000))).await;
        stack.process.kill().await.unwrap();
    }
    let stack = LocalStack::start(&arguments).await;
    let end = Instant::now() + Duration::from_secs(90);
    loop {
        let (placements, matches) = (stack.table("placements").await, stack.table("matches").await);
        let placements: Vec<&Value> = placements.iter().filter(|row| row.get("status").is_some()).collect();
        assert_eq!((placements.len(), matches.len()), (LIVES * EACH, LIVES * EACH));
        let waiting = placements.iter().filter(|row| row["status"]["S"] != "ended" || row["told"]["BOOL"] != true).count();
        let playing = matches.iter().filter(|row| row["phase"]["S"] != "over").count();
        if waiting + playing == 0 {
            break;
        }
        assert!(Instant::now() < end, "{waiting} placements wait still, and {playing} matches are played");
        sleep(Duration::from_millis(500)).await;
    }
    for life in 0..LIVES {
        for number in 0..EACH {
            let told = stack.player_sessions(&format!("placed-{life}-{number}")).await;
            assert_eq!(told.len(), 1, "placed-{life}-{number}: {told:?}");
        }
    }
}
