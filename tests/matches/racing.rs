//! Plays in the moment in which the time of their round is up.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Gamer, matched, row_of, shows};
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
    let answer = gamer.ask("play", gamer.move_in(1, play)).await;
    let late = ["late_play", "old_round"].contains(&answer["code"].as_str().unwrap_or_default());
    assert!(answer["type"] == "reply" || late, "{answer}");
    answer["type"] == "reply"
}

/// One match, whose players both play at about the end of its round. How many of their plays count.
async fn race(stack: &LocalStack, number: usize, offsets: [i64; 2]) -> usize {
    let (mut one, mut other) =
        (Gamer::connect(stack, &format!("one-{number}")).await, Gamer::connect(stack, &format!("other-{number}")).await);
    let code = one.get("newMatch", json!({"mode": "rpsls"})).await["matchId"].clone();
    shows(&one.told().await, json!({"version": 1}));
    other.get("joinMatch", json!({"matchId": code})).await;
    let due_at = one.told().await["dueAt"].as_u64().unwrap();
    other.told().await;
    let played = join(play_at(&mut one, due_at, offsets[0], "paper"), play_at(&mut other, due_at, offsets[1], "rock")).await;
    let (first, second) = join(one.told(), other.told()).await;
    let play = |counts: bool, play: &str| if counts { json!(play) } else { Value::Null };
    let scores = match played {
        (true, _) => (1, 0),
        (false, true) => (0, 1),
        (false, false) => (0, 0),
    };
    shows(&first, json!({"version": 3, "round": 2, "yourScore": scores.0, "theirScore": scores.1}));
    shows(&second, json!({"version": 3, "round": 2, "yourScore": scores.1, "theirScore": scores.0}));
    shows(&first, json!({"yourPlay": play(played.0, "paper"), "theirPlay": play(played.1, "rock")}));
    shows(&second, json!({"yourPlay": play(played.1, "rock"), "theirPlay": play(played.0, "paper")}));
    let id = one.match_id().to_owned();
    other.get("leaveMatch", json!({"matchId": id})).await;
    shows(&one.told().await, json!({"version": 4, "state": "over", "winner": "you", "yourScore": scores.0}));
    assert_eq!(row_of(stack, &id).await["version"], json!({"N": "4"}));
    usize::from(played.0) + usize::from(played.1)
}

#[tokio::test]
async fn plays_that_race_the_timer_count_or_are_refused_and_each_round_is_resolved_once() {
    let stack = LocalStack::start(&[]).await;
    let offset = || fastrand::i64(-WITHIN..=WITHIN);
    let mut counted = 0;
    for wave in 0..WAVES {
        let numbers = wave * AT_ONCE..(wave + 1) * AT_ONCE;
        let counts = join_all(numbers.map(|number| race(&stack, number, [offset(), offset()]))).await;
        counted += counts.iter().sum::<usize>();
    }
    assert!(counted > 0 && counted < 2 * WAVES * AT_ONCE, "some were in time and some were not: {counted}");
    stack.settles().await;
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_play_in_time_counts_though_the_timer_has_looked_before_it_is_written() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &[]).await;
    let [mut alice, mut bob] = matched(&stack, ["alice", "bob"]).await;
    let due_at = row_of(&stack, alice.match_id()).await["dueAt"]["N"].as_str().unwrap().parse().unwrap();
    let [play, timers_write, plays_write] = [(); 3].map(|()| Gate::closed());
    let first = proxy.called("PutItem") + 1;
    let gates = (play.clone(), timers_write.clone(), plays_write.clone());
    proxy.treat(move |call| match call.operation.as_str() {
        "UpdateItem" => Treatment::HoldCall(gates.0.clone()),
        "PutItem" if call.number == first => Treatment::HoldCall(gates.1.clone()),
        "PutItem" if call.number == first + 1 => Treatment::HoldCall(gates.2.clone()),
        _ => Treatment::Pass,
    });
    let racing = async {
        // The timer has seen a round without a play.
        proxy.sees("PutItem", first).await;
        play.open();
        proxy.sees("PutItem", first + 1).await;
        timers_write.open();
        shows(&bob.told().await, json!({"version": 2, "round": 2, "theirScore": 1, "theirPlay": "paper"}));
        plays_write.open();
    };
    let (counts, ()) = join(play_at(&mut alice, due_at, -500, "paper"), racing).await;
    assert!(counts);
    shows(&alice.told().await, json!({"version": 2, "round": 2, "yourScore": 1, "yourPlay": "paper"}));
    assert_eq!(row_of(&stack, alice.match_id()).await["version"], json!({"N": "2"}), "it was resolved once");
}
