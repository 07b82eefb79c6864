//! What one request led to, through all functions, found in the logs by any of its ids.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{LocalStack, Player, eventually};

/// The lines in which an id is, by function and message.
async fn lines(stack: &LocalStack, id: &str) -> Vec<(String, Value)> {
    let asked = json!({"logGroupName": "/muster/muster-dev", "filterPattern": format!("\"{id}\"")});
    let found = stack.as_operator("logs", "Logs_20140328.FilterLogEvents", &asked).await;
    let line = |event: &Value| {
        let stream = event["logStreamName"].as_str().unwrap();
        let function = stream.rsplit('/').next().unwrap().split('[').next().unwrap();
        Some((function.trim_start_matches("muster-dev-").to_owned(), serde_json::from_str(event["message"].as_str()?).ok()?))
    };
    found["events"].as_array().unwrap_or_else(|| panic!("{found}")).iter().filter_map(line).collect()
}

/// The text of a field, at the top of a line or in its span.
fn field<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().or(line["span"][name].as_str()).unwrap_or_default()
}

/// The line of a function that has this message, once it is there.
async fn line(stack: &LocalStack, id: &str, function: &str, message: &str) -> Value {
    eventually(&format!("{function} says {message} of {id}"), || async {
        lines(stack, id).await.into_iter().find(|(of, line)| of == function && line["message"] == message).map(|(_, line)| line)
    })
    .await
}

#[tokio::test]
async fn a_play_leads_to_both_pushes_and_to_the_sockets_that_they_went_to() {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    let opened = alice.ask(&json!({"route": "newMatch", "requestId": "1", "body": {"mode": "rps"}})).await;
    let code = opened["body"]["matchId"].as_str().unwrap().to_owned();
    bob.ask(&json!({"route": "joinMatch", "requestId": "2", "body": {"matchId": code}})).await;
    for (player, name) in [(&mut alice, "alice"), (&mut bob, "bob")] {
        let play = json!({"route": "play", "requestId": name, "body": {"matchId": code, "action": "paper"}});
        assert_eq!(player.ask(&play).await["type"], "reply");
    }
    let of_bob = eventually("bob's play is in the log", || async {
        let all = lines(&stack, &code).await;
        all.into_iter().find(|(_, line)| line["message"] == "played" && field(line, "playerId") == "bob").map(|(_, line)| line)
    })
    .await;
    let request = field(&of_bob, "by").to_owned();
    assert!(!request.is_empty() && request != field(&of_bob, "cause"), "the play has an id of its own, and the match another: {of_bob}");
    let told = line(&stack, &request, "matches-announce", "delivered").await;
    assert_eq!((&told["by"], &told["matchId"], &told["connections"]), (&json!(request), &json!(code), &json!(2)), "{told}");
    let sockets: BTreeSet<&str> = told["sockets"].as_str().unwrap().split(' ').collect();
    let mut held = BTreeSet::new();
    for name in ["alice", "bob"] {
        held.extend(stack.connections(name).await.into_iter().map(|item| item.trim_start_matches("connection#").to_owned()));
    }
    assert_eq!(sockets, held.iter().map(String::as_str).collect(), "the line names both sockets");
    assert!(told["batch"].as_u64().unwrap() >= 1);
}

#[tokio::test]
async fn a_request_to_join_a_pool_leads_to_its_match_whoever_came_first() {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    let mut requests = Vec::new();
    for player in [&mut alice, &mut bob] {
        let reply = player.ask(&json!({"route": "joinPool", "body": {"mode": "rps"}})).await;
        let ticket = reply["body"]["ticketId"].as_str().unwrap().to_owned();
        let joined = line(&stack, &ticket, "join-pool", "joined").await;
        requests.push((field(&joined, "cause").to_owned(), ticket));
    }
    let match_id = alice.news().await["matchId"].as_str().unwrap().to_owned();
    for (request, ticket) in requests {
        let joined = line(&stack, &request, "join-pool", "joined").await;
        assert_eq!(field(&joined, "ticketId"), ticket);
        let matched = line(&stack, &ticket, "tickets-match", "matched").await;
        assert_eq!(matched["groupId"], json!(match_id), "{matched}");
        line(&stack, &match_id, "matches-announce", "delivered").await;
    }
}

#[tokio::test]
async fn a_row_that_fails_is_named_with_its_keys_and_both_requests() {
    let stack = LocalStack::start(&[]).await;
    let row = json!({"recipientId": {"S": "bob"}, "messageId": {"S": "odd"}, "senderId": {"N": "7"}, "cause": {"S": "the-cause"}, "by": {"S": "the-writer"}});
    stack.put("muster-dev-messages", &row).await;
    let failed = line(&stack, "the-cause", "messages-deliver", "a row became a dead letter").await;
    let keys: Value = serde_json::from_str(failed["keys"].as_str().unwrap()).unwrap();
    assert_eq!(keys, json!({"recipientId": {"S": "bob"}, "messageId": {"S": "odd"}}));
    assert_eq!(failed["by"], "the-writer", "{failed}");
}

#[tokio::test]
async fn a_ticket_that_cannot_be_understood_is_named_once_and_not_at_every_look() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let reply = alice.ask(&json!({"route": "joinPool", "body": {"mode": "rps"}})).await;
    let ticket = reply["body"]["ticketId"].as_str().unwrap().to_owned();
    let mut odd = stack.table("tickets").await.into_iter().find(|row| row["ticketId"]["S"] == ticket.as_str()).unwrap();
    // It is of the same time, so that looks find it, and has no players.
    let id = format!("{}ffff", &ticket[..ticket.len() - 4]);
    odd["ticketId"] = json!({"S": id});
    odd.as_object_mut().unwrap().remove("players");
    stack.put("muster-dev-tickets", &odd).await;
    line(&stack, &id, "tickets-match", "a row became a dead letter").await;
    for name in ["bob", "carol", "dora"] {
        let mut player = Player::connect(&stack, name).await;
        player.ask(&json!({"route": "joinPool", "body": {"mode": "rps"}})).await;
    }
    stack.settles().await;
    let complaints = lines(&stack, &id).await.into_iter().filter(|(_, line)| line["message"] == "a ticket cannot be understood").count();
    assert!((1..=stack.processes("tickets-match").await.len()).contains(&complaints), "{complaints}: once for each environment");
}
