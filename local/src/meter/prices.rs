//! What AWS asks for each billable unit.
//!
//! List prices in US dollars, Region us-east-1, first tier, without free tier or discounts, from the pricing pages of API Gateway, Lambda
//! (arm64, as the template says), DynamoDB (on demand, standard tables), SQS (standard queues), SNS and CloudWatch as of November 2026.
//! Reading a stream is free to Lambda, and so is delivery from SNS to Lambda. Data sent to the internet, storage, alarms and metrics are
//! not priced here: they do not follow from single operations.

/// Something that is billed, in the order of [`PRICES`], which say what they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Item {
    GatewayMessages,
    ConnectionMinutes,
    LambdaRequests,
    LambdaGbSeconds,
    WriteUnits,
    ReadUnits,
    SqsRequests,
    SnsPublishes,
    LogGb,
}

pub(super) struct Price {
    pub(super) item: Item,
    /// In JSON.
    pub(super) name: &'static str,
    /// One unit, in words.
    pub(super) unit: &'static str,
    /// Of one unit.
    pub(super) usd: f64,
}

/// How many items there are. It is a number of its own, since the compiler goes in a circle where an array is as long as [`PRICES`].
pub(super) const ITEMS: usize = 9;

/// All prices, in the order of [`Item`] and in which they are shown.
pub(super) const PRICES: [Price; ITEMS] = [
    price(Item::GatewayMessages, "gatewayMessages", "gateway messages (32 KB)", 1.00 / MILLION),
    price(Item::ConnectionMinutes, "connectionMinutes", "connection minutes", 0.25 / MILLION),
    price(Item::LambdaRequests, "lambdaRequests", "invocations", 0.20 / MILLION),
    price(Item::LambdaGbSeconds, "lambdaGbSeconds", "GB-seconds", 0.000_013_333_4),
    price(Item::WriteUnits, "writeUnits", "write units (1 KB)", 0.625 / MILLION),
    price(Item::ReadUnits, "readUnits", "read units (4 KB)", 0.125 / MILLION),
    price(Item::SqsRequests, "sqsRequests", "SQS requests (64 KB)", 0.40 / MILLION),
    price(Item::SnsPublishes, "snsPublishes", "SNS publishes (64 KB)", 0.50 / MILLION),
    price(Item::LogGb, "logGb", "GB of logs", 0.50),
];

const MILLION: f64 = 1_000_000.0;

const fn price(item: Item, name: &'static str, unit: &'static str, usd: f64) -> Price {
    Price { item, name, unit, usd }
}
