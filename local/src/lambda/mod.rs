//! The Lambda room: real function processes behind the Runtime API.
//!
//! `invoke` finds the function's `pool`, which hands the invocation to an idle `environment` or starts one. The process asks for its
//! invocation and answers it through the `runtime_api`. Whatever befalls an environment is a `phase` change in its pool (`lifecycle`).
//! Between invocations a process is frozen, and the `guard` ends it if the stack is killed. An event goes into the queue of `events`, which
//! invokes by the rules of `retries`. What functions print goes through `logs`. The `api` is `Invoke` as AWS clients call it.

mod api;
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
use uuid::Uuid;

use self::{events::Event, guard::Guard, invocation::Request, logs::FunctionLog, pool::Pool};
pub use self::{
    log_text::Level,
    logs::{LogFormat, LogLine, LogOptions},
};
use crate::{
    account::function_arn, events::Events, keep::Keep, lock::lock, meter::FunctionUsage, port, report::report, sqs::Sqs,
    template::Function, weather::Weather,
};

/// What is invoked without an alias.
const LATEST: &str = "$LATEST";
/// The alias that the template gives each function, and the version that it points at.
const ALIAS: &str = "live";
const PUBLISHED: &str = "1";

/// The version of a function with this ARN. There is one program, whatever it is called.
pub(crate) fn version(arn: &str) -> &'static str {
    if arn.rsplit(':').next() == Some(ALIAS) { PUBLISHED } else { LATEST }
}

/// A kind of invocation, and how large its request may be in bytes (Lambda developer guide, "Lambda quotas").
type Kind = (&'static str, usize);
const REQUEST_RESPONSE: Kind = ("RequestResponse", 6 * 1024 * 1024);
const EVENT: Kind = ("Event", 1024 * 1024);

/// The largest answer in bytes: 6 MiB and the 100 bytes that AWS leaves for its envelope.
const ANSWER_LIMIT: usize = 6 * 1024 * 1024 + 100;

/// How many environments one function may have at once, unless somebody says otherwise.
pub const ENVIRONMENTS: NonZeroUsize = NonZeroUsize::new(10).unwrap();

/// Limits and habits of the Lambda room, the same for every function.
pub struct LambdaOptions {
    /// The program of all functions, which learns from `_HANDLER` which one it is.
    pub program: PathBuf,
    /// Arguments of the program: none outside tests.
    pub arguments: Vec<String>,
    /// Variables of every function, which override those of the template, such as where AWS's services are.
    pub environment: BTreeMap<String, String>,
    /// How many environments (processes) one function may have at once. AWS allows an account 1,000; one machine has fewer cores.
    pub max_environments: usize,
    /// An environment that served nothing for this long is ended.
    pub idle: Duration,
    /// How long an invocation may wait for an environment when the function has all it may have; then it is throttled.
    /// AWS throttles at once, having far more environments to give.
    pub queue_wait: Duration,
    /// How long a process may take until it asks for its first invocation.
    pub init_timeout: Duration,
    /// The wait before the first retry of an asynchronous invocation. The other waits, and those after throttles, are in proportion.
    pub async_retry: Duration,
    /// Whether cold starts take as long as they would with the share of a processor that AWS gives a function of its memory.
    pub pace_aws: bool,
    /// Where the queues are that hear of asynchronous invocations given up. None: there are no such queues.
    pub sqs: Option<Sqs>,
    /// Where asynchronous invocations are kept.
    pub keep: Keep,
    /// What goes wrong on purpose, and whether environments are frozen.
    pub weather: Weather,
    /// Is told of each invocation.
    pub(crate) events: Events,
    pub logs: LogOptions,
}

impl Default for LambdaOptions {
    fn default() -> LambdaOptions {
        let (program, arguments, environment, sqs, keep, weather, events, logs) = Default::default();
        let (idle, queue_wait, init_timeout) = (Duration::from_secs(300), Duration::from_secs(10), Duration::from_secs(10));
        let (max_environments, async_retry, pace_aws) = (ENVIRONMENTS.get(), Duration::from_secs(60), false);
        LambdaOptions {
            program,
            arguments,
            environment,
            max_environments,
            idle,
            queue_wait,
            init_timeout,
            async_retry,
            pace_aws,
            sqs,
            keep,
            weather,
            events,
            logs,
        }
    }
}

/// Why an invocation has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The ARN of a function, a version or an alias that is not there.
    #[error("Function not found: {0}")]
    NotFound(String),
    /// The function answered with an error, panicked, crashed, failed to start or ran out of time.
    #[error("{error_type}: {message}")]
    Function {
        /// Such as `Runtime.ExitError` or `Sandbox.Timedout`.
        error_type: String,
        message: String,
        /// What the caller of Lambda gets: `{"errorType":…,"errorMessage":…}`. A runtime may report what is not JSON.
        payload: Bytes,
    },
    /// Every environment the pool may have is busy and none came free in time.
    #[error("every process that the function may have is busy: see --environments")]
    Throttled,
    /// The payload has so many bytes.
    #[error("{0} byte payload is too large for the {kind} invocation type (limit {limit} bytes)", kind = .1.0, limit = .1.1)]
    RequestTooLarge(usize, Kind),
}

