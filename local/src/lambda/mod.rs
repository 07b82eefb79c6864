//! The Lambda room: real function processes behind the Runtime API.
//!
//! `invoke` finds the function's `pool`, which hands the invocation to an idle `environment` or starts one. The process asks for its
//! invocation and answers it through the `runtime_api`. Whatever befalls an environment is a `phase` change in its pool (`lifecycle`).
//! Between invocations a process is frozen, and the `guard` ends it if the stack is killed. An event goes into the queue of `events`, which
//! invokes by the rules of `retries`. What functions print goes through `logs`. The `api` is `Invoke` as AWS clients call it.

mod api;
mod billing;
mod environment;
mod events;
mod failure;
mod guard;
mod invocation;
mod lifecycle;
mod log_text;
mod logs;
mod phase;
mod pool;
mod retries;
mod runtime_api;
#[cfg(test)]
pub(crate) mod test_function;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    num::NonZeroUsize,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::logs::{LogFormat, LogLine, LogOptions, Show};
use self::{
    guard::Guard,
    invocation::{EVENT_LIMIT, REQUEST_LIMIT, Request},
    logs::FunctionLog,
    pool::Pool,
};
use crate::{account::function_arn, keep::Keep, lock::lock, port, report::report, sqs::Sqs, template::Function, weather::Weather};

/// The one version that functions have here.
const LATEST: &str = "$LATEST";
/// The alias that the template gives each function.
const ALIAS: &str = "live";

/// How many environments one function may have at once, unless somebody says otherwise.
pub const ENVIRONMENTS: NonZeroUsize = NonZeroUsize::new(10).unwrap();

/// Limits and habits of the Lambda room, the same for every function.
#[derive(Clone)]
pub struct LambdaOptions {
    /// The program of all functions, which learns from `_HANDLER` which one it is.
    pub(crate) program: PathBuf,
    /// Arguments of the program: none outside tests.
    pub(crate) arguments: Vec<String>,
    /// Variables of every function, which override those of the template, such as where AWS's services are.
    pub(crate) environment: BTreeMap<String, String>,
    /// How many environments (processes) one function may have at once. AWS allows an account 1,000; one machine has fewer cores.
    pub(crate) max_environments: usize,
    /// An environment that served nothing for this long is ended.
    pub(crate) idle: Duration,
    /// How long an invocation may wait for an environment when the function has all it may have; then it is throttled.
    /// AWS throttles at once, having far more environments to give.
    pub(crate) queue_wait: Duration,
    /// How long a process may take until it asks for its first invocation.
    pub(crate) init_timeout: Duration,
    /// The wait before the first retry of an asynchronous invocation. The other waits, and those after throttles, are in proportion.
    pub(crate) async_retry: Duration,
    /// Whether cold starts take as long as they would with the share of a processor that AWS gives a function of its memory.
    pub(crate) pace_aws: bool,
    /// Where the queues are that hear of asynchronous invocations given up. None: there are no such queues.
    pub(crate) sqs: Option<Sqs>,
    /// Where asynchronous invocations are kept.
    pub(crate) keep: Keep,
    /// What goes wrong on purpose, and whether environments are frozen.
    pub(crate) weather: Weather,
    pub(crate) logs: LogOptions,
}

impl Default for LambdaOptions {
    fn default() -> LambdaOptions {
        let (program, arguments, environment, sqs, keep, weather, logs) = Default::default();
        LambdaOptions {
            program,
            arguments,
            environment,
            max_environments: ENVIRONMENTS.get(),
            idle: Duration::from_secs(300),
            queue_wait: Duration::from_secs(10),
            init_timeout: Duration::from_secs(10),
            async_retry: Duration::from_secs(60),
            pace_aws: false,
            sqs,
            keep,
            weather,
            logs,
        }
    }
}

