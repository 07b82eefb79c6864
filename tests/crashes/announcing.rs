//! The function that writes announcements is killed.

use serde_json::json;

use super::{Moment, killed_in_the_middle};
use crate::harness::{Player, Proxy};

#[tokio::test]
async fn an_announcement_whose_function_dies_is_written_by_the_next_one_and_told_once() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &["--async-retry", "1"]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    for (moment, text) in [(Moment::BeforeItsCall, "one"), (Moment::AfterItsCall, "two")] {
        killed_in_the_middle((&stack, &proxy), "announcements", (moment, "BatchWriteItem"), async {
            stack.announce(&json!({"playerIds": ["alice", "bob"], "type": "news", "body": text})).await;
        })
        .await;
        assert_eq!(alice.texts(1).await, [text], "{moment:?}");
    }
    stack.announce(&json!({"playerIds": ["alice", "bob"], "type": "news", "body": "three"})).await;
    assert_eq!(alice.texts(1).await, ["three"]);
    // What was written before the end is written again as it was, which is no news.
    assert_eq!((alice.repeated, stack.inbox("alice").await.len(), stack.inbox("bob").await.len()), (0, 3, 3));
    assert!(stack.dead_letters("announcements").await.is_empty());
}
