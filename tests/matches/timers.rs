//! The chain of timers of a match: one message, however many rounds there are; and though a message comes twice, the chains end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Gamer, met, row_of, shows};
use crate::harness::{LocalStack, PATIENCE, Proxy, Treatment, eventually};

/// How often a round is played, so that a match has steps left when its test is over.
const PACE: Duration = Duration::from_millis(150);

/// Messages in the queue of timers, and a call of SQS about that queue.
async fn queue(stack: &LocalStack, action: &str, mut body: Value) -> Value {
    body["QueueUrl"] = stack.aws("AmazonSQS.GetQueueUrl", &json!({"QueueName": "muster-dev-timers"})).await["QueueUrl"].take();
    stack.aws(&format!("AmazonSQS.{action}"), &body).await
}

/// How many messages wait for their time or are being dealt with.
async fn outstanding(stack: &LocalStack) -> u32 {
    let counts = queue(stack, "GetQueueAttributes", json!({"AttributeNames": ["All"]})).await;
    let counts = ["", "Delayed", "NotVisible"].map(|which| counts["Attributes"][format!("ApproximateNumberOfMessages{which}")].clone());
    counts.iter().map(|count| count.as_str().unwrap().parse::<u32>().unwrap()).sum()
}

/// A match of many rounds, of `seconds` each.
async fn long(stack: &LocalStack, seconds: u32) -> [Gamer; 2] {
    met(stack, ["alice", "bob"], json!({"mode": "rps", "options": {"wins": 50, "rounds": 90, "seconds": seconds}})).await
}

/// A round that nobody wins. What the first one was told.
async fn round(gamers: &mut [Gamer; 2]) -> Value {
    sleep(PACE).await;
    for gamer in gamers.iter_mut() {
        gamer.play("rock").await;
    }
    gamers[1].told().await;
    gamers[0].told().await
}

/// The match ends, and all its timers with it.
async fn ends(stack: &LocalStack, gamers: &mut [Gamer; 2]) {
    let here = gamers[0].here();
    shows(&gamers[0].get("leaveMatch", here).await, json!({"outcome": {"ending": "forfeited"}}));
    eventually("no message is left", || async { (outstanding(stack).await == 0).then_some(()) }).await;
    stack.settles().await;
    assert_eq!(outstanding(stack).await, 0);
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_match_has_one_message_which_sends_itself_on_and_ends_with_it() {
    let (stack, proxy) = Proxy::between(&["sqs"], &[]).await;
    let mut gamers = long(&stack, 4).await;
    let begun = Instant::now();
    let mut rounds = 0;
    while begun.elapsed() < Duration::from_secs(9) {
        shows(&round(&mut gamers).await, json!({"state": "playing", "view": {"roundSummary": "rock meets rock"}}));
        rounds += 1;
        // While one is dealt with, there may be the next one already.
        assert!((1..=2).contains(&outstanding(&stack).await));
    }
    ends(&stack, &mut gamers).await;
    let (armed, sent_on) = (proxy.called("SendMessageBatch"), proxy.called("SendMessage"));
    println!("{rounds} rounds: {armed} message for the match, sent on {sent_on} times");
    assert_eq!(armed, 1, "by the write that began it");
    assert!(sent_on >= 1 && sent_on as u64 <= begun.elapsed().as_secs() / 4, "once a round's time: {sent_on} in {:?}", begun.elapsed());
}

#[tokio::test]
async fn of_messages_that_come_twice_one_is_left_when_the_clock_has_acted_and_none_when_the_match_is_over() {
    let (stack, proxy) = Proxy::between(&["sqs"], &[]).await;
    proxy.treat(|call| if (&*call.operation, call.number) == ("SendMessageBatch", 1) { Treatment::LoseAnswer } else { Treatment::Pass });
    let mut gamers = long(&stack, 3).await;
    // The stream's batch is handled twice more, and the message comes three times more.
    let row = row_of(&stack, gamers[0].match_id()).await;
    let image = json!({"Keys": {"matchId": row["matchId"], "item": row["item"]}, "NewImage": row, "SequenceNumber": "1"});
    let record =
        json!({"eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1", "dynamodb": image});
    for _ in 0..2 {
        assert_eq!(stack.invoke("matches-announce", &json!({"Records": [record]})).await, json!({"batchItemFailures": []}));
    }
    let number = |name: &str| row[name]["N"].as_str().unwrap().parse::<u64>().unwrap();
    let timer = json!({
        "row": "match", "matchId": row["matchId"]["S"], "armed": number("armed"), "dueAt": number("dueAt"), "cause": row["cause"]["S"]
    });
    for _ in 0..3 {
        queue(&stack, "SendMessage", json!({"MessageBody": timer.to_string()})).await;
    }
    let twins = 2 + 2 + 3;
    // As long as rounds are played, each is sent on.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        shows(&round(&mut gamers).await, json!({"state": "playing", "view": {"roundSummary": "rock meets rock"}}));
        assert!((1..=2 * twins).contains(&outstanding(&stack).await), "they do not grow more");
    }
    let told = gamers[0].told().await;
    shows(&told, json!({"state": "playing", "view": {"roundSummary": "nobody played"}}));
    shows(&gamers[1].told().await, json!({"version": told["version"]}));
    let acted = Instant::now();
    while outstanding(&stack).await != 1 {
        round(&mut gamers).await;
        assert!(acted.elapsed() < PATIENCE / 2, "{} are left", outstanding(&stack).await);
    }
    ends(&stack, &mut gamers).await;
}

#[tokio::test]
async fn a_message_that_could_not_be_sent_on_comes_again_and_a_write_begins_the_next_chain() {
    let (stack, proxy) = Proxy::between(&["sqs"], &[]).await;
    let mut gamers = long(&stack, 5).await;
    let armed = async |gamers: &[Gamer; 2]| row_of(&stack, gamers[0].match_id()).await["armed"].clone();
    let before = armed(&gamers).await;
    // As often as the one who is to send it on tries.
    proxy.treat(|call| match call.operation.as_str() {
        "SendMessage" if call.number <= 3 => Treatment::Refuse(500, "InternalFailure"),
        _ => Treatment::Pass,
    });
    let begun = Instant::now();
    while armed(&gamers).await == before {
        shows(&round(&mut gamers).await, json!({"view": {"roundSummary": "rock meets rock"}}));
        sleep(Duration::from_millis(500)).await;
        assert!(begun.elapsed() < 2 * PATIENCE, "the queue hands it over again");
    }
    eventually("one message is left", || async { (outstanding(&stack).await == 1).then_some(()) }).await;
    assert_eq!(proxy.called("SendMessageBatch"), 2, "that of the beginning, and that of the write");
    let here = gamers[0].here();
    gamers[0].get("leaveMatch", here).await;
    eventually("no message is left", || async { (outstanding(&stack).await == 0).then_some(()) }).await;
}
