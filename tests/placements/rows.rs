//! What is written down of placements: rows that expire, a cause that joins all hops, and groups that one row places.

use serde_json::{Value, json};

use super::{QUIET, arn_of, end_of, is_free, placement_of, request, requested, row_of, session_of, stack, state_of};
use crate::harness::{LocalStack, Player};

/// The row's cause, checked that it is there and that the row expires after so many seconds of about now, to the whole second.
fn cause_of(row: &Value, seconds: u64) -> String {
    let expires_at: u64 = row["expiresAt"]["N"].as_str().unwrap().parse().unwrap_or_else(|_| panic!("whole seconds: {row}"));
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert!(expires_at.abs_diff(now + seconds) < 60, "{row}");
    let cause = row["cause"]["S"].as_str().unwrap();
    assert!(!cause.is_empty(), "{row}");
    cause.to_owned()
}

/// The functions that have logged a line with this cause, each with its words, in the order of the log.
fn hops(stack: &LocalStack, cause: &str) -> Vec<(String, String)> {
    let output = stack.output();
    let lines = output.lines().filter(|line| line.contains(cause));
    let hops = lines.map(|line| {
        let (function, line) = line.split_once(' ').unwrap();
        let line: Value = serde_json::from_str(line.trim_start()).unwrap();
        (function.to_owned(), line["message"].as_str().unwrap().to_owned())
    });
    hops.collect()
}

