//! Letters of every kind, done again: what succeeds is deleted, and what fails stays as it was.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::{own_letter, verdicts};
use crate::harness::{LocalStack, Player, Proxy, Treatment, eventually, fulfilled, placement_request, session_ended};

/// A row of each table that has a consumer, with the consumer.
const TABLES: [(&str, &str, &str); 5] = [
    ("messages", "messages-deliver", "messageId"),
    ("matches", "matches-announce", "matchId"),
    ("tickets", "tickets-match", "ticketId"),
    ("placements", "placements-forward", "placementId"),
    ("player-sessions", "player-sessions-announce", "placementId"),
];

/// A stack in which every table has a row, made by players.
async fn busy_stack() -> (LocalStack, Vec<Player>) {
    let stack = LocalStack::start(&[]).await;
    let mut players = Vec::new();
    for name in ["alice", "bob", "carol", "dora"] {
        players.push(Player::connect(&stack, name).await);
    }
    players[0].send(&["bob"], "hello").await;
    for (player, frame) in [
        (0, json!({"route": "newMatch", "requestId": "m", "body": {"mode": "rps"}})),
        (1, json!({"route": "joinPool", "requestId": "p", "body": {"mode": "rps"}})),
        (2, placement_request("s")),
    ] {
        let reply = players[player].ask(&frame).await;
        assert_eq!(reply["type"], "reply", "{reply}");
        if player == 2 {
            let id = reply["body"]["placementId"].as_str().unwrap();
            stack.tell(&fulfilled(id, &format!("arn:aws:gamelift:eu-central-1::gamesession/f/{id}"), &["carol".to_owned()])).await;
            assert_eq!(players[2].news().await["type"], "session");
        }
    }
    (stack, players)
}

#[tokio::test]
async fn what_a_letter_points_at_is_handed_to_its_consumer_and_the_letter_deleted() {
    let (stack, players) = busy_stack().await;
    for (table, consumer, key) in TABLES {
        let (record, position) = stack.record(table, consumer, |row| !row[key].is_null()).await;
        // What a function has written down comes whole, or without its images if it was too long.
        let mut lost = record.clone();
        lost["dynamodb"].as_object_mut().unwrap().remove("NewImage");
        for letter in [position, own_letter(consumer, &record), own_letter(consumer, &lost)] {
            stack.put_letter("streams", &letter).await;
        }
        let before = stack.invocations(consumer).await;
        let answer = stack.replay(json!({"queue": "streams"})).await;
        let settled = verdicts(&answer);
        assert_eq!(settled.len(), 3, "{table}: {answer}");
        assert!(settled.iter().all(|verdict| matches!(*verdict, "replayed" | "superseded")), "{table}: {answer}");
        assert_eq!((&answer["left"], &answer["run"]["failed"]), (&json!(0), &json!(0)), "{table}: {answer}");
        let replayed = settled.iter().filter(|verdict| **verdict == "replayed").count() as u64;
        assert!(stack.invocations(consumer).await >= before + replayed, "{table}: {answer}");
    }
    assert_eq!(stack.dead_letters("").await, Vec::<Value>::new(), "no second letters");
    drop(players);
}

#[tokio::test]
async fn a_message_that_could_not_be_pushed_is_pushed_once_its_letter_is_replayed() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &[]).await;
    let (mut alice, mut eve) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "eve").await);
    let denied = |body: &str| body.contains(":player") && body.contains("eve");
    proxy.treat(move |call| match call.operation.as_str() {
        "Query" if denied(&call.body) => Treatment::Refuse(400, "AccessDeniedException"),
        _ => Treatment::Pass,
    });
    alice.send(&["eve"], "late").await;
    let (_, letter) = stack.record("messages", "messages-deliver", |row| row["message"]["S"] == "late").await;
    let id = stack.put_letter("streams", &letter).await;

    let listed = stack.replay(json!({"do": "list", "queue": "streams"})).await;
    assert_eq!(
        (&listed["letters"][0]["function"], &listed["letters"][0]["kind"]),
        (&json!("muster-dev-messages-deliver"), &json!("position"))
    );
    let tried = stack.replay(json!({"queue": "streams", "dryRun": true})).await;
    assert_eq!(tried["letters"][0]["about"], "muster-dev-messages eve", "{tried}");
    let failed = stack.replay(json!({"queue": "streams"})).await;
    assert_eq!(verdicts(&failed), ["failed"], "{failed}");
    assert!(failed["letters"][0]["newReason"].as_str().unwrap().contains("AccessDenied"), "{failed}");
    assert_eq!((&failed["left"], &failed["run"]["failed"], &failed["letters"][0]["replays"]), (&json!(1), &json!(1), &json!(1)));
    let shown = stack.replay(json!({"do": "show", "queue": "streams", "messageId": id})).await;
    assert_eq!((&shown["letters"][0]["body"], &shown["letters"][0]["replays"]), (&letter, &json!(1)), "it is as it was, with the count");
    assert_eq!(shown["letters"][0]["records"][0]["dynamodb"]["NewImage"]["message"]["S"], "late");
    let all = stack.task("replay-dead-letters", &json!({"do": "list", "queue": "streams"})).await;
    assert_eq!(all["letters"].as_array().unwrap().len(), 1, "there is no second letter: {all}");

    proxy.treat(|_| Treatment::Pass);
    let done = stack.replay(json!({"queue": "streams"})).await;
    assert_eq!((verdicts(&done), &done["left"]), (vec!["replayed"], &json!(0)), "{done}");
    assert_eq!(eve.texts(1).await, ["late"]);
    let runs = stack.operate(json!({"ask": "runs"})).await;
    let recorded: Vec<(&Value, &Value, &Value)> =
        runs["runs"].as_array().unwrap().iter().map(|run| (&run["who"], &run["replayed"], &run["failed"])).collect();
    assert_eq!(recorded, [(&json!("a test"), &json!(1), &json!(0)), (&json!("a test"), &json!(0), &json!(1))], "newest first");
}