/// Why an invocation has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// No function has this name or ARN.
    #[error("there is no function {0}")]
    NotFound(String),
    /// The function answered with an error, panicked, crashed, failed to start or ran out of time.
    #[error("{error_type}: {message}")]
    Function {
        /// The `errorType`, such as `Runtime.ExitError` or `Sandbox.Timedout`.
        error_type: String,
        /// The `errorMessage`.
        message: String,
        /// What the caller of Lambda gets: `{"errorType":…,"errorMessage":…}`. A runtime may report what is not JSON.
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
    pub(crate) invocations: u64,
    /// Invocations that ended as [`InvokeError::Function`].
    pub(crate) errors: u64,
    /// Invocations that ended as [`InvokeError::Throttled`].
    pub(crate) throttles: u64,
    /// Processes that ended by themselves, also those that crashed or were killed, but not those that the room ended.
    pub(crate) deaths: u64,
    pub(crate) environments: usize,
    /// Environments started: cold starts.
    pub(crate) environments_started: u64,
    /// Asynchronous invocations that were accepted and are not at their end.
    pub(crate) events: usize,
    /// What half of the answered invocations took at most, from the hand-over to the process until its answer.
    pub(crate) median: Duration,
    pub(crate) percentile_99: Duration,
    /// Milliseconds that AWS would bill, of the invocations that have ended.
    pub(crate) billed_ms: u64,
    pub(crate) memory_mb: u32,
    /// Bytes of log lines as CloudWatch counts them.
    pub(crate) log_bytes: u64,
    /// Events and invocations that wait or run, and environments that start or have not asked again since their last answer. With 0, nothing
    /// of what is told here changes by itself.
    pub(crate) busy: usize,
}

/// Runs functions. Cheap to clone.
#[derive(Clone)]
pub struct Lambda {
    pools: Arc<Pools>,
}

/// What the pools of all functions share.
struct Host {
    /// Of the Runtime API.
    address: SocketAddr,
    options: LambdaOptions,
    guard: Guard,
    /// The watchers of the processes.
    watchers: TaskTracker,
    /// Events on their way.
    events: TaskTracker,
    stopping: CancellationToken,
}

/// Every function's pool, by name.
struct Pools {
    host: Arc<Host>,
    by_name: runtime_api::Pools,
}

impl Pools {
    fn stop(&self) {
        self.host.stopping.cancel();
        self.by_name.values().for_each(|pool| pool.stop());
    }
}

/// Without a shutdown, the processes end when the last clone is dropped; nothing waits for that.
impl Drop for Pools {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Lambda {
    /// Opens the Runtime API on a free loopback port, and goes on with the events that were kept. Processes are started when they are first
    /// needed.
    ///
    /// # Errors
    /// If no port can be had, no process can be started, or two functions have one name.
    pub async fn start(functions: &[Function], options: LambdaOptions) -> std::io::Result<Lambda> {
        let listener = port::open(0).await?;
        let (watchers, events, stopping) = Default::default();
        let host = Host { address: listener.local_addr()?, options, guard: Guard::start()?, watchers, events, stopping };
        let (host, mut by_name) = (Arc::new(host), HashMap::new());
        let names: Vec<_> = functions.iter().map(|function| function.name.as_str()).collect();
        for (function, label) in functions.iter().zip(logs::labels(&names)) {
            let log = FunctionLog::new(&function.name, label, host.options.logs);
            let pool = Pool::new(function.clone(), Arc::clone(&host), log);
            if by_name.insert(function.name.clone(), Arc::new(pool)).is_some() {
                let message = format!("two functions are named {}", function.name);
                return Err(std::io::Error::new(std::io::ErrorKind::AlreadyExists, message));
            }
        }
        let by_name = Arc::new(by_name);
        let served = axum::serve(port::undelayed(listener), runtime_api::router(Arc::clone(&by_name)));
        tokio::spawn(host.stopping.clone().run_until_cancelled_owned(async {
            if let Err(error) = served.await {
                report("Runtime API", error);
            }
        }));
        let lambda = Lambda { pools: Arc::new(Pools { host, by_name }) };
        for (id, event) in events::kept(&lambda.pools.host.options.keep) {
            match lambda.find(&event.function) {
                Some((pool, _)) => events::deliver(pool, id, event),
                None => report("lambda", format!("the event {id} is for {}, which is not there any more", event.function)),
            }
        }
        Ok(lambda)
    }

