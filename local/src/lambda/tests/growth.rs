//! How many environments there are, which one serves, and who waits.

use std::collections::BTreeSet;

use super::*;

/// The environment that served, by the name of its log stream.
async fn served_by(lambda: &Lambda) -> String {
    let answer = invoke(lambda, json!({"environment": "AWS_LAMBDA_LOG_STREAM_NAME"})).await.unwrap();
    answer.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn invocations_one_after_another_share_one_environment() {
    let lambda = start().await;
    for n in 0..100 {
        assert_eq!(invoke(&lambda, json!(n)).await, Ok(json!(n)));
    }
    // On a machine under load an environment may take so long to ask again that another is started meanwhile.
    let started = stats(&lambda).environments_started;
    assert!(started < 10, "{started}");
    lambda.shutdown().await;
}

#[tokio::test]
async fn invocations_at_once_have_an_environment_each() {
    let lambda = start().await;
    let running: Vec<_> = (0..5).map(|_| begin(&lambda, json!({"sleepMilliseconds": 1500}))).collect();
    until("five processes serve", || lambda.processes().len() == 5).await;
    let start = Instant::now();
    for invocation in running {
        invocation.await.unwrap().unwrap();
    }
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(stats(&lambda).environments_started, 5);
    lambda.shutdown().await;
}

#[tokio::test]
async fn the_environment_used_last_serves_next_and_the_others_are_reaped() {
    let lambda = start_with(config("test"), LambdaOptions { idle: Duration::from_millis(400), ..quiet() }).await;
    let running: Vec<_> = (0..3).map(|_| begin(&lambda, json!({"sleepMilliseconds": 300}))).collect();
    for invocation in running {
        invocation.await.unwrap().unwrap();
    }
    assert_eq!(lambda.processes().len(), 3);
    let mut served = BTreeSet::new();
    let start = Instant::now();
    while lambda.processes().len() > 1 {
        // Right after its answer an environment has not asked for the next invocation yet, and another would serve.
        until("all wait", || lambda.idle() >= lambda.processes().len()).await;
        served.insert(served_by(&lambda).await);
        assert!(start.elapsed() < Duration::from_secs(5), "the unused environments stay");
    }
    assert_eq!(served.len(), 1, "more than one environment served: {served:?}");
    until("the last is reaped too", || lambda.processes().is_empty()).await;
    assert_eq!((stats(&lambda).errors, stats(&lambda).deaths), (0, 0));
    assert_eq!(invoke(&lambda, json!({"answer": 1})).await, Ok(json!(1)));
    lambda.shutdown().await;
}

#[tokio::test]
async fn at_the_limit_invocations_wait_and_are_served_in_order() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut function = config("test");
    function.environment.insert("TEST_FUNCTION_LOG".to_owned(), log.path().to_str().unwrap().to_owned());
    let lambda = start_with(function, LambdaOptions { max_environments: 1, ..quiet() }).await;
    let mut running = Vec::new();
    for n in 0..20 {
        running.push(begin(&lambda, json!(n)));
        // Lets the invocation take its place before the next.
        tokio::task::yield_now().await;
    }
    for invocation in running {
        invocation.await.unwrap().unwrap();
    }
    let expected: String = (0..20).map(|n| format!("{n}\n")).collect();
    assert_eq!(std::fs::read_to_string(log.path()).unwrap(), expected);
    assert_eq!(stats(&lambda).environments_started, 1);
    lambda.shutdown().await;
}

#[tokio::test]
async fn waiting_too_long_at_the_limit_is_throttling() {
    let options = LambdaOptions { max_environments: 1, queue_wait: Duration::from_millis(100), ..quiet() };
    let lambda = start_with(config("test"), options).await;
    assert_eq!(invoke(&lambda, json!(1)).await, Ok(json!(1)));
    let running = begin(&lambda, json!({"sleepMilliseconds": 1500}));
    tokio::task::yield_now().await;
    let start = Instant::now();
    assert_eq!(invoke(&lambda, json!(2)).await, Err(InvokeError::Throttled));
    assert!(start.elapsed() < Duration::from_millis(1200), "{:?}", start.elapsed());
    assert!(running.await.unwrap().is_ok());
    let FunctionStats { invocations, errors, throttles, .. } = stats(&lambda);
    assert_eq!((invocations, errors, throttles), (3, 0, 1));
    lambda.shutdown().await;
}

#[tokio::test]
async fn an_invocation_that_awaits_a_starting_environment_is_not_throttled() {
    let options = LambdaOptions { queue_wait: Duration::ZERO, init_timeout: Duration::from_millis(300), ..quiet() };
    let mut function = Function { timeout: Duration::from_millis(300), ..config("test") };
    function.environment.insert("TEST_FUNCTION_INIT".to_owned(), "hang".to_owned());
    let lambda = start_with(function, options).await;
    assert_eq!(failure(invoke(&lambda, json!(1)).await).0, "Sandbox.Timedout");
    lambda.shutdown().await;
}