#[tokio::test]
async fn what_fails_five_times_is_parked_and_unparked_or_purged_on_demand() {
    let stack = LocalStack::start(&[]).await;
    let poison = json!({"eventID": "e", "eventName": "INSERT", "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/muster-dev-messages/stream/x",
        "awsRegion": "eu-central-1",
        "dynamodb": {"ApproximateCreationDateTime": 1, "SizeBytes": 1, "SequenceNumber": "7", "Keys": {"recipientId": {"S": "bob"}, "messageId": {"S": "m"}},
            "NewImage": {"recipientId": {"S": "bob"}, "messageId": {"S": "m"}}}});
    stack.put_letter("streams", &own_letter("messages-deliver", &poison)).await;
    for (count, verdict) in [(1, "failed"), (2, "failed"), (3, "failed"), (4, "failed"), (5, "parked"), (5, "parked")] {
        let answer = stack.replay(json!({"queue": "streams"})).await;
        assert_eq!((verdicts(&answer), &answer["letters"][0]["replays"]), (vec![verdict], &json!(count)), "{answer}");
        assert!(answer["letters"][0]["newReason"].as_str().unwrap().contains("understanding the row"), "{answer}");
        assert_eq!(answer["left"], 1, "{answer}");
    }
    let unparked = stack.replay(json!({"do": "unpark", "queue": "streams"})).await;
    assert_eq!((&unparked["letters"][0]["parked"], &unparked["letters"][0]["replays"]), (&json!(false), &json!(0)), "{unparked}");
    let others =
        stack.replay(json!({"do": "purge", "queue": "streams", "only": {"field": "function", "value": "muster-dev-nobody"}})).await;
    assert_eq!((&others["run"]["purged"], &others["left"]), (&json!(0), &json!(1)), "{others}");
    let only = json!({"field": "record.dynamodb.Keys.recipientId.S", "value": "bob"});
    let dry = stack.replay(json!({"do": "purge", "queue": "streams", "only": only, "dryRun": true})).await;
    assert_eq!((dry["letters"].as_array().unwrap().len(), &dry["left"]), (1, &json!(1)), "{dry}");
    let purged = stack.replay(json!({"do": "purge", "queue": "streams", "only": only})).await;
    assert_eq!((verdicts(&purged), &purged["left"]), (vec!["purged"], &json!(0)), "{purged}");
}

