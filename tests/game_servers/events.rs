//! What game servers publish: who is placed on them, and that the game is over.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Device, Fleet, LocalStack, arn_of, ended_push, eventually, fulfilled, session_ended, session_push};

fn names(players: &[&str]) -> Vec<String> {
    players.iter().map(|&player| player.to_owned()).collect()
}

#[tokio::test]
async fn a_server_that_nobody_asked_for_has_its_player_sent_to_it() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Device::connect(&stack, "alice").await;
    let arn = arn_of("p-1");
    stack.tell(&fulfilled("p-1", &arn, &names(&["alice"]))).await;
    assert_eq!(alice.push().await, session_push("p-1", &arn, "alice"));
    assert_eq!(alice.state().await, json!({"sessions": [without_type(session_push("p-1", &arn, "alice"))], "placements": []}));
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn each_of_many_players_is_pushed_its_own_player_session_on_each_device_and_those_away_find_it_later() {
    let stack = LocalStack::start(&[]).await;
    let mut phone = Device::connect(&stack, "alice").await;
    let (mut desk, mut bob) = (Device::connect(&stack, "alice").await, Device::connect(&stack, "bob").await);
    let arn = arn_of("p-1");
    stack.tell(&fulfilled("p-1", &arn, &names(&["alice", "bob", "carol"]))).await;
    for (device, player) in [(&mut phone, "alice"), (&mut desk, "alice"), (&mut bob, "bob")] {
        assert_eq!(device.push().await, session_push("p-1", &arn, player));
    }
    let found = eventually("carol finds it", || async {
        let state = Device::connect(&stack, "carol").await.state().await;
        (state["sessions"] != json!([])).then(|| state["sessions"].clone())
    });
    assert_eq!(found.await, json!([without_type(session_push("p-1", &arn, "carol"))]));
}

