//! The meter: what AWS would bill for what happens here. It is cheap to clone, and each room tells its own copy what it did.
//!
//! [`units`] are AWS's rounding rules, [`PRICES`] its prices, and [`Usage`] what was counted until now with what it would cost. How long
//! functions ran and what they logged is in the Lambda room's own statistics.

mod connected;
mod prices;
pub mod units;
mod usage;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use self::connected::Connected;
pub use self::{
    connected::OpenConnection,
    prices::{Item, PRICES, Price},
    usage::{FunctionUsage, Usage},
};

/// Counts billable units. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    gateway_messages: AtomicU64,
    connected: Arc<Connected>,
    /// Halves of a unit, since an eventually consistent read uses half a one.
    write_halves: AtomicU64,
    read_halves: AtomicU64,
    sqs_requests: AtomicU64,
    sns_publishes: AtomicU64,
}

impl Meter {
    /// A WebSocket message of so many bytes, from a client or to one.
    pub fn gateway_message(&self, bytes: usize) {
        self.counts.gateway_messages.fetch_add(units::gateway_units(bytes), Relaxed);
    }

    /// A socket is open from now until what this returns is dropped.
    pub fn connection(&self) -> OpenConnection {
        self.counts.connected.opened(Instant::now())
    }

    /// Capacity that a DynamoDB request has used up: units to the half.
    pub fn dynamodb(&self, write_units: f64, read_units: f64) {
        self.counts.write_halves.fetch_add(halves(write_units), Relaxed);
        self.counts.read_halves.fetch_add(halves(read_units), Relaxed);
    }

    /// An SQS request with so many bytes of messages, in it or in its answer.
    pub fn sqs_request(&self, bytes: usize) {
        self.counts.sqs_requests.fetch_add(units::sqs_units(bytes), Relaxed);
    }

    /// A message, or a batch of them, of so many bytes together that was published to SNS.
    pub fn sns_publish(&self, bytes: usize) {
        self.counts.sns_publishes.fetch_add(units::sqs_units(bytes), Relaxed);
    }

    /// What was counted until now, with what the functions used.
    #[must_use]
    pub fn usage(&self, functions: Vec<FunctionUsage>) -> Usage {
        let count = |counter: &AtomicU64| counter.load(Relaxed) as f64;
        let counts = &self.counts;
        let connected = counts.connected.total(Instant::now());
        Usage::new(functions, |item| match item {
            Item::GatewayMessages => count(&counts.gateway_messages),
            Item::ConnectionMinutes => connected.as_secs_f64() / 60.0,
            Item::WriteUnits => count(&counts.write_halves) / 2.0,
            Item::ReadUnits => count(&counts.read_halves) / 2.0,
            Item::SqsRequests => count(&counts.sqs_requests),
            Item::SnsPublishes => count(&counts.sns_publishes),
            Item::LambdaRequests | Item::LambdaGbSeconds | Item::LogGb => 0.0,
        })
    }
}

fn halves(units: f64) -> u64 {
    (units.max(0.0) * 2.0).round() as u64
}