    /// Runs `function` (its name or ARN, qualified by `$LATEST`, by the alias `live` or not at all) with `payload` and waits for its answer.
    ///
    /// The function runs to its end also if the returned future is dropped after the hand-over.
    pub async fn invoke(&self, function: &str, payload: Bytes) -> Invoked {
        let bytes = payload.len();
        let (found, arn) = self.find(function).unzip();
        let request = Request::new(arn.unwrap_or_default(), payload);
        let request_id = request.id.clone();
        let result = match found {
            None => Err(InvokeError::NotFound(function.to_owned())),
            Some(_) if bytes > REQUEST_LIMIT => Err(InvokeError::RequestTooLarge { bytes, limit: REQUEST_LIMIT }),
            Some(pool) => pool.invoke(request).await,
        };
        Invoked { request_id, result }
    }

    /// Accepts `payload`, JSON, as an event for `function`, named as in [`Lambda::invoke`], and answers the id that every attempt will have.
    /// From then on it counts in [`FunctionStats::events`] until it is handled or given up, by the rules of the function's `EventInvokeConfig`.
    ///
    /// # Errors
    /// If there is no such function, the payload has more than 1 MiB, or the room is shut down.
    pub fn invoke_async(&self, function: &str, payload: Bytes) -> Result<String, InvokeError> {
        let (pool, arn) = self.find(function).ok_or_else(|| InvokeError::NotFound(function.to_owned()))?;
        let bytes = payload.len();
        if bytes > EVENT_LIMIT {
            return Err(InvokeError::RequestTooLarge { bytes, limit: EVENT_LIMIT });
        }
        let request = Request::new(arn, payload);
        let request_id = request.id.clone();
        events::accept(pool, request).map(|()| request_id)
    }

    /// The function that is named, and the ARN under which it is.
    fn find(&self, function: &str) -> Option<(&Arc<Pool>, String)> {
        let named = function.strip_prefix(&function_arn("")).unwrap_or(function);
        let (name, qualifier) = named.split_once(':').map_or((named, None), |(name, qualifier)| (name, Some(qualifier)));
        let pool = self.pools.by_name.get(name)?;
        qualifier.is_none_or(|qualifier| [LATEST, ALIAS].contains(&qualifier)).then(|| (pool, function_arn(named)))
    }

    /// Each living function process: the function's name and the process id.
    pub fn processes(&self) -> Vec<(String, u32)> {
        self.pools.by_name.iter().flat_map(|(name, pool)| pool.pids().into_iter().map(|pid| (name.clone(), pid))).collect()
    }

    /// Counts per function, by name.
    pub fn stats(&self) -> BTreeMap<String, FunctionStats> {
        self.pools.by_name.iter().map(|(name, pool)| (name.clone(), pool.stats())).collect()
    }

    /// The last lines of the function `name` from `since` on, epoch milliseconds, the oldest first; none if there is no such function.
    pub fn log_lines(&self, name: &str, since: u64) -> Vec<LogLine> {
        self.pools.by_name.get(name).map(|pool| pool.logs.lines(since)).unwrap_or_default()
    }

    /// The last lines of all functions from `since` on, epoch milliseconds, in the order of time.
    pub fn all_log_lines(&self, since: u64) -> Vec<LogLine> {
        let mut lines: Vec<_> = self.pools.by_name.values().flat_map(|pool| pool.logs.lines(since)).collect();
        lines.sort_by_key(|line| line.time_ms);
        lines
    }

    /// Ends every process, also those in the middle of an invocation, and returns when they have ended. What waits or runs fails, and
    /// so does every later invocation. Asynchronous invocations that are not at their end go on at the next start if they are kept;
    /// otherwise they are lost, and the log says how many.
    pub async fn shutdown(&self) {
        let host = &self.pools.host;
        host.stopping.cancel();
        host.events.close();
        host.events.wait().await;
        let is_kept = !events::kept(&host.options.keep).is_empty();
        for pool in self.pools.by_name.values() {
            let left = std::mem::take(&mut lock(&pool.state).stats.events);
            if left > 0 && !is_kept {
                pool.logs.lost(&format!("{left} event(s) were not at their end as the stack stopped, and are lost"));
            }
        }
        self.pools.stop();
        host.watchers.close();
        host.watchers.wait().await;
    }
}
