//! What may be chosen about running functions.

use std::{num::NonZeroUsize, time::Duration};

use super::{logs::LogOptions, retries::RetryWaits};
use crate::sqs::Sqs;

/// How many environments one function may have at once, unless somebody says otherwise.
pub const ENVIRONMENTS: NonZeroUsize = NonZeroUsize::new(10).unwrap();

/// Limits and habits of the Lambda room, the same for every function.
#[derive(Clone)]
pub struct LambdaOptions {
    /// How many environments (processes) one function may have at once. AWS allows an account 1,000; one machine has fewer cores.
    pub max_environments: usize,
    /// An environment that served nothing for this long is ended.
    pub idle: Duration,
    /// How long an invocation may wait for an environment when the function has all it may have; then it is throttled.
    /// AWS throttles at once, having far more environments to give.
    pub queue_wait: Duration,
    /// How long a process may take until it asks for its first invocation. It is then started once more, with the function's own timeout,
    /// as AWS does.
    pub init_timeout: Duration,
    /// The waits between the attempts of an asynchronous invocation.
    pub retry_waits: RetryWaits,
    /// Where the queues are that hear of asynchronous invocations given up. None: there are no such queues.
    pub sqs: Option<Sqs>,
    /// What of the functions' output is shown, and where.
    pub logs: LogOptions,
}

impl Default for LambdaOptions {
    fn default() -> LambdaOptions {
        LambdaOptions {
            max_environments: ENVIRONMENTS.get(),
            idle: Duration::from_secs(300),
            queue_wait: Duration::from_secs(10),
            init_timeout: Duration::from_secs(10),
            retry_waits: RetryWaits::default(),
            sqs: None,
            logs: LogOptions::default(),
        }
    }
}