/// An invocation that has come to its end.
pub struct Invoked {
    /// Its id, a UUID, which the function has seen if it ran.
    pub request_id: String,
    /// The function's answer, or why there is none.
    pub result: Result<Bytes, InvokeError>,
}

/// What one function has done since the start.
#[derive(Clone, Debug, Default)]
pub struct FunctionStats {
    /// Invocations asked for, those that failed or were throttled included.
    pub invocations: u64,
    /// Invocations that ended as [`InvokeError::Function`].
    pub errors: u64,
    pub throttles: u64,
    /// Processes that ended by themselves, also those that crashed or were killed, but not those that the room ended.
    pub deaths: u64,
    /// The ids of its living processes.
    pub processes: Vec<u32>,
    /// Cold starts.
    pub environments_started: u64,
    /// Asynchronous invocations that were accepted and are not at their end.
    pub events: usize,
    /// What half of the answered invocations took at most, from the hand-over to the process until its answer.
    pub median: Duration,
    pub percentile_99: Duration,
    /// What AWS would bill, of the invocations that have ended.
    pub usage: FunctionUsage,
    /// Events and invocations that wait or run, and environments that start or have not asked again since their last answer. With 0,
    /// nothing of what is told here changes by itself.
    pub busy: usize,
}

/// Runs functions. Cheap to clone.
#[derive(Clone)]
pub struct Lambda {
    host: Arc<Host>,
    pools: runtime_api::Pools,
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

fn new_id() -> String {
    Uuid::new_v4().to_string()
}

impl Lambda {
    /// Opens the Runtime API on a free loopback port, and goes on with the events that were kept. Processes are started when they are first
    /// needed. Fails if no port can be had or no process can be started.
    pub async fn start(functions: &[Function], options: LambdaOptions) -> std::io::Result<Lambda> {
        let listener = port::open(0).await?;
        let (watchers, events, stopping) = Default::default();
        let host = Arc::new(Host { address: listener.local_addr()?, options, guard: Guard::start()?, watchers, events, stopping });
        let names: Vec<_> = functions.iter().map(|function| function.name.as_str()).collect();
        let pools = functions.iter().zip(logs::labels(&names)).map(|(function, label)| {
            let log = FunctionLog::new(&function.name, label, host.options.logs);
            (function.name.clone(), Arc::new(Pool::new(function.clone(), Arc::clone(&host), log)))
        });
        let pools = Arc::new(pools.collect::<HashMap<_, _>>());
        let served = axum::serve(port::undelayed(listener), runtime_api::router(Arc::clone(&pools)));
        tokio::spawn(host.stopping.clone().run_until_cancelled_owned(served.into_future()));
        let lambda = Lambda { host, pools };
        for (id, event) in lambda.host.options.keep.all::<Event>(events::ROOM) {
            match lambda.find(&event.function) {
                Ok((pool, _)) => events::deliver(pool, id, event),
                Err(error) => report("lambda", format_args!("the event {id} cannot go on: {error}")),
            }
        }
        Ok(lambda)
    }

