//! Crashes, time-outs and failed starts: the answer is AWS's, and the next invocation finds a sound environment.

use super::*;
use crate::weather::{Odds, Weather};

fn never_freezing() -> Weather {
    Weather::new(Odds { freeze: false, ..Odds::default() })
}

#[tokio::test]
async fn a_process_that_exits_fails_its_invocation_and_is_replaced() {
    let lambda = start().await;
    for (code, reason) in [(7, "Runtime exited with error: exit status 7"), (0, "Runtime exited without providing a reason")] {
        let (error_type, message) = failure(invoke(&lambda, json!({"exit": code})).await);
        assert_eq!((error_type.as_str(), message), ("Runtime.ExitError", format!("RequestId: … Error: {reason}")));
        assert_eq!(lambda.processes(), [0; 0]);
        assert_eq!(invoke(&lambda, json!({"answer": 1})).await, Ok(json!(1)));
    }
    lambda.shutdown().await;
}

#[tokio::test]
async fn a_process_killed_in_mid_invocation_fails_that_invocation_only() {
    let lambda = start().await;
    assert_eq!(invoke(&lambda, json!(1)).await, Ok(json!(1)));
    let running = begin(&lambda, json!({"sleepMilliseconds": 4000}));
    until("it serves", || lambda.serving() == 1).await;
    kill(pid(&lambda));
    assert_eq!(
        failure(running.await.unwrap()),
        failed("Runtime.ExitError", "RequestId: … Error: Runtime exited with error: signal: killed")
    );
    assert_eq!(invoke(&lambda, json!({"answer": 1})).await, Ok(json!(1)));
    lambda.shutdown().await;
}

#[tokio::test]
async fn a_process_killed_while_idle_costs_no_invocation_an_error() {
    let lambda = start().await;
    for round in 0..10 {
        assert_eq!(invoke(&lambda, json!(round)).await, Ok(json!(round)));
        let pid = pid(&lambda);
        until("it waits for its next invocation", || lambda.idle() == 1).await;
        kill(pid);
        while !has_ended(pid) {
            std::hint::spin_loop();
        }
        // Nothing has been awaited since the kill, so the room has not noticed it by itself.
    }
    assert_eq!(stats(&lambda).errors, 0);
    lambda.shutdown().await;
}

#[tokio::test]
async fn a_process_that_ends_after_its_answer_costs_nothing() {
    // One that is frozen ends when it is thawed, and not between invocations.
    let lambda = start_with(config("test"), LambdaOptions { weather: never_freezing(), ..quiet() }).await;
    assert_eq!(invoke(&lambda, json!({"exitAfterwards": 1})).await, Ok(json!({"exitAfterwards": 1})));
    until("it has ended", || lambda.processes().is_empty()).await;
    assert_eq!(invoke(&lambda, json!({"answer": 1})).await, Ok(json!(1)));
    lambda.shutdown().await;
}

#[tokio::test]
async fn an_invocation_past_its_timeout_ends_with_its_environment() {
    let function = Function { timeout: Duration::from_secs(1), ..config("test") };
    let lambda = start_with(function, quiet()).await;
    // The time of one invocation is not taken from the next.
    assert_eq!(invoke(&lambda, json!({"sleepMilliseconds": 600})).await, Ok(json!({"sleepMilliseconds": 600})));
    let late = pid(&lambda);
    let start = Instant::now();
    let result = invoke(&lambda, json!({"sleepMilliseconds": 4000})).await;
    let elapsed = start.elapsed();
    assert_eq!(failure(result), failed("Sandbox.Timedout", "RequestId: … Error: Task timed out after 1.00 seconds"));
    assert!((Duration::from_millis(990)..Duration::from_millis(1900)).contains(&elapsed), "{elapsed:?}");
    assert!(stats(&lambda).percentile_99 >= Duration::from_secs(1), "{:?}", stats(&lambda));
    until("the late process has ended", || has_ended(late)).await;
    assert_eq!(stats(&lambda).deaths, 0, "it has not ended by itself");
    assert_eq!(invoke(&lambda, json!({"answer": 1})).await, Ok(json!(1)));
    assert_ne!(pid(&lambda), late);
    lambda.shutdown().await;
}

fn with_init(behaviour: &str) -> Function {
    let mut function = Function { timeout: Duration::from_millis(300), ..config("test") };
    function.environment.insert("TEST_FUNCTION_INIT".to_owned(), behaviour.to_owned());
    function
}

#[tokio::test]
async fn a_crash_at_the_start_is_the_answer_of_each_waiting_invocation() {
    let lambda = start_with(with_init("crash"), LambdaOptions { max_environments: 1, ..quiet() }).await;
    let invocations: Vec<_> = (0..3).map(|n| begin(&lambda, json!(n))).collect();
    for invocation in invocations {
        assert_eq!(
            failure(invocation.await.unwrap()),
            failed("Runtime.ExitError", "RequestId: … Error: Runtime exited with error: exit status 3")
        );
    }
    assert_eq!(stats(&lambda).environments_started, 3);
    lambda.shutdown().await;
}

#[tokio::test]
async fn a_start_that_hangs_is_given_up() {
    let options = LambdaOptions { init_timeout: Duration::from_millis(100), ..quiet() };
    let lambda = start_with(with_init("hang"), options).await;
    assert_eq!(
        failure(invoke(&lambda, json!(1)).await),
        failed("Sandbox.Timedout", "RequestId: … Error: Task timed out after 0.30 seconds")
    );
    until("the process has ended", || lambda.processes().is_empty()).await;
    lambda.shutdown().await;
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let lambda = start_with(config("test"), LambdaOptions { program: "/nowhere/bootstrap".into(), ..quiet() }).await;
    let expected = "RequestId: … Error: fork/exec /nowhere/bootstrap: No such file or directory (os error 2)";
    let both = tokio::join!(invoke(&lambda, json!(1)), invoke(&lambda, json!(2)));
    assert_eq!(failure(both.0), failed("Runtime.InvalidEntrypoint", expected));
    assert_eq!(failure(both.1), failed("Runtime.InvalidEntrypoint", expected));
    assert_eq!(lambda.processes(), [0; 0]);
    lambda.shutdown().await;
}

#[tokio::test]
async fn shutdown_ends_idle_starting_and_serving_processes() {
    let lambda = start_with(config("test"), LambdaOptions { max_environments: 2, ..quiet() }).await;
    let running: Vec<_> = (0..3).map(|_| begin(&lambda, json!({"sleepMilliseconds": 60_000}))).collect();
    until("both have started", || lambda.processes().len() == 2).await;
    let pids = lambda.processes();
    let start = Instant::now();
    lambda.shutdown().await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(lambda.processes(), [0; 0]);
    assert!(pids.into_iter().all(has_ended));
    for invocation in running {
        assert_eq!(failure(invocation.await.unwrap()).0, "Sandbox.Stopped");
    }
    assert_eq!(failure(invoke(&lambda, json!(1)).await).0, "Sandbox.Stopped");
    assert_eq!(stats(&lambda).environments_started, 2);
}
