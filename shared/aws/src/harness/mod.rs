//! What every function does around its handler, once: reading the environment, logging, metrics, parsing the event, and telling rejections
//! from faults. One entry per kind of event source: [`route`] and [`quiet`], [`connection`], [`authorizer`], [`stream`] and [`changes`],
//! [`timer`], [`topic`], [`task`].

mod answer;
mod authorizer;
mod connection;
mod player;
mod record;
mod route;
mod stream;
mod task;
mod timer;
mod topic;
mod trouble;
mod unanswered;

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::Instant;

pub use authorizer::authorizer;
pub use connection::{ConnectionEvent, connection};
pub use player::Player;
pub use record::Row;
pub use route::{Call, Quiet, quiet, route, unrouted};
pub use stream::{FailedRow, changes, stream};
pub use task::{Task, task};
pub use timer::{Fired, timer};
pub use topic::{Notification, topic};
pub use trouble::Trouble;
use unanswered::Unanswered;

use crate::{
    Config, ConfigError, Failure, Fault, clock,
    telemetry::{self, Metric, Metrics},
};

/// What of an invocation's time is kept for writing dead letters.
const BURIAL: Duration = Duration::from_secs(2);

/// Builds what the handler needs, then answers events for as long as the environment lives.
async fn run<S, E, R, U, H>(state: impl FnOnce(&Config) -> Result<S, ConfigError>, handler: H) -> Result<(), Error>
where
    E: DeserializeOwned,
    R: Serialize,
    U: Into<Unanswered>,
    H: AsyncFn(&S, LambdaEvent<E>, &Metrics) -> Result<R, U>,
{
    let config = Config::from_environment();
    telemetry::start(&config)?;
    let metrics = Metrics::from_config(&config);
    let state = state(&config).inspect_err(|error| {
        tracing::error!(error = Fault::new("starting", error.to_string()).chain(), "the function cannot start");
        metrics.record(Metric::Faults, 1);
        metrics.flush();
    })?;
    let (state, metrics, handler) = (&state, &metrics, &handler);
    // The runtime's future is nested deeply: in a box, it leaves the compiler's limit on nesting to the handlers.
    Box::pin(lambda_runtime::run(service_fn(move |event: LambdaEvent<E>| async move {
        let result = handler(state, event, metrics).await.map_err(Into::into);
        if let Err(Unanswered::Fault(fault)) = &result {
            tracing::error!(cause = fault.cause(), error = fault.chain(), "the invocation failed");
            metrics.record(Metric::Faults, 1);
        }
        metrics.flush();
        result
    })))
    .await
}

/// When this invocation's work must be over so that its answer still gets out: half a second before Lambda ends it.
fn work_deadline(deadline_milliseconds: u64) -> Instant {
    let left = Duration::from_millis(deadline_milliseconds.saturating_sub(clock::now_milliseconds()));
    Instant::now() + left.saturating_sub(Duration::from_millis(500))
}
