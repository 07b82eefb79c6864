//! The Lambda room: real function processes behind the Runtime API.
//!
//! `invoke` finds the function's `pool`, which hands the invocation to an idle `environment` or starts one. The process asks for its
//! invocation and answers it through the `runtime_api`. Whatever befalls an environment is a `phase` change in its pool (`lifecycle`).
//! An event goes into the `event_queue`, which invokes by the rules of `retries` and, for what it gives up, sends an
//! `invocation_record`. The `api` is `Invoke` as AWS clients call it.

mod api;
mod billing;
mod durations;
mod environment;
mod event_queue;
mod failure;
mod host;
mod invocation;
mod invocation_record;
mod lifecycle;
mod logs;
mod options;
mod payload;
mod phase;
mod pool;
mod refusal;
mod retries;
mod runtime_api;
mod target;
#[cfg(test)]
pub(crate) mod test_function;
#[cfg(test)]
mod tests;
mod variables;

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;

use self::{
    event_queue::EventQueue,
    host::Host,
    invocation::Request,
    logs::FunctionLog,
    payload::{EVENT_LIMIT, REQUEST_LIMIT},
    pool::Pool,
    target::Target,
};
pub use self::{
    logs::{LogOptions, LogOutput},
    options::{ENVIRONMENTS, LambdaOptions},
    retries::{EventInvokeConfig, RetryWaits},
};
use crate::{account::function_arn, port, report::report};

/// One function, as the template describes it.
#[derive(Clone, Debug)]
pub struct FunctionConfig {
    /// The template's logical id, such as `SendMessageFunction`.
    pub logical_id: String,
    /// The physical name, such as `muster-dev-send-message`.
    pub name: String,
    /// The program to run, and the arguments it takes (none outside tests).
    pub program: PathBuf,
    /// Arguments of the program.
    pub arguments: Vec<String>,
    /// An invocation longer than this is ended with its environment.
    pub timeout: Duration,
    /// Memory in MB, which the function reads as `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`.
    pub memory_mb: u32,
    /// Whether Lambda itself logs that an invocation begins and ends, which only the bill knows here.
    pub platform_lines: bool,
    /// The variables of the template's `Environment`.
    pub environment: BTreeMap<String, String>,
    /// How many environments the function has at most, 1 or more; none: as many as any function.
    pub reserved_concurrency: Option<usize>,
    /// What becomes of asynchronous invocations.
    pub event_invoke: EventInvokeConfig,
}

/// Why an invocation has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// No function has this name or ARN.
    #[error("there is no function {0}")]
    NotFound(String),
    /// The function answered with an error, panicked, crashed, failed to start or ran out of time. The payload is what
    /// Lambda returns for it: `{"errorType":…,"errorMessage":…}`.
    #[error("{error_type}: {message}")]
    Function {
        /// The `errorType`, such as `Runtime.ExitError` or `Sandbox.Timedout`.
        error_type: String,
        /// The `errorMessage`.
        message: String,
        /// The whole of it, as the caller of Lambda gets it. A runtime may report what is not JSON.
        payload: Bytes,
    },
    /// Every environment the pool may have is busy and none came free in time.
    #[error("every process that the function may have is busy: see --environments")]
    Throttled,
    /// The payload is larger than Lambda takes.
    #[error("{bytes} byte payload is too large (limit {limit} bytes)")]
    RequestTooLarge {
        /// The payload's size.
        bytes: usize,
        /// 6 MiB, and 1 MiB for an asynchronous invocation.
        limit: usize,
    },
}

impl InvokeError {
    /// What the function answered instead of an answer.
    fn payload(&self) -> Option<&Bytes> {
        match self {
            InvokeError::Function { payload, .. } => Some(payload),
            _ => None,
        }
    }
}

/// An invocation that has come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoked {
    /// Its id, a UUID, which the function has seen if it ran.
    pub request_id: String,
    /// The function's answer, or why there is none.
    pub result: Result<Bytes, InvokeError>,
}

/// What one function has done since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunctionStats {
    /// Invocations asked for, those that failed or were throttled included.
    pub invocations: u64,
    /// Invocations that ended as [`InvokeError::Function`].
    pub errors: u64,
    /// Invocations that ended as [`InvokeError::Throttled`].
    pub throttles: u64,
    /// Invocations whose caller had gone before an environment was free, and which were not run.
    pub abandoned: u64,
    /// Processes that ended by themselves, also those that crashed or were killed, but not those that the room ended.
    pub deaths: u64,
    /// Environments there are now.
    pub environments: usize,
    /// Environments started: cold starts.
    pub environments_started: u64,
    /// Asynchronous invocations that were accepted and are not at their end.
    pub events: usize,
    /// What half of the answered invocations took at most, from the hand-over to the process until its answer.
    pub median: Duration,
    /// What 99 of 100 took at most.
    pub percentile_99: Duration,
    /// Milliseconds that AWS would bill, of the invocations that have ended.
    pub billed_ms: u64,
    /// Memory in MB.
    pub memory_mb: u32,
    /// Bytes of log lines as CloudWatch counts them.
    pub log_bytes: u64,
    /// Whether Lambda itself logs lines for each invocation, too.
    pub platform_lines: bool,
    /// Events and invocations that wait or run, and environments that start or have not asked again since their last answer. With 0, nothing
    /// of what is told here changes by itself.
    pub busy: usize,
}

