//! The room as its callers see it, with real processes, and as its processes see it.

mod answers;
mod api;
mod billing;
mod events;
mod failures;
mod freezing;
mod growth;
mod kills;
mod protocol;
mod retries;
mod surroundings;
mod weather;

use std::{path::Path, time::Instant};

use serde_json::{Value, json};

use super::{
    test_function::{config, quiet},
    *,
};

/// One function called `test`.
async fn start() -> Lambda {
    start_with(config("test"), quiet()).await
}

async fn start_with(function: Function, options: LambdaOptions) -> Lambda {
    Lambda::start(&[function], options).await.unwrap()
}

async fn invoke(lambda: &Lambda, payload: Value) -> Result<Value, InvokeError> {
    let answer = lambda.invoke("test", payload.to_string().into()).await.result?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

/// Begins an invocation and leaves it to itself.
fn begin(lambda: &Lambda, payload: Value) -> tokio::task::JoinHandle<Result<Value, InvokeError>> {
    let lambda = lambda.clone();
    tokio::spawn(async move { invoke(&lambda, payload).await })
}

fn stats(lambda: &Lambda) -> FunctionStats {
    lambda.stats().remove("test").unwrap()
}

/// The only process there is.
fn pid(lambda: &Lambda) -> u32 {
    let processes = lambda.processes();
    assert_eq!(processes.len(), 1, "{processes:?}");
    processes[0]
}

/// The type and message of a failed invocation, the message without the request id.
fn failure(result: Result<Value, InvokeError>) -> (String, String) {
    let Err(InvokeError::Function { error_type, message, .. }) = result else { panic!("{result:?}") };
    let message = match message.strip_prefix("RequestId: ") {
        Some(rest) => format!("RequestId: …{}", &rest[36..]),
        None => message,
    };
    (error_type, message)
}

fn failed(error_type: &str, message: &str) -> (String, String) {
    (error_type.to_owned(), message.to_owned())
}

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(10), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn kill(pid: u32) {
    assert!(std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap().success());
}

/// Whether the process has ended, though perhaps nobody has asked for its exit status yet. Its threads do not end all at once, and
/// only when the last has ended the system calls the process ended. Without /proc, give it a moment.
fn has_ended(pid: u32) -> bool {
    if !Path::new("/proc/self/stat").exists() {
        std::thread::sleep(Duration::from_millis(100));
        return true;
    }
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return true };
    stat.contains(") Z ") && std::fs::read_dir(format!("/proc/{pid}/task")).map_or(true, |threads| threads.count() <= 1)
}

/// What tests may know of the inside.
impl Lambda {
    /// The processes of `test`.
    fn processes(&self) -> Vec<u32> {
        stats(self).processes
    }

    /// How many environments of `test` wait for an invocation.
    fn idle(&self) -> usize {
        crate::lock::lock(&self.pools["test"].state).idle.len()
    }

    /// How many environments of `test` serve one.
    fn serving(&self) -> usize {
        let state = crate::lock::lock(&self.pools["test"].state);
        state.slots.values().filter(|slot| matches!(slot.phase, phase::Phase::Running { .. })).count()
    }

    /// Whether the long poll of an environment of `test` was cut.
    fn has_lost_a_poll(&self) -> bool {
        let state = crate::lock::lock(&self.pools["test"].state);
        state.slots.values().any(|slot| matches!(&slot.phase, phase::Phase::Idle { poll, .. } if poll.is_closed()))
    }

    /// The base path of the only environment.
    fn base(&self) -> String {
        let state = crate::lock::lock(&self.pools["test"].state);
        let environment = state.slots.keys().next().unwrap().simple();
        format!("http://{}/test/{environment}/2018-06-01/runtime", self.host.address)
    }
}