#[tokio::test]
async fn each_of_a_hundred_and_fifty_players_in_one_event_has_its_row_and_those_online_are_pushed() {
    let stack = LocalStack::start(&[]).await;
    let players: Vec<String> = (0..150).map(|number| format!("player-{number}")).collect();
    let mut online = Vec::new();
    for player in players.iter().step_by(10) {
        online.push((player, Device::connect(&stack, player).await));
    }
    let arn = arn_of("p-1");
    // Some are named twice, one after another and far apart.
    let named: Vec<String> = players.iter().chain(&players[..20]).chain(&players[19..20]).cloned().collect();
    stack.tell(&fulfilled("p-1", &arn, &named)).await;
    for (player, device) in &mut online {
        assert_eq!(device.push().await, session_push("p-1", &arn, player));
    }
    let rows = eventually("every row is there", || async {
        let rows = stack.table("player-sessions").await;
        (rows.len() >= players.len()).then_some(rows)
    })
    .await;
    let told: BTreeMap<&str, &str> =
        rows.iter().map(|row| (row["playerId"]["S"].as_str().unwrap(), row["playerSessionId"]["S"].as_str().unwrap())).collect();
    let expected: Vec<(&str, String)> = players.iter().map(|player| (player.as_str(), format!("psess-{player}"))).collect();
    assert_eq!(rows.len(), players.len(), "a player has one row");
    assert!(expected.iter().all(|(player, session)| told.get(player) == Some(&session.as_str())), "{told:?}");

    // The end of the game finds them all again.
    stack.tell(&session_ended(&arn, &json!(["nobody won"]))).await;
    for (_, device) in &mut online {
        assert_eq!(device.push().await, ended_push("p-1", &json!(["nobody won"])), "and nothing was pushed twice before");
    }
    eventually("every row is closed", || async {
        let rows = stack.table("player-sessions").await;
        rows.iter().all(|row| row["outcome"]["S"] == "ended").then_some(())
    })
    .await;
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn whoever_waits_for_another_placement_goes_on_waiting_when_a_server_takes_it() {
    let fleet = Fleet::that(&json!({"outcome": "never"}));
    let stack = LocalStack::start(&[&fleet.argument()]).await;
    let mut alice = Device::connect(&stack, "alice").await;
    let own = alice.request("r1").await;
    let arn = arn_of("p-1");
    stack.tell(&fulfilled("p-1", &arn, &names(&["alice"]))).await;
    assert_eq!(alice.push().await, session_push("p-1", &arn, "alice"));
    let state = alice.state().await;
    assert_eq!(state["seats"], json!([{"kind": "placement", "id": own, "requestId": "r1"}]));
    stack.tell(&session_ended(&arn, &json!(null))).await;
    assert_eq!(alice.push().await["outcome"], "ended");
    assert_eq!(alice.state().await["seats"], state["seats"], "nor does the end of that game free it");
    alice.cancel(&own).await;
    let push = alice.push().await;
    assert_eq!((&push["placementId"], &push["outcome"]), (&json!(own), &json!("cancelled")), "{push}");
}

#[tokio::test]
async fn an_event_that_is_repeated_is_pushed_once_to_each_device_also_if_it_is_handled_several_times_at_once() {
    let stack = LocalStack::start(&[]).await;
    let (mut phone, mut desk) = (Device::connect(&stack, "alice").await, Device::connect(&stack, "alice").await);
    let arns = ["p-0", "p-1", "p-2"].map(arn_of);
    for (number, arn) in arns.iter().enumerate() {
        let event = fulfilled(&format!("p-{number}"), arn, &names(&["alice", "bob"]));
        join_all((0..8).map(|_| stack.tell(&event))).await;
        // One more comes late.
        let handled = 9 * number as u64 + 8;
        eventually("all are handled", || async { (stack.invocations("placement-events").await == handled).then_some(()) }).await;
        stack.tell(&event).await;
    }
    for device in [&mut phone, &mut desk] {
        for (number, arn) in arns.iter().enumerate() {
            assert_eq!(device.push().await, session_push(&format!("p-{number}"), arn, "alice"));
        }
    }
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_game_session_whose_name_does_not_tell_its_placement_ends_like_any_other() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Device::connect(&stack, "alice").await;
    let results = json!({"winner": "alice", "scores": [3, 1]});
    // The last part of one is no id, that of the other is another placement's.
    for (id, arn) in [("p-1", "agones://eu/room 7"), ("p-2", "arn:aws:gamelift:eu-central-1::gamesession/own-fleet/p-1")] {
        stack.tell(&fulfilled(id, arn, &names(&["alice", "bob"]))).await;
        assert_eq!(alice.push().await, session_push(id, arn, "alice"));
    }
    for (id, arn) in [("p-2", "arn:aws:gamelift:eu-central-1::gamesession/own-fleet/p-1"), ("p-1", "agones://eu/room 7")] {
        // The way from a session to its placement is there before anybody is told.
        stack.tell(&session_ended(arn, &results)).await;
        assert_eq!(alice.push().await, ended_push(id, &results));
    }
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_end_that_overtakes_its_beginning_is_tried_again_and_closes_the_session() {
    let stack = LocalStack::start(&["--async-retry", "1"]).await;
    let mut alice = Device::connect(&stack, "alice").await;
    for (id, arn) in [("p-1", arn_of("p-1")), ("p-2", "room 7".to_owned())] {
        let invocations = stack.invocations("placement-events").await;
        stack.tell(&session_ended(&arn, &json!(7))).await;
        eventually("it has been tried", || async {
            let tried = stack.invocations("placement-events").await > invocations;
            (tried && stack.output().contains(&format!("no placement is known for the game session {arn}"))).then_some(())
        })
        .await;
        stack.tell(&fulfilled(id, &arn, &names(&["alice"]))).await;
        assert_eq!(alice.push().await, session_push(id, &arn, "alice"));
        assert_eq!(alice.push().await, ended_push(id, &json!(7)));
    }
    assert_eq!(stack.dead_letters("placement-events").await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_end_of_a_session_that_nobody_knows_is_a_dead_letter_after_lambdas_retries() {
    let stack = LocalStack::start(&["--async-retry", "0.5"]).await;
    let event = session_ended(&arn_of("p-1"), &json!(null));
    let id = stack.tell(&event).await;
    let letter = stack.letters("placement-events", 1).await.remove(0);
    let context = &letter["requestContext"];
    assert_eq!((&context["condition"], &context["approximateInvokeCount"]), (&json!("RetriesExhausted"), &json!(3)), "{letter}");
    assert!(context["functionArn"].as_str().unwrap().ends_with(":function:muster-dev-placement-events:live"), "{letter}");
    let notification = &letter["requestPayload"]["Records"][0]["Sns"];
    assert_eq!((&notification["MessageId"], &notification["Message"]), (&json!(id), &json!(event.to_string())));
    assert_eq!(letter["responseContext"]["functionError"], "Unhandled");
    let message = letter["responsePayload"]["errorMessage"].as_str().unwrap();
    assert!(message.contains("no placement is known for the game session"), "{message}");
}

#[tokio::test]
async fn a_session_that_is_over_is_not_opened_again_by_a_late_repetition_of_its_beginning() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Device::connect(&stack, "alice").await;
    for (id, arn) in [("p-1", arn_of("p-1")), ("p-2", "room 7".to_owned())] {
        let beginning = fulfilled(id, &arn, &names(&["alice", "bob"]));
        stack.tell(&beginning).await;
        assert_eq!(alice.push().await, session_push(id, &arn, "alice"));
        stack.tell(&session_ended(&arn, &json!({"winner": "bob"}))).await;
        assert_eq!(alice.push().await, ended_push(id, &json!({"winner": "bob"})));
        let invocations = stack.invocations("placement-events").await;
        stack.tell(&beginning).await;
        // Nor do other results count.
        stack.tell(&session_ended(&arn, &json!({"winner": "alice"}))).await;
        eventually("both have been handled", || async { (stack.invocations("placement-events").await == invocations + 2).then_some(()) })
            .await;
    }
    let arn = arn_of("p-3");
    stack.tell(&fulfilled("p-3", &arn, &names(&["alice"]))).await;
    assert_eq!(alice.push().await, session_push("p-3", &arn, "alice"), "this comes next");
    let over = |id: &str| without_type(ended_push(id, &json!({"winner": "bob"})));
    let expected = json!({"sessions": [without_type(session_push("p-3", &arn, "alice"))], "placements": [over("p-2"), over("p-1")]});
    assert_eq!(alice.state().await, expected);
    let state = Device::connect(&stack, "bob").await.state().await;
    assert_eq!(state, json!({"sessions": [], "placements": [over("p-2"), over("p-1")]}), "also to those who were away");
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

/// A push as resume shows it.
fn without_type(mut push: Value) -> Value {
    push.as_object_mut().unwrap().remove("type");
    push
}
