//! Environments are frozen between invocations.

use super::*;
use crate::weather::{Odds, Weather};

/// The letter of the process's state: `T` is stopped. `None` if the system has no /proc.
fn state_of(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

#[tokio::test]
async fn a_process_is_frozen_while_it_waits_and_goes_on_with_the_next_invocation() {
    let lambda = start().await;
    for round in 0..3 {
        assert_eq!(invoke(&lambda, json!(round)).await, Ok(json!(round)));
        let pid = pid(&lambda);
        until("it is frozen", || state_of(pid).is_none_or(|state| state == 'T')).await;
    }
    assert_eq!((stats(&lambda).environments_started, stats(&lambda).errors), (1, 0));
    let pid = pid(&lambda);
    lambda.shutdown().await;
    assert!(has_ended(pid));
}

#[tokio::test]
async fn frozen_processes_are_reaped_and_their_deaths_are_noticed() {
    let lambda = start_with(config("test"), LambdaOptions { idle: Duration::from_millis(300), ..quiet() }).await;
    invoke(&lambda, json!(1)).await.unwrap();
    let reaped = pid(&lambda);
    until("it is reaped", || lambda.processes().is_empty()).await;
    assert!(has_ended(reaped));
    invoke(&lambda, json!(1)).await.unwrap();
    until("it waits", || lambda.idle() == 1).await;
    kill(pid(&lambda));
    until("its death is noticed", || stats(&lambda).deaths == 1 && lambda.processes().is_empty()).await;
    lambda.shutdown().await;
}

#[tokio::test]
#[ignore = "a measurement: how long an invocation takes with and without freezing"]
async fn how_long_an_invocation_takes() {
    for freeze in [true, false, true, false] {
        let weather = Weather::new(Odds { freeze, ..Odds::default() });
        let lambda = start_with(config("test"), LambdaOptions { weather, ..quiet() }).await;
        let mut times = Vec::new();
        for round in 0..2_000 {
            let start = Instant::now();
            invoke(&lambda, json!(round)).await.unwrap();
            times.push(start.elapsed());
            until("it waits", || lambda.idle() == 1).await;
        }
        times.sort();
        println!("freeze {freeze}: median {:?}, 99 of 100 {:?}", times[1_000], times[1_980]);
        lambda.shutdown().await;
    }
}
