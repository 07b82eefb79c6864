//! Plays in the moment in which the time is up.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Gamer, apart, matched, met, row_of, shows};
use crate::harness::{Gate, LocalStack, Proxy, Treatment};

/// Matches that go on side by side: as many as this machine can play while it keeps time.
const AT_ONCE: usize = 100;

/// How often.
const WAVES: usize = 2;

/// How far from the end of the round a play is sent, in milliseconds.
const WITHIN: i64 = 50;

/// Plays so many milliseconds after the end of the round; whether the play counts.
async fn play_at(gamer: &mut Gamer, due_at: u64, offset: i64, play: &str) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let at = u128::from(due_at.saturating_add_signed(offset));
    sleep(Duration::from_millis(u64::try_from(at.saturating_sub(now)).unwrap())).await;
    let frame = gamer.action(play);
    let answer = gamer.player.ask(&frame).await;
    if answer["type"] != "reply" {
        shows(&answer, json!({"type": "rejection", "code": "stale", "match": {"version": 2, "view": {"round": 2}}}));
    }
    answer["type"] == "reply"
}

/// When the time of the match that a player is in is up.
async fn due_at(gamer: &mut Gamer) -> u64 {
    let here = gamer.here();
    gamer.get("joinMatch", here).await["dueAt"].as_u64().unwrap()
}

/// One match, whose players both play at about the end of its round. How many of their plays count.
async fn race(stack: &LocalStack, number: usize, offsets: [i64; 2]) -> usize {
    apart(number % AT_ONCE).await;
    let names = [format!("one-{number}"), format!("other-{number}")];
    let [mut one, mut other] = met(stack, [&names[0], &names[1]], json!({"mode": "rps", "options": {"seconds": 8}})).await;
    let due_at = due_at(&mut one).await;
    let played = join(play_at(&mut one, due_at, offsets[0], "paper"), play_at(&mut other, due_at, offsets[1], "rock")).await;
    let (first, second) = join(one.told(), other.told()).await;
    let play = |counts: bool, play: &str| if counts { json!(play) } else { Value::Null };
    let scores = match played {
        (true, _) => (1, 0),
        (false, true) => (0, 1),
        (false, false) => (0, 0),
    };
    let plays = (play(played.0, "paper"), play(played.1, "rock"));
    shows(&first, json!({"version": 2, "view": {"round": 2, "yourPlay": plays.0, "theirPlay": plays.1}}));
    shows(&first["view"], json!({"yourScore": scores.0, "theirScore": scores.1}));
    shows(&second, json!({"version": 2, "view": {"round": 2, "yourPlay": plays.1, "theirPlay": plays.0}}));
    shows(&second["view"], json!({"yourScore": scores.1, "theirScore": scores.0}));
    let here = other.here();
    other.get("leaveMatch", here).await;
    shows(&one.told().await, json!({"version": 3, "state": "over", "outcome": {"places": [1, 2]}, "view": {"yourScore": scores.0}}));
    assert_eq!(row_of(stack, one.match_id()).await["version"], json!({"N": "3"}));
    usize::from(played.0) + usize::from(played.1)
}

#[tokio::test]
async fn plays_that_race_the_timer_count_or_are_stale_and_each_round_is_resolved_once() {
    let stack = LocalStack::start(&[]).await;
    let offset = || fastrand::i64(-WITHIN..=WITHIN);
    let mut counted = 0;
    for wave in 0..WAVES {
        let numbers = wave * AT_ONCE..(wave + 1) * AT_ONCE;
        let counts = join_all(numbers.map(|number| race(&stack, number, [offset(), offset()]))).await;
        counted += counts.iter().sum::<usize>();
    }
    println!("{counted} of {} plays were in time", 2 * WAVES * AT_ONCE);
    assert!(counted > 0 && counted < 2 * WAVES * AT_ONCE, "some were in time and some were not: {counted}");
    stack.settles().await;
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_play_in_time_counts_though_the_timer_has_looked_before_it_is_written() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &[]).await;
    let [mut alice, mut bob] = matched(&stack, ["alice", "bob"]).await;
    let due_at = due_at(&mut alice).await;
    let [plays_write, timers_write] = [(); 2].map(|()| Gate::closed());
    let (calls, done) = (proxy.called("PutItem"), proxy.done("PutItem"));
    let gates = (plays_write.clone(), timers_write.clone());
    proxy.treat(move |call| match call.operation.as_str() {
        "PutItem" if call.body.contains("paper") => Treatment::HoldCall(gates.0.clone()),
        "PutItem" => Treatment::HoldCall(gates.1.clone()),
        _ => Treatment::Pass,
    });
    let racing = async {
        // The timer has seen a round without a play.
        proxy.sees("PutItem", calls + 2).await;
        plays_write.open();
        proxy.has_done("PutItem", done + 1).await;
        timers_write.open();
        shows(&bob.told().await, json!({"version": 2, "view": {"round": 2, "theirScore": 1, "theirPlay": "paper"}}));
    };
    let (counts, ()) = join(play_at(&mut alice, due_at, -1_000, "paper"), racing).await;
    assert!(counts);
    shows(&alice.told().await, json!({"version": 2, "ack": "play-1", "view": {"round": 2, "yourScore": 1, "yourPlay": "paper"}}));
    assert_eq!(row_of(&stack, alice.match_id()).await["version"], json!({"N": "2"}), "it was resolved once");
}
