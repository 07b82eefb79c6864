//! Which changes of tickets and matches invoke their consumers: what is filtered out costs nothing and tells nobody anything.

use serde_json::{Value, json};

use super::{Gamer, key_of, met, private::opened, row_of, shows};
use crate::harness::LocalStack;

/// How often these functions have been invoked, once nothing is under way.
async fn invoked<const N: usize>(stack: &LocalStack, functions: [&str; N]) -> [u64; N] {
    stack.settles().await;
    let mut counts = [0; N];
    for (count, function) in counts.iter_mut().zip(functions) {
        *count = stack.invocations(function).await;
    }
    counts
}

async fn delete(stack: &LocalStack, table: &str, key: Value) {
    let delete = json!({"TableName": table, "Key": key, "ReturnValues": "ALL_OLD"});
    let answer = stack.aws("DynamoDB_20120810.DeleteItem", &delete).await;
    assert!(answer["Attributes"].is_object(), "there was such a row: {answer}");
}

#[tokio::test]
async fn an_open_play_and_the_end_of_a_row_invoke_no_consumer_of_matches() {
    const CONSUMER: [&str; 1] = ["matches-announce"];
    let stack = LocalStack::start(&[]).await;
    let mut alice = Gamer::connect(&stack, "alice").await;
    let code = opened(&mut alice).await;
    assert_eq!(invoked(&stack, CONSUMER).await, [0], "nobody else is in a match that waits");
    assert_eq!(row_of(&stack, &code).await["announce"]["S"], "no");
    let [mut carol, mut dave] = met(&stack, ["carol", "dave"], json!({"mode": "rpsls", "options": {"seconds": 60}})).await;
    let id = carol.match_id().to_owned();
    assert_eq!(invoked(&stack, CONSUMER).await, [1], "its players are told, and its clock runs");
    carol.play("paper").await;
    assert_eq!(invoked(&stack, CONSUMER).await, [1], "nobody can learn from anything that she has played");
    assert_eq!(row_of(&stack, &id).await["announce"]["S"], "no");
    // The play that completes the round resolves it in the same write.
    dave.play("rock").await;
    shows(&carol.told().await, json!({"view": {"round": 2}}));
    assert_eq!(invoked(&stack, CONSUMER).await, [2]);
    carol.get("leaveMatch", json!({"matchId": id})).await;
    assert_eq!(invoked(&stack, CONSUMER).await, [3]);
    let over = row_of(&stack, &id).await;
    assert_eq!(over["announce"]["S"], "yes");
    delete(&stack, "muster-dev-matches", key_of(&id)).await;
    assert_eq!(invoked(&stack, CONSUMER).await, [3], "a row that is forgotten is no news");
    stack.put("muster-dev-matches", &over).await;
    assert_eq!(invoked(&stack, CONSUMER).await, [4], "nor has anything else kept it from it");
}

#[tokio::test]
async fn a_pool_is_looked_at_for_new_tickets_and_its_timer_and_for_nothing_else() {
    const MATCHER: [&str; 1] = ["tickets-match"];
    let stack = LocalStack::start(&[]).await;
    let mut alice = Gamer::connect(&stack, "alice").await;
    let id = alice.join_pool("rpsls").await;
    assert_eq!(invoked(&stack, MATCHER).await, [1], "the ticket is new, and the note when to look again is not looked at");
    let (mut pools, mut tickets): (Vec<Value>, Vec<Value>) =
        stack.table("tickets").await.into_iter().partition(|row| row.get("players").is_none());
    let (mut pool, ticket) = (pools.remove(0), tickets.remove(0));
    assert!(pool.get("lookAt").is_some() && ticket["ticketId"]["S"] == id, "{pool} {ticket}");
    for (name, value) in [("absentSince", json!({"N": "9999999999999"})), ("outcome", json!({"S": "timedOut"}))] {
        let mut noted = ticket.clone();
        noted[name] = value;
        stack.put("muster-dev-tickets", &noted).await;
        assert_eq!(invoked(&stack, MATCHER).await, [1], "{name} is noted by who looks");
    }
    delete(&stack, "muster-dev-tickets", json!({"pool": ticket["pool"], "ticketId": ticket["ticketId"]})).await;
    assert_eq!(invoked(&stack, MATCHER).await, [1], "nobody waits for one who has left");
    stack.put("muster-dev-tickets", &ticket).await;
    assert_eq!(invoked(&stack, MATCHER).await, [2]);
    // As the timer does.
    pool["looks"] = json!({"N": "1"});
    stack.put("muster-dev-tickets", &pool).await;
    assert_eq!(invoked(&stack, MATCHER).await, [2], "its timer is still to come");
    pool.as_object_mut().unwrap().remove("lookAt");
    stack.put("muster-dev-tickets", &pool).await;
    assert_eq!(invoked(&stack, MATCHER).await, [3]);
}