#[tokio::test]
async fn every_row_expires_and_names_the_request_that_led_to_it_and_the_one_that_made_it_and_so_does_every_hop() {
    const DAY: u64 = 24 * 3_600;
    let stack = stack(&json!({"outcome": "never"})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let id = placement_of(&alice.ask(&request(Some("r1"))).await);
    // It outlives what it is in, which is remembered for a day behind its end.
    let seat = stack.seat("alice").await;
    let cause = cause_of(&seat, DAY + 3_600);
    assert_eq!((&seat["holds"]["S"], &seat["kind"]["S"], &seat["requestId"]["S"]), (&json!(id), &json!("placement"), &json!("r1")));
    let before = stack.placement(&id).await;
    assert_eq!((cause_of(&before, DAY), &before["by"]["S"]), (cause.clone(), &json!(cause)));

    stack.is_at_gamelift(&id, "PENDING").await;
    stack.settles().await;
    stack.gamelift_tells(&super::fulfilled(&id, &["alice"])).await;
    session_of(&mut alice, &id).await;
    stack.settles().await;
    let row = stack.placement(&id).await;
    assert_eq!(cause_of(&row, DAY), cause);
    assert_eq!((&row["status"]["S"], &row["outcome"]["S"], &row["told"]["BOOL"]), (&json!("ended"), &json!("fulfilled"), &json!(true)));
    let [told] = stack.player_sessions("alice").await.try_into().unwrap();
    assert_eq!(cause_of(&told, DAY), cause);
    assert_eq!(stack.seat("alice").await, Value::Null);
    let expected = [
        ("session-placement-request", "requested"),
        ("placements-forward", "started"),
        ("placement-events", "ended"),
        ("player-sessions-announce", "delivered"),
    ];
    assert_eq!(hops(&stack, &cause), expected.map(|(function, words)| (function.to_owned(), words.to_owned())));
    // The event, which made this revision of the row, is beside the request that led to it, here and in the log.
    let by = row["by"]["S"].as_str().unwrap();
    assert_ne!(by, cause);
    let output = stack.output();
    let ended = output.lines().find(|line| line.contains(&cause) && line.contains(r#""message":"ended""#)).unwrap();
    assert!(ended.contains(&format!(r#""by":"{by}""#)), "{ended}");

    let arn = arn_of(&id);
    stack.gamelift_tells(&json!({"type": "SessionEnded", "gameSessionArn": arn})).await;
    assert_eq!(end_of(&mut alice, &id).await.0, "ended");
    let [over] = stack.player_sessions("alice").await.try_into().unwrap();
    assert_eq!(cause_of(&over, 3_600), cause);
}

/// A seat of alice's as other hands may have left it.
fn seat(kind: &str, holds: &str, expires_at: u64) -> Value {
    json!({
        "playerId": {"S": "alice"}, "item": {"S": "seat#main"}, "kind": {"S": kind}, "holds": {"S": holds},
        "expiresAt": {"N": expires_at.to_string()}, "cause": {"S": "by hand"}
    })
}

#[tokio::test]
async fn a_seat_counts_until_it_expires_whatever_it_is_in() {
    let stack = stack(&json!({"outcome": "never"})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    // A later version may have other things to sit in.
    stack.put("muster-dev-players", &seat("tournament", "t1", now + 3_600)).await;
    let refused = alice.ask(&request(Some("r1"))).await;
    assert_eq!(refused["code"], "seated", "{refused}");
    assert!(refused["message"].as_str().unwrap().contains("t1"), "{refused}");
    // Nobody has given it up, and DynamoDB may keep it for days.
    stack.put("muster-dev-players", &seat("placement", "forgotten", now - 1)).await;
    assert_eq!(state_of(&mut alice).await["seats"], Value::Null);
    let id = requested(&mut alice).await;
    assert_eq!(stack.seat("alice").await["holds"]["S"], id.as_str());
}

#[tokio::test]
async fn the_end_of_a_placement_gives_up_no_seat_in_another() {
    let stack = stack(&json!({"outcome": "never"})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    // Alice is in it, and holds no seat in it.
    stack.put("muster-dev-placements", &row_of("old", &["alice"])).await;
    stack.is_at_gamelift("old", "PENDING").await;
    let id = requested(&mut alice).await;
    super::cancel(&mut alice, "old").await;
    assert_eq!(end_of(&mut alice, "old").await.0, "cancelled");
    assert_eq!(alice.ask(&request(None)).await["code"], "seated");
    assert_eq!(state_of(&mut alice).await["seats"][0]["id"], id.as_str());
}

/// Writes a placement of these players and takes their seats, all at once, as what groups players will.
async fn write_group(stack: &LocalStack, placement_id: &str, players: &[&str]) -> Value {
    let put =
        |table: &str, item: Value, condition: &str| json!({"Put": {"TableName": table, "Item": item, "ConditionExpression": condition}});
    let seats = players.iter().map(|player| {
        let seat = json!({
            "playerId": {"S": player}, "item": {"S": "seat#main"}, "kind": {"S": "placement"}, "holds": {"S": placement_id},
            "expiresAt": {"N": "9999999999"}, "cause": {"S": "by hand"}
        });
        put("muster-dev-players", seat, "attribute_not_exists(playerId)")
    });
    let placement = put("muster-dev-placements", row_of(placement_id, players), "attribute_not_exists(placementId)");
    let items: Vec<Value> = std::iter::once(placement).chain(seats).collect();
    stack.aws("DynamoDB_20120810.TransactWriteItems", &json!({"TransactItems": items})).await
}

const GROUP: [&str; 3] = ["alice", "bob", "carol"];

async fn group(stack: &LocalStack) -> Vec<Player> {
    let mut players = Vec::new();
    for name in GROUP {
        players.push(Player::connect(stack, name).await);
    }
    players
}

#[tokio::test]
async fn each_player_of_a_group_is_pushed_its_own_place_in_the_same_game_session() {
    let stack = stack(&json!({"delayMilliseconds": 0})).await;
    let mut players = group(&stack).await;
    assert_eq!(write_group(&stack, "group-1", &GROUP).await, json!({}));
    let mut places = Vec::new();
    for (player, name) in players.iter_mut().zip(GROUP) {
        let push = session_of(player, "group-1").await;
        assert_eq!(push["gameSessionArn"], arn_of("group-1"));
        places.push(json!({"PlayerId": name, "PlayerSessionId": push["playerSessionId"]}));
    }
    let described = stack.described("group-1").await;
    assert_eq!(described["PlacedPlayerSessions"], json!(places));
    assert_eq!(described["MaximumPlayerSessionCount"], 3, "as many as there are players, where the mode has fewer seats");
    for player in &mut players {
        is_free(&stack, player, "group-1").await;
    }
}

#[tokio::test]
async fn a_player_of_a_group_is_seated_and_any_of_them_cancels_for_all() {
    let stack = stack(&json!({"outcome": "never"})).await;
    let mut players = group(&stack).await;
    assert_eq!(write_group(&stack, "group-1", &GROUP).await, json!({}));
    stack.is_at_gamelift("group-1", "PENDING").await;
    for player in &mut players {
        assert_eq!(player.ask(&request(Some("r1"))).await["code"], "seated");
        assert_eq!(state_of(player).await["seats"], json!([{"kind": "placement", "id": "group-1"}]));
    }
    super::cancel(&mut players[1], "group-1").await;
    for player in &mut players {
        assert_eq!(end_of(player, "group-1").await.0, "cancelled");
        is_free(&stack, player, "group-1").await;
    }
}

#[tokio::test]
async fn a_player_without_a_place_hears_that_it_has_none_and_nobody_hears_of_anothers() {
    let stack = stack(&json!({"outcome": "never"})).await;
    let mut players = group(&stack).await;
    write_group(&stack, "group-1", &GROUP).await;
    stack.gamelift_tells(&super::fulfilled("group-1", &["alice", "carol"])).await;
    let mut others = players.split_off(1);
    let mut carol = others.pop().unwrap();
    let (mut alice, mut bob) = (players.pop().unwrap(), others.pop().unwrap());
    assert_eq!(session_of(&mut alice, "group-1").await["playerSessionId"], "psess-alice");
    assert_eq!(session_of(&mut carol, "group-1").await["playerSessionId"], "psess-carol");
    let bobs = ("failed".to_owned(), "the game session has no place for this player".to_owned());
    assert_eq!(end_of(&mut bob, "group-1").await, bobs);
    stack.settles().await;
    for player in [&mut alice, &mut bob, &mut carol] {
        assert!(player.hears_nothing(QUIET).await);
        requested(player).await;
    }
}
