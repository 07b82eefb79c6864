//! The meter: what AWS would bill for what happens here. It is cheap to clone, and each room tells its own copy what it did.
//!
//! [`units`] are AWS's rounding rules, [`prices`] its prices, and [`Usage`] what was counted until now with what it would cost. How long
//! functions ran and what they logged is in the Lambda room's own statistics.

mod connected;
mod prices;
pub mod units;
mod usage;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use http::HeaderMap;

pub(crate) use self::prices::Item;
use self::{connected::Connected, prices::ITEMS};
pub use self::{
    connected::OpenConnection,
    usage::{FunctionUsage, Usage},
};
use crate::{account::signed_by, lock::lock};

/// Counts billable units. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    counts: Arc<Counts>,
    /// What each function causes, by its name.
    functions: Arc<Mutex<BTreeMap<String, Arc<Counts>>>>,
    /// Those of the function for which this one counts.
    own: Option<Arc<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    /// By [`Item`], halves of a unit, since an eventually consistent read uses half a one.
    halves: [AtomicU64; ITEMS],
    connected: Arc<Connected>,
}

impl Meter {
    /// The same meter, which counts for the function `name`, too.
    pub fn of(&self, name: &str) -> Self {
        let own = Arc::clone(lock(&self.functions).entry(name.to_owned()).or_default());
        Self { own: Some(own), ..self.clone() }
    }

    /// The same meter, which counts for the function that signed a request with these headers, too, if one did.
    pub fn of_caller(&self, headers: &HeaderMap) -> Self {
        signed_by(headers).map_or_else(|| self.clone(), |name| self.of(&name))
    }

    fn count(&self, item: Item, units: f64) {
        for counts in std::iter::once(&self.counts).chain(&self.own) {
            counts.halves[item as usize].fetch_add((units.max(0.0) * 2.0).round() as u64, Relaxed);
        }
    }

    /// A WebSocket message of so many bytes, from a client or to one.
    pub fn gateway_message(&self, bytes: usize) {
        self.count(Item::GatewayMessages, units::gateway_units(bytes) as f64);
    }

    /// A socket is open from now until what this returns is dropped.
    pub fn connection(&self) -> OpenConnection {
        self.counts.connected.opened(Instant::now())
    }

    /// Capacity that a DynamoDB request has used up: units to the half.
    pub fn dynamodb(&self, write_units: f64, read_units: f64) {
        self.count(Item::WriteUnits, write_units);
        self.count(Item::ReadUnits, read_units);
    }

    /// An SQS request with so many bytes of messages, in it or in its answer.
    pub fn sqs_request(&self, bytes: usize) {
        self.count(Item::SqsRequests, units::sqs_units(bytes) as f64);
    }

    /// A message, or a batch of them, of so many bytes together that was published to SNS.
    pub fn sns_publish(&self, bytes: usize) {
        self.count(Item::SnsPublishes, units::sqs_units(bytes) as f64);
    }

    /// What the function `name` has caused until now, with what it used itself.
    pub fn usage_of(&self, name: &str, usage: FunctionUsage) -> Usage {
        let counts = lock(&self.functions).get(name).cloned().unwrap_or_default();
        counts.usage(vec![usage])
    }

    /// What was counted until now, with what the functions used.
    pub fn usage(&self, functions: Vec<FunctionUsage>) -> Usage {
        self.counts.usage(functions)
    }
}

impl Counts {
    fn usage(&self, functions: Vec<FunctionUsage>) -> Usage {
        let connected = self.connected.total(Instant::now());
        Usage::new(functions, |item| match item {
            Item::ConnectionMinutes => connected.as_secs_f64() / 60.0,
            item => self.halves[item as usize].load(Relaxed) as f64 / 2.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_function_causes_is_counted_twice_and_billed_once() {
        let meter = Meter::default();
        meter.of("play").dynamodb(1.0, 0.5);
        meter.of("play").gateway_message(1);
        meter.of("ping").gateway_message(1);
        meter.dynamodb(2.0, 0.0);
        let items = [Item::GatewayMessages, Item::WriteUnits, Item::ReadUnits];
        assert_eq!(items.map(|item| meter.usage(Vec::new()).quantity(item)), [2.0, 3.0, 0.5]);
        assert_eq!(items.map(|item| meter.usage_of("play", FunctionUsage::default()).quantity(item)), [1.0, 1.0, 0.5]);
        assert_eq!(meter.usage_of("nobody", FunctionUsage::default()).usd(), 0.0);
    }
}