#[tokio::test]
async fn events_and_announcements_are_handed_over_again_whoever_gave_them_up() {
    let stack = LocalStack::start(&[]).await;
    let mut bob = Player::connect(&stack, "bob").await;
    let announcement = |text: &str| json!({"playerIds": ["bob"], "type": "news", "body": {"text": text}}).to_string();
    let topic = "arn:aws:sns:eu-central-1:123456789012:muster-dev-announcements";
    let notification = |id: &str, message: &str| {
        json!({"Type": "Notification", "MessageId": id, "TopicArn": topic, "Message": message, "Timestamp": "2026-11-30T00:00:00.000Z",
            "SignatureVersion": "1", "Signature": "s", "SigningCertURL": "https://c", "UnsubscribeURL": "https://u"})
    };
    let record = |id: &str, message: &str| {
        let mut sns = notification(id, message);
        for (of_queue, of_function) in [("SigningCertURL", "SigningCertUrl"), ("UnsubscribeURL", "UnsubscribeUrl")] {
            let value = sns.as_object_mut().unwrap().remove(of_queue).unwrap();
            sns[of_function] = value;
        }
        json!({"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": topic, "Sns": sns})
    };
    let given_up = json!({"version": "1.0", "requestContext": {"condition": "RetriesExhausted",
            "functionArn": "arn:aws:lambda:eu-central-1:123456789012:function:muster-dev-announcements:live"},
        "requestPayload": {"Records": [record("n1", &announcement("given up"))]}, "responsePayload": {"errorMessage": "no table"}});
    stack.put_letter("topics", &given_up).await;
    stack.put_letter("topics", &notification("n2", &announcement("not handed over"))).await;
    stack.put_letter("topics", &own_letter("announcements", &record("n3", "{\"type\": 7}"))).await;
    let event = session_ended("arn:aws:gamelift:eu-central-1::gamesession/f/unknown", &json!({})).to_string();
    stack.put_letter("topics", &own_letter("placement-events", &record("n4", &event))).await;

    let answer = stack.replay(json!({"queue": "topics"})).await;
    let mut verdicts = verdicts(&answer);
    verdicts.sort_unstable();
    assert_eq!((verdicts, &answer["left"]), (vec!["failed", "failed", "replayed", "replayed"], &json!(2)), "{answer}");
    let mut texts = [bob.message().await, bob.message().await].map(|message| message["message"].as_str().unwrap().to_owned());
    texts.sort_unstable();
    assert_eq!(texts, ["{\"text\":\"given up\"}", "{\"text\":\"not handed over\"}"]);
    let reasons: Vec<String> =
        answer["letters"].as_array().unwrap().iter().filter_map(|letter| letter["newReason"].as_str().map(str::to_owned)).collect();
    assert!(
        reasons.iter().any(|reason| reason.contains("type")) && reasons.iter().any(|reason| reason.contains("no placement")),
        "{reasons:?}"
    );
    // A failed invocation of a replay is no event, so that nothing tries it again or writes another letter.
    sleep(Duration::from_millis(300)).await;
    assert_eq!(stack.replay(json!({"do": "list", "queue": "topics"})).await["letters"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn timers_go_back_into_their_queue_and_what_is_none_stays() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let pool = alice.ask(&json!({"route": "joinPool", "body": {"mode": "rps"}})).await;
    assert_eq!(pool["type"], "reply", "{pool}");
    let pool = stack.table("tickets").await[0]["pool"]["S"].clone();
    stack.put_letter("timers", &json!({"row": "pool", "pool": pool, "dueAt": 0, "cause": "c"})).await;
    stack.put_letter("timers", &json!("rubbish")).await;
    stack.put_letter("timers", &own_letter("look-again", &json!({"messageId": "t1", "body": "no timer", "attributes": {}}))).await;
    let looks = async || stack.invocations("look-again").await;
    let before = looks().await;
    let answer = stack.replay(json!({"queue": "timers"})).await;
    let mut verdicts = verdicts(&answer);
    verdicts.sort_unstable();
    assert_eq!((verdicts, &answer["left"]), (vec!["failed", "failed", "replayed"], &json!(2)), "{answer}");
    eventually("the timer has fired", || async { (looks().await >= before + 2).then_some(()) }).await;
    assert_eq!(stack.replay(json!({"do": "list", "queue": "timers"})).await["letters"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_a_stream_has_forgotten_is_made_anew_from_its_row_if_the_keys_were_kept_and_else_expired() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    alice.send(&["bob"], "kept").await;
    let (_, mut letter) = stack.record("messages", "messages-deliver", |row| row["message"]["S"] == "kept").await;
    for member in ["startSequenceNumber", "endSequenceNumber"] {
        let number: u128 = letter["DDBStreamBatchInfo"][member].as_str().unwrap().parse().unwrap();
        // A day and an hour before, in the engine's microseconds.
        letter["DDBStreamBatchInfo"][member] = json!((number - 25 * 3_600 * 1_000_000).to_string());
    }
    stack.put_letter("streams", &letter).await;
    let answer = stack.replay(json!({"queue": "streams"})).await;
    assert_eq!((verdicts(&answer), &answer["left"]), (vec!["expired"], &json!(1)), "{answer}");
    assert_eq!(answer["run"]["expired"], 1);
    // A letter without a row: nothing is left of it either.
    let gone = json!({"eventID": "e", "eventName": "INSERT", "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/muster-dev-messages/stream/x",
        "awsRegion": "eu-central-1",
        "dynamodb": {"ApproximateCreationDateTime": 1, "SizeBytes": 1, "SequenceNumber": "9", "Keys": {"recipientId": {"S": "bob"}, "messageId": {"S": "never"}}}});
    stack.put_letter("streams", &own_letter("messages-deliver", &gone)).await;
    let answer = stack.replay(json!({"queue": "streams"})).await;
    assert_eq!(verdicts(&answer), ["expired", "expired"], "{answer}");
}

#[tokio::test]
async fn what_cannot_be_asked_is_answered_with_the_field_and_the_limit() {
    let stack = LocalStack::start(&[]).await;
    for (request, problem) in [
        (json!({"queue": "nowhere"}), "queue"),
        (json!({}), "queue"),
        (json!({"queue": "streams", "do": "burn"}), "do"),
        (json!({"queue": "streams", "limit": 0}), "limit"),
        (json!({"queue": "streams", "limit": -1}), "limit"),
        (json!({"queue": "streams", "limit": 100_001}), "limit"),
        (json!({"queue": "streams", "rate": 0}), "rate"),
        (json!({"queue": "streams", "rate": 101}), "rate"),
        (json!({"queue": "streams", "do": "show"}), "messageId"),
        (json!({"queue": "streams", "only": "function=x"}), "only"),
        (json!([1]), ""),
    ] {
        let answer = stack.task("replay-dead-letters", &request).await;
        assert!(answer["problem"].as_str().is_some_and(|text| text.contains(problem)), "{request}: {answer}");
    }
}