    /// Runs `function` (its name or ARN, qualified by `$LATEST`, by the alias `live` or not at all) with `payload` and waits for its
    /// answer.
    ///
    /// The function runs to its end also if the returned future is dropped after the hand-over.
    pub async fn invoke(&self, function: &str, payload: Bytes) -> Invoked {
        let request_id = new_id();
        let result = match self.request(REQUEST_RESPONSE, &request_id, function, payload) {
            Ok((pool, request)) => pool.invoke(request).await,
            Err(error) => Err(error),
        };
        Invoked { request_id, result }
    }

    /// Accepts `payload`, JSON, as an event for `function`, named as in [`Lambda::invoke`], and answers the id that every attempt will
    /// have. From then on it counts in [`FunctionStats::events`] until it is handled or given up, by the rules of the function's
    /// `EventInvokeConfig`. Once the room is shut down, it accepts no more.
    pub fn invoke_async(&self, function: &str, payload: Bytes) -> Result<String, InvokeError> {
        let id = new_id();
        let (pool, request) = self.request(EVENT, &id, function, payload)?;
        events::accept(pool, request).map(|()| id)
    }

    fn request(&self, kind: Kind, id: &str, function: &str, payload: Bytes) -> Result<(&Arc<Pool>, Request), InvokeError> {
        let (pool, arn) = self.find(function)?;
        if payload.len() > kind.1 {
            return Err(InvokeError::RequestTooLarge(payload.len(), kind));
        }
        Ok((pool, Request { id: id.to_owned(), arn, payload }))
    }

    /// The function that is named, and the ARN under which it is.
    fn find(&self, function: &str) -> Result<(&Arc<Pool>, String), InvokeError> {
        let named = function.strip_prefix(&function_arn("")).unwrap_or(function);
        let (name, qualifier) = named.split_once(':').unwrap_or((named, LATEST));
        match self.pools.get(name) {
            Some(pool) if [LATEST, ALIAS].contains(&qualifier) => Ok((pool, function_arn(named))),
            _ => Err(InvokeError::NotFound(function_arn(named))),
        }
    }

    /// Counts per function, by name.
    pub fn stats(&self) -> BTreeMap<String, FunctionStats> {
        self.pools.iter().map(|(name, pool)| (name.clone(), pool.stats())).collect()
    }

    /// The last lines of all functions from `since` on, epoch milliseconds, in the order of time.
    pub fn all_log_lines(&self, since: u64) -> Vec<LogLine> {
        let mut lines: Vec<_> = self.pools.values().flat_map(|pool| pool.logs.lines(since)).collect();
        lines.sort_by_key(|line| line.time_ms);
        lines
    }

    /// Ends every process, also those in the middle of an invocation, and returns when they have ended. What waits or runs fails, and
    /// so does every later invocation. Asynchronous invocations that are not at their end go on at the next start if they are kept;
    /// otherwise they are lost, and the log says how many.
    pub async fn shutdown(&self) {
        let host = &self.host;
        host.stopping.cancel();
        host.events.close();
        host.events.wait().await;
        let is_kept = !host.options.keep.all::<Event>(events::ROOM).is_empty();
        for pool in self.pools.values() {
            let left = std::mem::take(&mut lock(&pool.state).stats.events);
            if left > 0 && !is_kept {
                let lost = format!("[events] {left} event(s) were not at their end as the stack stopped, and are lost");
                pool.logs.own(Level::Error, &lost);
            }
            pool.stop();
        }
        host.watchers.close();
        host.watchers.wait().await;
    }
}