/// Runs functions. Cheap to clone.
#[derive(Clone)]
pub struct Lambda {
    pools: Arc<Pools>,
}

/// Every function's pool, by name.
struct Pools {
    host: Arc<Host>,
    by_name: HashMap<String, Arc<Pool>>,
    events: EventQueue,
}

impl Pools {
    fn stop(&self) {
        for pool in self.by_name.values() {
            pool.stop();
        }
    }
}

/// Without a shutdown, the processes end when the last clone is dropped; nothing waits for that.
impl Drop for Pools {
    fn drop(&mut self) {
        self.stop();
        self.host.stopping.cancel();
    }
}

impl Lambda {
    /// Opens the Runtime API on a free loopback port. Processes are started when they are first needed.
    ///
    /// # Errors
    /// If no port can be had, or two functions have one name.
    pub async fn start(functions: Vec<FunctionConfig>, options: LambdaOptions) -> std::io::Result<Lambda> {
        let listener = port::open(0).await?;
        let host = Arc::new(Host::new(listener.local_addr()?, options));
        let names: Vec<_> = functions.iter().map(|function| function.name.as_str()).collect();
        let labels: Vec<_> = logs::short_names(&names).into_iter().map(str::to_owned).collect();
        let width = labels.iter().map(String::len).max().unwrap_or(0);
        let mut by_name = HashMap::new();
        for (function, label) in functions.into_iter().zip(labels) {
            let name = function.name.clone();
            let log = FunctionLog::new(&name, &label, width, &host.options.logs);
            let pool = Pool::new(function, function_arn(&name), Arc::clone(&host), log);
            if by_name.insert(name.clone(), Arc::new(pool)).is_some() {
                return Err(std::io::Error::new(std::io::ErrorKind::AlreadyExists, format!("two functions are named {name}")));
            }
        }
        let router = runtime_api::router(Arc::clone(&host));
        let stopping = host.stopping.clone();
        tokio::spawn(async move {
            tokio::select! {
                result = axum::serve(port::undelayed(listener), router) => if let Err(error) = result {
                    report("Runtime API", error);
                },
                () = stopping.cancelled() => {}
            }
        });
        let events = EventQueue::new(&host.options);
        Ok(Lambda { pools: Arc::new(Pools { host, by_name, events }) })
    }

    /// Runs `function` (its name or ARN, qualified by `$LATEST` or not) with `payload` and waits for its answer.
    ///
    /// The function runs to its end also if the returned future is dropped after the hand-over.
    pub async fn invoke(&self, function: &str, payload: Bytes) -> Invoked {
        let request = Request::new(payload);
        let request_id = request.id.clone();
        let result = match self.pool(function) {
            Some(pool) => invoke(pool, request).await,
            None => Err(InvokeError::NotFound(function.to_owned())),
        };
        Invoked { request_id, result }
    }

    /// Accepts `payload` as an event for `function`, named as in [`Lambda::invoke`], and answers the id that every attempt will have. From
    /// then on it counts in [`FunctionStats::events`] until it is handled or given up, by the rules of the function's [`EventInvokeConfig`].
    ///
    /// # Errors
    /// If there is no such function, the payload has more than 1 MiB, or the room is shut down.
    pub fn invoke_async(&self, function: &str, payload: Bytes) -> Result<String, InvokeError> {
        let pool = self.pool(function).ok_or_else(|| InvokeError::NotFound(function.to_owned()))?;
        payload::check(payload.len(), EVENT_LIMIT)?;
        let request = Request::new(payload);
        let request_id = request.id.clone();
        self.pools.events.accept(pool, request).map(|()| request_id)
    }

    fn pool(&self, function: &str) -> Option<&Arc<Pool>> {
        let target = Target::read(function);
        self.pools.by_name.get(target.name).filter(|_| target.exists())
    }

    /// Each living function process: the function's name and the process id.
    pub fn processes(&self) -> Vec<(String, u32)> {
        self.pools.by_name.values().flat_map(|pool| pool.pids().into_iter().map(|pid| (pool.function.name.clone(), pid))).collect()
    }

    /// Counts per function, by name.
    pub fn stats(&self) -> BTreeMap<String, FunctionStats> {
        self.pools.by_name.iter().map(|(name, pool)| (name.clone(), pool.stats())).collect()
    }

    /// Ends every process, also those in the middle of an invocation, and returns when they have ended. What waits or runs fails, and
    /// so does every later invocation. Asynchronous invocations that are not at their end are lost, and the log says how many.
    pub async fn shutdown(&self) {
        self.pools.events.stop().await;
        for pool in self.pools.by_name.values() {
            let lost = pool.events.swap(0, Relaxed);
            if lost > 0 {
                pool.logs.lost(&format!("{lost} event(s) were not at their end as the stack stopped, and are lost"));
            }
        }
        self.pools.stop();
        let host = &self.pools.host;
        host.tasks.close();
        host.tasks.wait().await;
        host.stopping.cancel();
    }
}

/// Invokes, unless the payload is too large.
async fn invoke(pool: &Arc<Pool>, request: Request) -> Result<Bytes, InvokeError> {
    payload::check(request.payload.len(), REQUEST_LIMIT)?;
    pool.invoke(request).await
}
