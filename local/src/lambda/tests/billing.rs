//! What AWS would bill for invocations.

use super::*;

#[tokio::test]
async fn time_is_billed_in_milliseconds_and_the_start_with_the_first_invocation() {
    let lambda = start().await;
    assert_eq!(stats(&lambda).usage.billed_ms, 0);
    invoke(&lambda, json!({"sleepMilliseconds": 30})).await.unwrap();
    until("the process has asked again", || stats(&lambda).busy == 0).await;
    let first = stats(&lambda).usage.billed_ms;
    assert!(first > 30, "the start takes a moment, too: {first}");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(stats(&lambda).usage.billed_ms, first, "waiting is free");
    let asked = Instant::now();
    invoke(&lambda, json!({"sleepMilliseconds": 30})).await.unwrap();
    until("the process has asked again", || stats(&lambda).busy == 0).await;
    let second = stats(&lambda).usage.billed_ms - first;
    let longest = u64::try_from(asked.elapsed().as_millis()).unwrap() + 1;
    assert!((30..=longest).contains(&second), "{second} of {longest}");
    assert_eq!(stats(&lambda).usage.memory_mb, 128);
    lambda.shutdown().await;
}

#[tokio::test]
async fn an_invocation_that_is_ended_is_billed_until_then() {
    let lambda = start_with(Function { timeout: Duration::from_secs(1), ..config("test") }, quiet()).await;
    let (kind, _) = failure(invoke(&lambda, json!({"sleepMilliseconds": 60_000})).await);
    assert_eq!(kind, "Sandbox.Timedout");
    until("the process has ended", || stats(&lambda).busy == 0 && lambda.processes().is_empty()).await;
    let billed = stats(&lambda).usage.billed_ms;
    assert!((1000..30_000).contains(&billed), "{billed}");
    lambda.shutdown().await;
}

#[tokio::test]
async fn what_is_under_way_is_busy() {
    let lambda = start().await;
    assert_eq!(stats(&lambda).busy, 0);
    let invocation = begin(&lambda, json!({"sleepMilliseconds": 200}));
    until("it is under way", || stats(&lambda).busy > 0).await;
    assert!(!invocation.is_finished());
    invocation.await.unwrap().unwrap();
    until("the process has asked again", || stats(&lambda).busy == 0).await;
    lambda.shutdown().await;
}

#[tokio::test]
async fn lines_are_counted_as_cloudwatch_counts_them() {
    let lambda = start().await;
    invoke(&lambda, json!({"answer": 1})).await.unwrap();
    // The test harness of the process prints lines of its own, before the first answer.
    let before = stats(&lambda).usage.log_bytes;
    invoke(&lambda, json!({"print": ["12345", "1234567890"]})).await.unwrap();
    until("the lines have arrived", || stats(&lambda).usage.log_bytes - before >= 2 * 26 + 15).await;
    assert_eq!(stats(&lambda).usage.log_bytes - before, 2 * 26 + 15);
    lambda.shutdown().await;
}
