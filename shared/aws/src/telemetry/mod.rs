//! What a function says of itself: log lines in JSON, and metrics in CloudWatch's embedded format, both on standard output.

mod logs;
mod metrics;

pub use logs::start;
pub use metrics::{Metric, Metrics};
