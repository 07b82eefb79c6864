//! Waiting for what must come, instead of sleeping for as long as it might take.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep};

/// How long anything may take before a test gives up. Machines that run tests are slow at times; Muster is not.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Asks again and again until there is an answer.
///
/// # Panics
/// If there is none within [`PATIENCE`].
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}
