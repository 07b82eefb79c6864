//! Private matches, which are joined by a code, and the next one after a match.

use futures_util::future::join;
use serde_json::{Value, json};

use super::{Gamer, are_free, matched, met, shows};
use crate::harness::LocalStack;

/// Opens a private match, which waits. Its code.
pub async fn opened(gamer: &mut Gamer) -> String {
    let view = gamer.get("newMatch", json!({"mode": "rpsls"})).await;
    shows(&view, json!({"state": "waiting", "seat": 0, "host": 0, "least": 2, "players": [{"playerId": gamer.name}]}));
    shows(&view, json!({"view": null, "dueAt": null, "awaits": null}));
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
    shows(&alice.get("joinMatch", json!({"matchId": code})).await, json!({"state": "waiting", "players": [{"playerId": "alice"}]}));

    let joined = bob.get("joinMatch", json!({"matchId": code.to_lowercase()})).await;
    let players = json!([{"playerId": "alice"}, {"playerId": "bob"}]);
    let begun = json!({"matchId": code, "state": "playing", "version": 1, "players": players, "host": null, "least": null});
    for (view, seat) in [(&joined, 1), (&alice.told().await, 0), (&bob.told().await, 1)] {
        shows(view, begun.clone());
        shows(view, json!({"seat": seat, "dueAt": joined["dueAt"], "view": {"round": 1}}));
    }
    shows(&bob.get("joinMatch", json!({"matchId": code})).await, json!({"version": 1, "view": joined["view"]}));
    assert_eq!(carol.refused("joinMatch", json!({"matchId": code})).await, "match_full");
    for unknown in ["234567", "0192f0c1-0000-7abc-8def-0123456789ab"] {
        for route in ["joinMatch", "leaveMatch", "startMatch"] {
            assert_eq!(carol.refused(route, json!({"matchId": unknown})).await, "not_found", "{route}");
        }
    }
    for route in ["leaveMatch", "startMatch"] {
        assert_eq!(carol.refused(route, json!({"matchId": code})).await, "not_found", "it is not hers: {route}");
    }
    bob.get("leaveMatch", json!({"matchId": code})).await;
    for gamer in [alice, bob] {
        shows(&gamer.told().await, json!({"state": "over", "version": 2}));
    }
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
}

#[tokio::test]
async fn a_match_is_started_by_its_host_once_there_are_enough() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = [Gamer::connect(&stack, "alice").await, Gamer::connect(&stack, "bob").await];
    let [alice, bob] = &mut gamers;
    let code = opened(alice).await;
    let start = json!({"matchId": code});
    assert_eq!(alice.refused("startMatch", start.clone()).await, "match_not_begun", "she is alone");
    assert_eq!(bob.refused("startMatch", start.clone()).await, "not_found");
    bob.get("joinMatch", start.clone()).await;
    for gamer in [alice, bob] {
        shows(&gamer.told().await, json!({"state": "playing", "version": 1}));
        shows(&gamer.get("startMatch", start.clone()).await, json!({"state": "playing", "version": 1}));
    }
}

#[tokio::test]
async fn what_a_match_is_opened_with_is_checked_and_counts() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Gamer::connect(&stack, "alice").await;
    for (body, complaint) in [
        (json!({"mode": "arena"}), "body.mode: "),
        (json!({"mode": "chess"}), "body.mode: "),
        (json!({}), "body.mode: "),
        (json!({"mode": "rps", "after": "K7QX2M"}), "body.mode: "),
        (json!({"mode": "rps", "options": {"wins": 0}}), "body.options.wins: 1 to 50"),
        (json!({"mode": "rps", "options": {"seconds": 601}}), "body.options.seconds: 1 to 600"),
        (json!({"mode": "rps", "options": {"wins": "many"}}), "body.options.wins: "),
        (json!({"mode": "rps", "options": [1]}), "body.options: "),
        (json!({"mode": "rps", "bots": 2}), "body.bots: at most 1, not 2"),
        (json!({"mode": "rps", "bots": -1}), "body.bots: "),
        (json!({"after": "not an id"}), "body.after: "),
    ] {
        let answer = alice.ask("newMatch", body.clone()).await;
        assert_eq!((&answer["type"], &answer["code"]), (&json!("rejection"), &json!("bad_request")), "{body}: {answer}");
        assert!(answer["message"].as_str().unwrap().starts_with(complaint), "{body}: {answer}");
    }
    assert_eq!(stack.table("matches").await, Vec::<Value>::new());
    let view = alice.get("newMatch", json!({"mode": "rps", "options": {"wins": 1, "seconds": 60, "colour": "red"}, "bots": 1})).await;
    shows(&view, json!({"state": "playing", "version": 1, "players": [{"playerId": "alice"}, {"playerId": "bot#1", "bot": true}]}));
    shows(&view, json!({"view": {"wins": 1, "round": 1}}));
    assert_eq!(view["dueAt"].as_u64().unwrap() / 10_000, (view["now"].as_u64().unwrap() + 60_000) / 10_000, "{view}");
}

#[tokio::test]
async fn all_who_were_in_a_match_come_into_the_same_one_after_it() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = met(&stack, ["alice", "bob"], json!({"mode": "rps", "options": {"wins": 1}})).await;
    let mut carol = Gamer::connect(&stack, "carol").await;
    for at_once in [false, true] {
        let [alice, bob] = &mut gamers;
        let after = json!({"after": alice.match_id()});
        let answer = alice.ask("newMatch", after.clone()).await;
        shows(&answer, json!({"type": "rejection", "code": "bad_request", "matchId": alice.match_id()}));
        assert!(answer["message"].as_str().unwrap().starts_with("body.after: "), "it goes on: {answer}");
        alice.play("paper").await;
        bob.play("rock").await;
        for gamer in [&mut *alice, &mut *bob] {
            shows(&gamer.told().await, json!({"state": "over", "outcome": {"ending": "won", "scores": [1, 0]}}));
        }
        assert_eq!(carol.refused("newMatch", after.clone()).await, "not_found", "she was not in it");
        let [hers, his] = if at_once {
            let (hers, his) = join(alice.get("newMatch", after.clone()), bob.get("newMatch", after.clone())).await;
            [hers, his]
        } else {
            let hers = alice.get("newMatch", after.clone()).await;
            shows(&hers, json!({"state": "waiting", "players": [{"playerId": "alice"}]}));
            [hers, bob.get("newMatch", after.clone()).await]
        };
        assert_eq!(hers["matchId"], his["matchId"]);
        for gamer in [alice, bob] {
            let push = gamer.told().await;
            shows(&push, json!({"matchId": hers["matchId"], "state": "playing", "mode": "rps", "version": 1, "view": {"wins": 1}}));
            // Asked for again, it is the same.
            shows(&gamer.get("newMatch", after.clone()).await, json!({"matchId": hers["matchId"], "version": 1}));
        }
        if gamers[0].get("resume", json!({})).await["state"]["matches"][0]["seat"] == 1 {
            gamers.reverse();
        }
        assert_eq!(carol.refused("joinMatch", json!({"matchId": hers["matchId"]})).await, "match_full");
    }
}
