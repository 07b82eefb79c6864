//! Private matches, which are joined by a code, and the way out of a match.

use serde_json::{Value, json};

use super::{Gamer, are_free, key_of, matched, row_of, shows};
use crate::harness::LocalStack;

/// Opens a private match and is told that it waits. Its code.
async fn opened(gamer: &mut Gamer) -> String {
    let view = gamer.get("newMatch", json!({"mode": "rpsls"})).await;
    shows(&view, json!({"state": "waiting", "round": 0, "version": 1, "opponentId": null, "dueAt": null}));
    assert_eq!(gamer.told().await["matchId"], view["matchId"]);
    view["matchId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_has_the_code_joins_and_nobody_is_third() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = [Gamer::connect(&stack, "alice").await, Gamer::connect(&stack, "bob").await];
    let mut carol = Gamer::connect(&stack, "carol").await;
    let [alice, bob] = &mut gamers;
    let code = opened(alice).await;
    assert!(code.len() == 6 && code.bytes().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit()), "{code}");
    assert_eq!(alice.get("newMatch", json!({"mode": "rpsls"})).await["matchId"], code, "a repetition is the same match");
    let another = alice.player.ask(&json!({"route": "newMatch", "requestId": "2", "body": {"mode": "rpsls"}})).await;
    assert_eq!(another["code"], "seated", "{another}");
    let back = alice.get("joinMatch", json!({"matchId": code})).await;
    shows(&back, json!({"state": "waiting", "opponentId": null}));

    let joined = bob.get("joinMatch", json!({"matchId": code.to_lowercase()})).await;
    shows(&joined, json!({"matchId": code, "state": "playing", "round": 1, "version": 2, "opponentId": "alice"}));
    let begun = alice.told().await;
    shows(&begun, json!({"matchId": code, "state": "playing", "round": 1, "version": 2, "opponentId": "bob"}));
    assert_eq!(bob.told().await["dueAt"], begun["dueAt"]);
    assert_eq!(bob.get("joinMatch", json!({"matchId": code})).await, joined, "coming back is the view");
    assert_eq!(carol.refused("joinMatch", json!({"matchId": code})).await, "match_full");
    for unknown in ["234567", "0192f0c1-0000-7abc-8def-0123456789ab"] {
        assert_eq!(carol.refused("joinMatch", json!({"matchId": unknown})).await, "not_found");
        assert_eq!(carol.refused("leaveMatch", json!({"matchId": unknown})).await, "not_found");
    }
    assert_eq!(carol.refused("leaveMatch", json!({"matchId": code})).await, "not_found");

    let left = bob.get("leaveMatch", json!({"matchId": code})).await;
    shows(&left, json!({"state": "over", "ending": "forfeited", "winner": "them", "version": 3}));
    shows(&alice.told().await, json!({"state": "over", "ending": "forfeited", "winner": "you", "version": 3}));
    bob.told().await;
    assert_eq!(bob.get("leaveMatch", json!({"matchId": code})).await, left, "it is left once");
    are_free(&mut gamers).await;
}

#[tokio::test]
async fn whoever_gives_up_a_match_of_a_pool_loses_it_and_one_that_waits_is_abandoned() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = matched(&stack, ["alice", "bob"]).await;
    let [alice, bob] = &mut gamers;
    bob.play(1, "paper").await;
    let id = alice.match_id().to_owned();
    alice.get("leaveMatch", json!({"matchId": id})).await;
    let told = bob.told().await;
    shows(&told, json!({"state": "over", "ending": "forfeited", "winner": "you", "yourScore": 0, "yourPlay": null}));
    shows(&alice.told().await, json!({"ending": "forfeited", "winner": "them", "theirPlay": null}));
    let code = opened(alice).await;
    let left = alice.get("leaveMatch", json!({"matchId": code})).await;
    shows(&left, json!({"state": "over", "ending": "abandoned", "winner": null}));
    alice.told().await;
    assert_eq!(bob.refused("joinMatch", json!({"matchId": code})).await, "match_over");
    are_free(&mut gamers).await;
}

#[tokio::test]
async fn who_is_seated_joins_nothing_else_whatever_the_request_is_called() {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (Gamer::connect(&stack, "alice").await, Gamer::connect(&stack, "bob").await);
    let (hers, his) = (opened(&mut alice).await, opened(&mut bob).await);
    assert_ne!(hers, his);
    for id in [json!("1"), json!("2"), Value::Null] {
        let answer = alice.player.ask(&json!({"route": "joinMatch", "requestId": id, "body": {"matchId": his}})).await;
        assert_eq!(answer["code"], "seated", "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(&hers), "{answer}");
        let answer = alice.player.ask(&json!({"route": "joinPool", "requestId": id, "body": {"mode": "rpsls"}})).await;
        assert_eq!(answer["code"], "seated", "{answer}");
    }
    // A seat that came of a pool is not the answer to another request of the same id.
    let mut gamers = matched(&stack, ["carol", "dave"]).await;
    assert_eq!(gamers[0].refused("newMatch", json!({"mode": "rpsls"})).await, "seated");
    assert_eq!(gamers[1].refused("joinMatch", json!({"matchId": his})).await, "seated");
    assert_eq!(alice.refused("newMatch", json!({"mode": "arena"})).await, "bad_request");
}

#[tokio::test]
async fn a_seat_in_a_match_whose_end_was_lost_is_given_up_by_leaving_it() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = matched(&stack, ["alice", "bob"]).await;
    let id = gamers[0].match_id().to_owned();
    let seats = [stack.seat("alice").await, stack.seat("bob").await];
    gamers[0].get("leaveMatch", json!({"matchId": id})).await;
    for gamer in &mut gamers {
        gamer.told().await;
    }
    for (gamer, seat) in gamers.iter_mut().zip(&seats) {
        stack.put("muster-dev-players", seat).await;
        assert_eq!(gamer.refused("joinPool", json!({"mode": "rpsls"})).await, "seated");
        assert_eq!(gamer.get("leaveMatch", json!({"matchId": id})).await["state"], "over");
    }
    are_free(&mut gamers).await;
}

#[tokio::test]
async fn a_seat_in_a_match_that_is_forgotten_is_given_up_by_leaving_it() {
    let stack = LocalStack::start(&[]).await;
    for (names, is_expired) in [(["alice", "bob"], false), (["carol", "dave"], true)] {
        let mut gamers = matched(&stack, names).await;
        let id = gamers[0].match_id().to_owned();
        if is_expired {
            // DynamoDB deletes such a row some day.
            let mut row = row_of(&stack, &id).await;
            row["expiresAt"] = json!({"N": "1000"});
            stack.put("muster-dev-matches", &row).await;
        } else {
            let delete = json!({"TableName": "muster-dev-matches", "Key": key_of(&id)});
            stack.aws("DynamoDB_20120810.DeleteItem", &delete).await;
        }
        for gamer in &mut gamers {
            assert_eq!(gamer.refused("joinPool", json!({"mode": "rpsls"})).await, "seated");
            assert_eq!(gamer.refused("leaveMatch", json!({"matchId": id})).await, "not_found");
        }
        are_free(&mut gamers).await;
    }
}
