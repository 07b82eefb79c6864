//! What operators ask about players, matches and tables, and do for them.

use serde_json::{Value, json};

use crate::harness::{LocalStack, Player, eventually};

/// Two players in a match, which is theirs alone, and one who waits in a pool.
async fn played() -> (LocalStack, Player, Player, String) {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    let opened = alice.ask(&json!({"route": "newMatch", "requestId": "1", "body": {"mode": "rps"}})).await;
    let code = opened["body"]["matchId"].as_str().unwrap().to_owned();
    bob.ask(&json!({"route": "joinMatch", "requestId": "2", "body": {"matchId": code}})).await;
    (stack, alice, bob, code)
}

#[tokio::test]
async fn a_player_is_shown_with_all_that_it_is_in() {
    let (stack, mut alice, _bob, code) = played().await;
    alice.send(&["bob"], "hi").await;
    let bob = stack.operate(json!({"ask": "player", "playerId": "bob"})).await;
    assert_eq!(bob["connections"].as_array().unwrap().len(), 1, "{bob}");
    assert_eq!((&bob["seats"][0]["lane"], &bob["seats"][0]["holds"]), (&json!("main"), &json!(code)), "{bob}");
    assert_eq!((&bob["matches"][0]["matchId"], &bob["inbox"]), (&json!(code), &json!(1)), "{bob}");
    let mut carol = Player::connect(&stack, "carol").await;
    let ticket = carol.ask(&json!({"route": "joinPool", "body": {"mode": "rps"}})).await["body"]["ticketId"].clone();
    let shown = stack.operate(json!({"ask": "player", "playerId": "carol"})).await;
    assert_eq!((&shown["tickets"][0]["ticketId"], &shown["matches"]), (&ticket, &json!([])), "{shown}");
    let mut dora = Player::connect(&stack, "dora").await;
    let placement = dora.ask(&json!({"route": "sessionPlacementRequest"})).await["body"]["placementId"].clone();
    let shown = stack.operate(json!({"ask": "player", "playerId": "dora"})).await;
    assert_eq!(shown["placements"][0]["placementId"], placement, "{shown}");
    let nobody = stack.operate(json!({"ask": "player", "playerId": "nobody"})).await;
    assert_eq!((&nobody["connections"], &nobody["inbox"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn a_match_is_shown_as_it_is_and_as_each_seat_sees_it() {
    let (stack, mut alice, _bob, code) = played().await;
    alice.ask(&json!({"route": "play", "requestId": "3", "body": {"matchId": code, "action": "paper"}})).await;
    let shown = stack.operate(json!({"ask": "match", "matchId": code})).await;
    assert_eq!((&shown["row"]["matchId"], shown["seats"].as_array().unwrap().len()), (&json!(code), 2), "{shown}");
    let views: Vec<&Value> = shown["seats"].as_array().unwrap().iter().map(|seat| &seat["push"]["view"]["played"]).collect();
    assert_eq!(views, [&json!("paper"), &json!(null)], "each sees its own play alone");
    let unknown = stack.operate(json!({"ask": "match", "matchId": "NOSUCH"})).await;
    assert_eq!(unknown["problem"], "matchId: there is no match NOSUCH");
}

#[tokio::test]
async fn a_kick_closes_sockets_and_a_seat_is_given_up_as_if_the_player_had_left() {
    let (stack, alice, mut bob, code) = played().await;
    assert_eq!(stack.operate(json!({"ask": "kick", "playerId": "alice", "who": "a test"})).await, json!({"closed": 1}));
    let mut socket = alice.socket;
    socket.closed().await;
    eventually("its row is gone", || async { stack.connections("alice").await.is_empty().then_some(()) }).await;
    let freed = stack.operate(json!({"ask": "freeSeat", "playerId": "alice", "who": "a test"})).await;
    assert_eq!(freed["freed"], json!([{"lane": "main", "kind": "match", "holds": code}]), "{freed}");
    loop {
        let told = bob.news().await;
        if told["state"] == "over" {
            assert_eq!(told["outcome"]["ending"], "forfeited", "{told}");
            break;
        }
    }
    assert_eq!(
        stack.operate(json!({"ask": "freeSeat", "playerId": "alice", "who": "a test"})).await["freed"],
        json!([]),
        "there is none left"
    );
    let (mut carol, mut dora) = (Player::connect(&stack, "carol").await, Player::connect(&stack, "dora").await);
    carol.ask(&json!({"route": "joinPool", "body": {"mode": "rps"}})).await;
    dora.ask(&json!({"route": "sessionPlacementRequest"})).await;
    for (player, kind) in [("carol", "ticket"), ("dora", "placement")] {
        let other = stack.operate(json!({"ask": "freeSeat", "playerId": player, "lane": "party", "who": "a test"})).await;
        assert_eq!(other["freed"], json!([]), "another lane's is not meant");
        let freed = stack.operate(json!({"ask": "freeSeat", "playerId": player, "who": "a test"})).await;
        assert_eq!(freed["freed"][0]["kind"], kind, "{freed}");
        assert_eq!(stack.operate(json!({"ask": "player", "playerId": player})).await["seats"], json!([]));
    }
}

#[tokio::test]
async fn a_player_may_have_its_rows_and_may_have_them_erased() {
    let (stack, mut alice, mut bob, code) = played().await;
    for text in ["one", "two"] {
        alice.send(&["bob"], text).await;
    }
    // Somebody who was placed has a row of that, too.
    stack
        .put(
            "muster-dev-player-sessions",
            &json!({"playerId": {"S": "bob"}, "placementId": {"S": "p1"}, "outcome": {"S": "failed"},
            "endedAt": {"N": "1"}, "expiresAt": {"N": "9999999999"}, "cause": {"S": "c"}}),
        )
        .await;
    let export = stack.operate(json!({"ask": "export", "playerId": "bob"})).await;
    let texts: Vec<&Value> = export["tables"]["messages"].as_array().unwrap().iter().map(|row| &row["message"]).collect();
    assert_eq!(texts, ["one", "two"], "{export}");
    assert_eq!(export["tables"]["matches"][0]["matchId"], json!(code));
    assert_eq!(export["tables"]["player-sessions"][0]["placementId"], "p1");
    let erased = stack.operate(json!({"ask": "erase", "playerId": "bob", "who": "a test"})).await;
    assert_eq!((&erased["erased"]["messages"], &erased["erased"]["player-sessions"]), (&json!(2), &json!(1)), "{erased}");
    bob.socket.closed().await;
    let left = stack.operate(json!({"ask": "player", "playerId": "bob"})).await;
    assert_eq!(
        left,
        json!({"playerId": "bob", "connections": [], "seats": [], "matches": [], "tickets": [], "placements": [], "sessions": [], "inbox": 0})
    );
}

#[tokio::test]
async fn tables_are_read_page_by_page_and_queues_counted() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let texts: Vec<String> = (0..60).map(|number| number.to_string()).collect();
    for text in &texts {
        alice.send(&["bob"], text).await;
    }
    for key in [json!("bob"), json!(null)] {
        let (mut read, mut next) = (Vec::new(), json!(null));
        loop {
            let page = stack.operate(json!({"ask": "rows", "table": "messages", "key": key, "next": next})).await;
            read.extend(page["rows"].as_array().unwrap().iter().map(|row| row["message"].as_str().unwrap().to_owned()));
            next = page["next"].clone();
            if next.is_null() {
                break;
            }
        }
        read.sort_by_key(|text| text.parse::<u32>().unwrap());
        assert_eq!(read, texts, "{key}");
    }
    for table in ["players", "placements", "player-sessions", "tickets", "matches", "operations"] {
        for key in [json!("nobody"), json!(null)] {
            let page = stack.operate(json!({"ask": "rows", "table": table, "key": key})).await;
            assert!(page["rows"].is_array(), "{table}: {page}");
        }
    }
    stack.put_letter("topics", &json!("rubbish")).await;
    let queues = stack.operate(json!({"ask": "queues"})).await;
    let visible: Vec<(&str, u64)> = queues["queues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|queue| (queue["name"].as_str().unwrap(), queue["visible"].as_u64().unwrap()))
        .collect();
    assert_eq!(visible, [("timers-to-come", 0), ("streams", 0), ("timers", 0), ("topics", 1)]);
    for (ask, problem) in [
        (json!({"ask": "rows", "table": "secrets"}), "secrets"),
        (json!({"ask": "burn"}), "burn"),
        (json!({"ask": "player"}), "playerId"),
        (json!({"ask": "player", "playerId": ""}), "playerId"),
    ] {
        let answer = stack.operate(ask).await;
        assert!(answer["problem"].as_str().is_some_and(|text| text.contains(problem)), "{answer}");
    }
}

#[tokio::test]
async fn a_timer_that_is_lost_is_set_again_and_does_what_is_due() {
    let (stack, mut alice, _bob, code) = played().await;
    let mut carol = Player::connect(&stack, "carol").await;
    let placement = carol.ask(&json!({"route": "sessionPlacementRequest"})).await["body"]["placementId"].clone();
    assert_eq!(alice.news().await["state"], "playing");
    let before = stack.invocations("look-again").await;
    for (ask, row) in
        [(json!({"ask": "lookAgain", "matchId": code}), "match"), (json!({"ask": "lookAgain", "placementId": placement}), "placement")]
    {
        let answer = stack.operate(ask).await;
        assert_eq!(answer["timer"]["row"], row, "{answer}");
    }
    eventually("both have fired", || async { (stack.invocations("look-again").await > before).then_some(()) }).await;
    for ask in [
        json!({"ask": "lookAgain"}),
        json!({"ask": "lookAgain", "matchId": "A", "placementId": "b"}),
        json!({"ask": "lookAgain", "matchId": "NOSUCH"}),
    ] {
        assert!(stack.operate(ask).await["problem"].is_string());
    }
    assert_eq!(stack.dead_letters("look-again").await, Vec::<Value>::new());
}
