//! What functions may do and seldom have to. Each of these would fail on AWS alone, for want of a permission, if nobody tried it.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{Gamer, late::hand_over, met, overdue, row_of, shows};
use crate::harness::{LocalStack, Player, eventually, fulfilled};

/// Makes the player's one connection one whose token has expired, before DynamoDB takes its row away.
async fn expire(stack: &LocalStack, player: &str, item: &str) {
    let row =
        json!({"playerId": {"S": player}, "item": {"S": item}, "cause": {"S": "test"}, "connectedAt": {"N": "1"}, "expiresAt": {"N": "2"}});
    stack.put("muster-dev-players", &row).await;
}

#[tokio::test]
async fn whatever_a_player_sits_in_it_is_told_so_by_whatever_it_asks_for() {
    let stack = LocalStack::start(&[]).await;
    let mut host = Gamer::connect(&stack, "host").await;
    let code = host.get("newMatch", json!({"mode": "rpsls"})).await["matchId"].clone();
    let requests = [
        ("newMatch", json!({"mode": "rpsls"})),
        ("joinMatch", json!({"matchId": code})),
        ("joinPool", json!({"mode": "tic-tac-toe"})),
        ("sessionPlacementRequest", json!({"mode": "duel"})),
    ];
    for (kind, route, body) in [
        ("match", "newMatch", json!({"mode": "rps"})),
        ("ticket", "joinPool", json!({"mode": "rpsls"})),
        ("placement", "sessionPlacementRequest", json!({"mode": "duel"})),
    ] {
        let mut gamer = Gamer::connect(&stack, kind).await;
        stack.fleet(&json!({"outcome": "never"}));
        let frame = json!({"route": route, "requestId": "seat", "body": body});
        assert_eq!(gamer.player.ask(&frame).await["type"], "reply", "{kind}");
        for (route, body) in &requests {
            assert_eq!(gamer.refused(route, body.clone()).await, "seated", "{route} from a {kind}");
        }
    }
}

#[tokio::test]
async fn a_start_that_comes_behind_the_deadline_does_what_the_clock_should_have_done() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = met(&stack, ["alice", "bob"], json!({"mode": "rps", "options": {"seconds": 120}})).await;
    overdue(&stack, gamers[0].match_id()).await;
    let here = gamers[0].here();
    gamers[0].ask("startMatch", here).await;
    for gamer in &mut gamers {
        shows(&gamer.told().await, json!({"version": 2, "view": {"roundSummary": "nobody played"}}));
    }
}

#[tokio::test]
async fn a_timer_that_is_none_is_a_dead_letter_with_its_reason() {
    let stack = LocalStack::start(&[]).await;
    let queue = stack.aws("AmazonSQS.GetQueueUrl", &json!({"QueueName": "muster-dev-timers"})).await["QueueUrl"].take();
    stack.aws("AmazonSQS.SendMessage", &json!({"QueueUrl": queue, "MessageBody": "soon"})).await;
    let letter = stack.letters("look-again", 1).await.remove(0);
    assert_eq!((&letter["function"], &letter["record"]["body"]), (&json!("muster-dev-look-again"), &json!("soon")));
}

#[tokio::test]
async fn every_consumer_that_pushes_closes_a_socket_whose_token_has_expired() {
    let stack = LocalStack::start(&[]).await;
    let gamers = met(&stack, ["alice", "bob"], json!({"mode": "rps", "options": {"seconds": 120}})).await;
    let row = row_of(&stack, gamers[0].match_id()).await;
    let mut carol = Player::connect(&stack, "carol").await;
    stack.gamelift_tells(&fulfilled("theirs", "agones://room", &["carol".to_owned()])["detail"]).await;
    carol.news().await;
    let session = stack.player_sessions("carol").await.remove(0);
    for (consumer, player, row) in [("matches-announce", "bob", row), ("player-sessions-announce", "carol", session)] {
        let [connection] = stack.connections(player).await.try_into().unwrap();
        eventually(&format!("{consumer} closes it"), || async {
            expire(&stack, player, &connection).await;
            hand_over(&stack, consumer, &row).await;
            (!stack.is_open(&connection).await).then_some(())
        })
        .await;
    }
    eventually("the matchmaker closes it", || async {
        let name = format!("dave-{}", SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros());
        let mut dave = Gamer::connect(&stack, &name).await;
        let ticket = dave.join_pool("rpsls").await;
        stack.settles().await;
        let mut row = stack.table("tickets").await.into_iter().find(|row| row["ticketId"]["S"] == json!(ticket))?;
        let queued_at: u64 = row["queuedAt"]["N"].as_str()?.parse().ok()?;
        row["queuedAt"]["N"] = json!((queued_at - 120_000).to_string());
        let connection = stack.connections(&name).await.pop()?;
        expire(&stack, &name, &connection).await;
        stack.put("muster-dev-tickets", &row).await;
        stack.settles().await;
        (!stack.is_open(&connection).await).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_service_with_the_policy_for_it_announces_and_does_nothing_else() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let key = "policy:ServicePolicy".bytes().fold("ASIAF".to_owned(), |key, byte| key + &format!("{byte:02X}"));
    let publish = async |topic: &str, message: Value| {
        let arn = format!("arn:aws:sns:eu-central-1:123456789012:muster-dev-{topic}");
        let form = [("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", &arn), ("Message", &message.to_string())];
        let form = reqwest::Url::parse_with_params("http://sns/", form).unwrap().query().unwrap().to_owned();
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={key}/20260101/eu-central-1/sns/aws4_request, SignedHeaders=host, Signature=0");
        let request = reqwest::Client::new().post(&stack.addresses.endpoint).header("authorization", authorization);
        request.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.unwrap().status().as_u16()
    };
    let announcement = json!({"type": "news", "playerIds": ["alice"], "body": "hello"});
    assert_eq!(publish("placement-events", announcement.clone()).await, 403);
    assert_eq!(publish("announcements", announcement).await, 200);
    assert_eq!(alice.message().await["message"], "hello");
}
