//! What was used, as the stack says it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Result;

/// Quantities of what is billed for each operation. The time of open sockets is left out.
#[derive(Clone, Debug, Default)]
pub struct Bill {
    gateway_messages: f64,
    invocations: f64,
    gb_ms: f64,
    write_units: f64,
    read_units: f64,
    sqs_requests: f64,
    sns_publishes: f64,
    log_bytes: f64,
    log_usd: f64,
    usd: f64,
}

impl Bill {
    /// What [`Bill::row`] gives.
    pub const COLUMNS: [&str; 10] = [
        "operation",
        "gateway messages",
        "invocations",
        "GB-ms",
        "write units",
        "read units",
        "SQS requests",
        "SNS publishes",
        "log bytes",
        "USD per million",
    ];

    /// What `/status` says in a `usage`.
    fn read(usage: &Value) -> Result<Self> {
        let number = |value: &Value, name: &str| value.as_f64().ok_or_else(|| format!("the stack does not say its {name}"));
        let quantity = |name: &str| number(&usage["items"][name]["quantity"], name);
        Ok(Self {
            gateway_messages: quantity("gatewayMessages")?,
            invocations: quantity("lambdaRequests")?,
            gb_ms: quantity("lambdaGbSeconds")? * 1_000.0,
            write_units: quantity("writeUnits")?,
            read_units: quantity("readUnits")?,
            sqs_requests: quantity("sqsRequests")?,
            sns_publishes: quantity("snsPublishes")?,
            log_bytes: quantity("logGb")? * 1_073_741_824.0,
            log_usd: number(&usage["items"]["logGb"]["usd"], "cost of logs")?,
            usd: number(&usage["usd"], "cost")? - number(&usage["items"]["connectionMinutes"]["usd"], "cost of connections")?,
        })
    }

    /// What another design says that it uses of these, by their names in `/status`, at the prices that the stack says.
    pub fn of_others(status: &Value, quantities: &[(&str, f64)]) -> Result<Self> {
        let mut usage = status["usage"].clone();
        let mut usd = 0.0;
        for (name, item) in usage["items"].as_object_mut().ok_or("the stack does not say what was used")? {
            let quantity = quantities.iter().find(|(known, _)| known == name).map_or(0.0, |(_, quantity)| *quantity);
            let price = quantity * item["usdPerUnit"].as_f64().ok_or_else(|| format!("the stack does not say what {name} cost"))?;
            (item["quantity"], item["usd"]) = (quantity.into(), price.into());
            usd += price;
        }
        usage["usd"] = usd.into();
        Self::read(&usage)
    }

    /// What was used after `before`.
    pub fn since(&self, before: &Self) -> Self {
        self.combine(before, -1.0)
    }

    /// Adds what was used elsewhere.
    pub fn add(&mut self, other: &Self) {
        *self = self.combine(other, 1.0);
    }

    fn combine(&self, other: &Self, sign: f64) -> Self {
        Self {
            gateway_messages: self.gateway_messages + sign * other.gateway_messages,
            invocations: self.invocations + sign * other.invocations,
            gb_ms: self.gb_ms + sign * other.gb_ms,
            write_units: self.write_units + sign * other.write_units,
            read_units: self.read_units + sign * other.read_units,
            sqs_requests: self.sqs_requests + sign * other.sqs_requests,
            sns_publishes: self.sns_publishes + sign * other.sns_publishes,
            log_bytes: self.log_bytes + sign * other.log_bytes,
            log_usd: self.log_usd + sign * other.log_usd,
            usd: self.usd + sign * other.usd,
        }
    }

    /// Whether nothing is billed.
    pub fn is_nothing(&self) -> bool {
        self.usd == 0.0
    }

    /// DynamoDB's units of reading.
    pub fn read_units(&self) -> f64 {
        self.read_units
    }

    /// DynamoDB's units of writing.
    pub fn write_units(&self) -> f64 {
        self.write_units
    }

    /// The price of all of it.
    pub fn usd(&self) -> f64 {
        self.usd
    }

    /// The price of all but the logs.
    pub fn usd_without_logs(&self) -> f64 {
        self.usd - self.log_usd
    }

