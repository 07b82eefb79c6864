//! What goes wrong on purpose.

use super::*;
use crate::weather::{Odds, Weather};

#[tokio::test]
async fn a_process_is_killed_in_the_middle_of_an_invocation() {
    let weather = Weather::new(Odds { kill: 1.0, ..Odds::default() });
    let lambda = start_with(config("test"), LambdaOptions { weather, ..quiet() }).await;
    for _ in 0..2 {
        assert_eq!(
            failure(invoke(&lambda, json!({"sleepMilliseconds": 4000})).await),
            failed("Runtime.ExitError", "RequestId: … Error: Runtime exited with error: signal: killed")
        );
    }
    assert_eq!((stats(&lambda).deaths, stats(&lambda).errors), (2, 2));
    lambda.shutdown().await;
}

#[tokio::test]
async fn an_event_comes_twice_under_one_id() {
    let ids = tempfile::NamedTempFile::new().unwrap();
    let mut function = config("test");
    function.environment.insert("TEST_FUNCTION_IDS".to_owned(), ids.path().to_str().unwrap().to_owned());
    let weather = Weather::new(Odds { twice: 1.0, ..Odds::default() });
    let lambda = start_with(function, LambdaOptions { weather, ..quiet() }).await;
    let id = lambda.invoke_async("test", "1".into()).unwrap();
    until("the event is at its end", || stats(&lambda).events == 0).await;
    assert_eq!(std::fs::read_to_string(ids.path()).unwrap(), format!("{id}\n").repeat(2));
    lambda.shutdown().await;
}

#[tokio::test]
async fn a_cold_start_is_stretched_by_the_share_of_a_processor() {
    let starts = |memory_mb: u32| async move {
        let lambda = start_with(Function { memory_mb, ..config("test") }, LambdaOptions { pace_aws: true, ..quiet() }).await;
        let start = Instant::now();
        invoke(&lambda, json!(1)).await.unwrap();
        let cold = start.elapsed();
        lambda.shutdown().await;
        cold
    };
    let (whole, share) = (starts(1769).await, starts(128).await);
    assert!(share > whole * 4, "{share:?} with 128 MB, {whole:?} with a whole processor");
}
