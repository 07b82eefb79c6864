//! Players who can meet in a region: how far each of them is from it decides who is matched.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Gamer, opponent};
use crate::harness::LocalStack;

/// How long nothing must come for it to count as never.
const QUIET: Duration = Duration::from_millis(500);

/// A player who waits and is so many milliseconds from a region.
async fn waiting(stack: &LocalStack, name: &str, region: &str, milliseconds: u32) -> Gamer {
    let mut gamer = Gamer::connect(stack, name).await;
    gamer.join_pool_with(json!({"mode": "rpsls", "latencies": [{"region": region, "milliseconds": milliseconds}]})).await;
    gamer
}

#[tokio::test]
async fn those_who_share_no_region_wait_for_others_who_share_one() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = waiting(&stack, "alice", "eu-west-1", 20).await;
    let mut bob = waiting(&stack, "bob", "eu-central-1", 20).await;
    stack.settles().await;
    for gamer in [&mut alice, &mut bob] {
        assert!(gamer.player.hears_nothing(QUIET).await, "{}", gamer.name);
        assert_eq!(gamer.state().await["seats"][0]["kind"], "ticket", "{}", gamer.name);
    }
    // The one who has waited less is the only one whom she can meet.
    let mut carol = waiting(&stack, "carol", "eu-central-1", 50).await;
    assert_eq!(opponent(&bob.told().await), "carol");
    assert_eq!(opponent(&carol.told().await), "bob");
    // Where it is played does not matter to him.
    let mut dave = Gamer::connect(&stack, "dave").await;
    dave.join_pool("rpsls").await;
    assert_eq!(opponent(&alice.told().await), "dave");
    assert_eq!(opponent(&dave.told().await), "alice");
}

#[tokio::test]
async fn who_is_too_far_from_the_region_at_first_is_matched_when_both_have_waited() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = waiting(&stack, "alice", "eu-west-1", 72).await;
    let begun = Instant::now();
    let mut bob = waiting(&stack, "bob", "eu-west-1", 20).await;
    assert_eq!(opponent(&alice.told().await), "bob");
    assert_eq!(opponent(&bob.told().await), "alice");
    assert!(begun.elapsed() >= Duration::from_millis(3_000), "72 ms take four seconds: {:?}", begun.elapsed());
}