    /// The row of an operation that was done so often.
    pub fn row(&self, operation: &str, runs: usize) -> Vec<String> {
        let mean = |sum: f64| sum / runs as f64;
        // Nothing is not less than nothing, as differences may be.
        let exact = |sum: f64| format!("{:.2}", mean(sum).max(0.0)).trim_end_matches('0').trim_end_matches('.').to_owned();
        let mut row = vec![operation.to_owned()];
        let units = [self.write_units, self.read_units, self.sqs_requests, self.sns_publishes];
        row.extend([self.gateway_messages, self.invocations, self.gb_ms].into_iter().chain(units).map(exact));
        row.extend([format!("{:.0}", mean(self.log_bytes).max(0.0)), format!("{:.2}", mean(self.usd) * 1e6)]);
        row
    }
}

/// What was used by all together, and by each function.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Of all together.
    pub total: Bill,
    /// Of each function by its name, with what it has caused elsewhere.
    pub functions: BTreeMap<String, Bill>,
}

impl Account {
    /// What `/status` says.
    pub fn read(status: &Value) -> Result<Self> {
        let functions = status["functions"].as_object().ok_or("the stack says nothing of its functions")?;
        let short = |name: &str| name.strip_prefix("muster-dev-").unwrap_or(name).to_owned();
        let bill = |(name, function): (&String, &Value)| Ok((short(name), Bill::read(&function["caused"])?));
        Ok(Self { total: Bill::read(&status["usage"])?, functions: functions.iter().map(bill).collect::<Result<_>>()? })
    }

    /// What was used after `before`.
    pub fn since(&self, before: &Self) -> Self {
        let none = Bill::default();
        let since = |(name, bill): (&String, &Bill)| (name.clone(), bill.since(before.functions.get(name).unwrap_or(&none)));
        Self { total: self.total.since(&before.total), functions: self.functions.iter().map(since).collect() }
    }

    /// What no function has caused: the polls of queues, and what is published from outside.
    pub fn of_nobody(&self) -> Bill {
        self.functions.values().fold(self.total.clone(), |rest, bill| rest.since(bill))
    }
}

/// What an open socket costs each hour, as `/status` says it.
pub fn hour_usd(status: &Value) -> Result<f64> {
    let minute = status["usage"]["items"]["connectionMinutes"]["usdPerUnit"].as_f64();
    Ok(60.0 * minute.ok_or("the stack does not say what a minute of a connection costs")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_means_in_the_order_of_the_columns() {
        let bill = Bill { gateway_messages: 6.0, read_units: 1.0, log_bytes: 3.0, usd: 4e-6, ..Bill::default() };
        let row = bill.row("ping", 2);
        assert_eq!(row, ["ping", "3", "0", "0", "0", "0.5", "0", "0", "2", "2.00"]);
        assert_eq!(row.len(), Bill::COLUMNS.len());
    }

    #[test]
    fn what_others_use_is_priced_like_the_rest() {
        let item = |usd: f64| serde_json::json!({"quantity": 7, "usdPerUnit": usd, "usd": 7.0 * usd});
        let names =
            ["gatewayMessages", "lambdaRequests", "lambdaGbSeconds", "writeUnits", "readUnits", "sqsRequests", "snsPublishes", "logGb"];
        let mut status = serde_json::json!({"usage": {"items": {"connectionMinutes": item(8.0)}, "usd": 1}});
        names.iter().for_each(|name| status["usage"]["items"][*name] = item(2.0));
        let bill = Bill::of_others(&status, &[("writeUnits", 3.0), ("logGb", 1.0)]).unwrap();
        assert_eq!((bill.write_units, bill.read_units, bill.usd, bill.usd_without_logs()), (3.0, 0.0, 8.0, 6.0));
    }

    #[test]
    fn what_is_added_can_be_taken_away() {
        let one = Bill { invocations: 2.0, usd: 1.0, ..Bill::default() };
        let mut sum = one.clone();
        sum.add(&one);
        let rest = sum.since(&one);
        assert_eq!((rest.invocations, rest.usd), (2.0, 1.0));
    }
}
