//! Log lines: one JSON object each, with the fields of the span around it, so that `cause` joins the hops of one request.

use std::str::FromStr;

use tracing::{Metadata, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::filter_fn, layer::SubscriberExt};

use crate::{Config, ConfigError};

/// Where the runtime logs each error of a handler once more, after the harness has told of it with its causes.
const REPEATS: &str = "lambda_runtime::layers::panic";

/// The span that the runtime puts around each invocation would make every line of a stream or a timer twice as long. What it names,
/// Lambda's own id of the invocation, joins nothing: lines name the requests that they are about.
const RUNTIME: &str = "lambda_runtime";

/// Starts logging. `LOG_LEVEL` (error, warn, info, debug, trace) is optional; its default is info.
///
/// # Errors
/// A [`ConfigError`] if `LOG_LEVEL` is none of these.
pub fn start(config: &Config) -> Result<(), ConfigError> {
    let level = config.optional("LOG_LEVEL").unwrap_or("info");
    let level = LevelFilter::from_str(level)
        .map_err(|_| ConfigError::Unusable { name: "LOG_LEVEL", problem: format!("'{level}' is not a level") })?;
    // The time is left out: CloudWatch stamps every line, and formatting it twice costs start-up and bytes.
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_span_list(false).with_target(false).without_time();
    let is_wanted = move |metadata: &Metadata<'_>| {
        let is_of_runtime = metadata.is_span() && metadata.target().starts_with(RUNTIME);
        *metadata.level() <= level && metadata.target() != REPEATS && !is_of_runtime
    };
    let wanted = filter_fn(is_wanted).with_max_level_hint(level);
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(wanted));
    // Only a second start in one process fails, and then the first one's lines are the ones wanted.
    tracing::subscriber::set_global_default(subscriber).unwrap_or_default();
    Ok(())
}
