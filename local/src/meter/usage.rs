//! What was used until a moment, and what it would cost.

use std::fmt::{self, Display};

use serde_json::{Map, Value, json};

use super::prices::{ITEMS, Item, PRICES};

const GB: f64 = 1024.0 * 1024.0 * 1024.0;

/// What one function used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionUsage {
    /// Invocations that are billed: all but those that were throttled, or given up by their callers before they ran.
    pub requests: u64,
    /// Milliseconds, each invocation's rounded up, initialisation included.
    pub billed_ms: u64,
    /// Its memory in MB.
    pub memory_mb: u32,
    /// Bytes of its log lines as CloudWatch counts them.
    pub log_bytes: u64,
}

impl FunctionUsage {
    /// Billed time times memory, in GB-milliseconds.
    pub fn gb_ms(&self) -> f64 {
        self.billed_ms as f64 * f64::from(self.memory_mb) / 1024.0
    }

    fn quantity(&self, item: Item) -> f64 {
        match item {
            Item::LambdaRequests => self.requests as f64,
            Item::LambdaGbSeconds => self.gb_ms() / 1000.0,
            Item::LogGb => self.log_bytes as f64 / GB,
            _ => 0.0,
        }
    }

    /// What it would cost, in US dollars: requests, duration and logs.
    pub fn usd(&self) -> f64 {
        PRICES.iter().map(|price| self.quantity(price.item) * price.usd).sum()
    }
}

/// Quantities of all items, priced.
#[derive(Clone, Debug, PartialEq)]
pub struct Usage {
    /// In the order of [`PRICES`].
    quantities: [f64; ITEMS],
}

impl Usage {
    pub(super) fn new(functions: Vec<FunctionUsage>, other: impl Fn(Item) -> f64) -> Usage {
        let quantity = |item| other(item) + functions.iter().map(|function| function.quantity(item)).sum::<f64>();
        Usage { quantities: PRICES.map(|price| quantity(price.item)) }
    }

    /// How many units of `item` were used.
    #[cfg(test)]
    pub(crate) fn quantity(&self, item: Item) -> f64 {
        self.quantities[item as usize]
    }

    /// What everything would cost, in US dollars.
    pub fn usd(&self) -> f64 {
        PRICES.iter().zip(self.quantities).map(|(price, quantity)| price.usd * quantity).sum()
    }

    /// `{"items": {"gatewayMessages": {"quantity":…,"unit":…,"usdPerUnit":…,"usd":…},…}, "usd":…}`.
    pub fn to_json(&self) -> Value {
        let items = PRICES.iter().zip(self.quantities).map(|(price, quantity)| {
            let value = json!({"quantity": quantity, "unit": price.unit, "usdPerUnit": price.usd, "usd": price.usd * quantity});
            (price.name.to_owned(), value)
        });
        json!({"items": items.collect::<Map<_, _>>(), "usd": self.usd()})
    }
}

impl Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "This run would have cost ${:.7} on AWS", self.usd())?;
        let used = PRICES.iter().zip(self.quantities).filter(|(_, quantity)| *quantity > 0.0);
        for (index, (price, quantity)) in used.enumerate() {
            write!(f, "{} {} {}", if index == 0 { ":" } else { "," }, (quantity * 1e7).round() / 1e7, price.unit)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Meter;
    use super::*;

    #[test]
    fn each_item_has_its_price_and_the_total_is_their_sum() {
        let meter = Meter::default();
        meter.gateway_message(33 * 1024);
        meter.dynamodb(3.0, 0.5);
        meter.sqs_request(0);
        meter.sns_publish(64 * 1024 + 1);
        let usage = meter.usage(vec![FunctionUsage { requests: 2, billed_ms: 8, memory_mb: 128, log_bytes: 1024 }]);
        let quantities = [Item::GatewayMessages, Item::WriteUnits, Item::ReadUnits, Item::SqsRequests, Item::SnsPublishes];
        assert_eq!(quantities.map(|item| usage.quantity(item)), [2.0, 3.0, 0.5, 1.0, 2.0]);
        assert_eq!(usage.quantity(Item::LambdaGbSeconds), 0.001);
        let logs = 1024.0 / GB * 0.5;
        let expected = 2e-6 + 3.0 * 0.625e-6 + 0.5 * 0.125e-6 + 0.4e-6 + 2.0 * 0.5e-6 + 2.0 * 0.2e-6 + 0.001 * 0.000_013_333_4 + logs;
        assert!((usage.usd() - expected).abs() < 1e-15, "{} and {expected}", usage.usd());
        let json = usage.to_json();
        assert_eq!(json["items"]["writeUnits"]["usd"], 3.0 * (0.625 / 1e6));
        assert_eq!(json["items"].as_object().unwrap().len(), PRICES.len());
        assert!(PRICES.iter().enumerate().all(|(index, price)| price.item as usize == index));
    }

    #[test]
    fn the_line_names_what_was_used_and_nothing_else() {
        let meter = Meter::default();
        assert_eq!(meter.usage(Vec::new()).to_string(), "This run would have cost $0.0000000 on AWS");
        meter.gateway_message(1);
        meter.dynamodb(0.0, 1.5);
        assert_eq!(
            meter.usage(Vec::new()).to_string(),
            "This run would have cost $0.0000012 on AWS: 1 gateway messages (32 KB), 1.5 read units (4 KB)"
        );
    }
}
