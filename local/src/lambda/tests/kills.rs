//! Processes killed at random.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

const INVOCATIONS: usize = 500;

/// Kills a process of this program; whether it was there. It may have ended by itself meanwhile, and its number be another program's.
fn kill(pid: &str) -> bool {
    let parent = std::process::Command::new("ps").args(["-o", "ppid=", "-p", pid]).output().unwrap();
    String::from_utf8_lossy(&parent.stdout).trim() == std::process::id().to_string()
        && std::process::Command::new("kill").args(["-KILL", pid]).status().unwrap().success()
}

/// Kills processes of the room, one after another, until it is told to stop; the number killed.
async fn kill_at_random(lambda: Lambda, stop: &AtomicBool) -> usize {
    let mut kills = 0;
    while !stop.load(Ordering::Relaxed) {
        let random = uuid::Uuid::new_v4().as_u128();
        if let Some(pid) = lambda.processes().get(random as usize % 4) {
            kills += usize::from(kill(&pid.to_string()));
        }
        tokio::time::sleep(Duration::from_micros(500 + (random >> 64) as u64 % 30_000)).await;
    }
    kills
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_processes_are_killed_every_invocation_ends_and_only_by_the_kill() {
    let lambda = start_with(config("test"), LambdaOptions { max_environments: 4, ..quiet() }).await;
    let (stop, killer) = (std::sync::Arc::new(AtomicBool::new(false)), lambda.clone());
    let killer = tokio::spawn({
        let stop = std::sync::Arc::clone(&stop);
        async move { kill_at_random(killer, &stop).await }
    });
    let (mut answered, mut failed) = (0, 0);
    // At most eight at a time, twice as many as there are processes, so that some run, some wait and some find a process idle.
    let mut running = tokio::task::JoinSet::new();
    for n in 0..INVOCATIONS + 8 {
        if n >= 8 {
            let ended = tokio::time::timeout(Duration::from_secs(60), running.join_next()).await.expect("an invocation hangs");
            match ended.unwrap().unwrap() {
                (expected, Ok(answer)) => {
                    assert_eq!(answer, expected);
                    answered += 1;
                }
                (_, Err(InvokeError::Function { error_type, message, .. })) => {
                    assert_eq!(error_type, "Runtime.ExitError");
                    assert!(message.ends_with("Error: Runtime exited with error: signal: killed"), "{message}");
                    failed += 1;
                }
                (_, Err(other)) => panic!("{other}"),
            }
        }
        if n < INVOCATIONS {
            let lambda = lambda.clone();
            running.spawn(async move {
                let payload = if n % 3 == 0 { json!({"answer": n}) } else { json!({"sleepMilliseconds": n % 20}) };
                let expected = payload.get("answer").cloned().unwrap_or_else(|| payload.clone());
                (expected, invoke(&lambda, payload).await)
            });
        }
    }
    stop.store(true, Ordering::Relaxed);
    let kills = killer.await.unwrap();
    assert_eq!(answered + failed, INVOCATIONS);
    assert!(kills > 20 && failed > 0 && answered > 0, "{kills} kills, {failed} failed, {answered} answered");
    // What is left is sound.
    assert_eq!(invoke(&lambda, json!({"answer": 1})).await, Ok(json!(1)));
    until("nothing serves", || lambda.serving() == 0).await;
    assert_eq!(stats(&lambda).errors, failed as u64);
    assert!(stats(&lambda).deaths >= failed as u64, "{} of {kills} kills", stats(&lambda).deaths);
    lambda.shutdown().await;
    assert_eq!(lambda.processes(), [0; 0]);
}
