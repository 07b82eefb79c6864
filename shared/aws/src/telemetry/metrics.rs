//! Metrics in CloudWatch's embedded metric format: a JSON line, from which CloudWatch makes metrics without any call.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::{collections::BTreeMap, sync::Mutex};

use serde_json::{Map, Value, json};

use crate::{Config, clock};

/// Most values of one metric in one line: the format's own limit.
const VALUES: usize = 100;

/// The dimensions of a metric of all functions together.
const TOTAL: [&str; 2] = ["game", "stage"];

/// Everything that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Faults: of a route, of a record, of a start.
    Faults,
    /// The age of the oldest row of a batch that a consumer of a stream has, where it is above two seconds.
    BatchAgeMilliseconds,
    /// Connections that turned out to be gone when pushed to.
    PushesGone,
    /// Placements that had no end when they were due, so that GameLift was asked.
    PlacementsReconciled,
    /// Rows that reached a recipient who was there: at least one connection. Those of offline players wait in the inbox.
    RowsDelivered,
    /// From the request that made a row to the end of its push, one value a push. It begins at the gateway, since a row that said when it
    /// was written would not be the same when written again.
    RowToPushMilliseconds,
}

impl Metric {
    const fn name(self) -> &'static str {
        match self {
            Self::Faults => "Faults",
            Self::BatchAgeMilliseconds => "BatchAgeMilliseconds",
            Self::PushesGone => "PushesGone",
            Self::PlacementsReconciled => "PlacementsReconciled",
            Self::RowsDelivered => "RowsDelivered",
            Self::RowToPushMilliseconds => "RowToPushMilliseconds",
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::RowToPushMilliseconds | Self::BatchAgeMilliseconds => "Milliseconds",
            Self::Faults | Self::PushesGone | Self::PlacementsReconciled | Self::RowsDelivered => "Count",
        }
    }

    /// Whether the metric is also kept for all functions of the stage together. A dashboard can search for what each function has, an alarm
    /// cannot; and CloudWatch charges for each metric, so only what an alarm watches has a total.
    const fn has_total(self) -> bool {
        matches!(self, Self::Faults | Self::BatchAgeMilliseconds)
    }

    /// Whether the values are added up to one. Those of a distribution are kept apart, so that CloudWatch can tell percentiles.
    const fn is_sum(self) -> bool {
        matches!(self.unit().as_bytes(), b"Count")
    }
}

/// The values of one invocation.
#[derive(Debug)]
pub struct Metrics {
    dimensions: BTreeMap<&'static str, String>,
    values: Mutex<BTreeMap<Metric, Vec<u64>>>,
}

impl Metrics {
    /// Metrics of this function in this game and stage (`GAME`, `STAGE`, optional).
    #[must_use]
    pub fn from_config(config: &Config) -> Self {
        let name = |variable| config.optional(variable).unwrap_or("none").to_owned();
        let dimensions = [("game", name("GAME")), ("stage", name("STAGE")), ("function", config.function().to_owned())];
        Self { dimensions: dimensions.into(), values: Mutex::default() }
    }

    /// Adds a value.
    pub fn record(&self, metric: Metric, value: u64) {
        let mut values = self.values.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let recorded = values.entry(metric).or_default();
        match recorded.first_mut() {
            Some(sum) if metric.is_sum() => *sum += value,
            _ => recorded.push(value),
        }
    }

    /// Prints what was recorded since the last time, if anything.
    pub fn flush(&self) {
        let recorded = std::mem::take(&mut *self.values.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        for line in self.lines(&recorded) {
            println!("{line}");
        }
    }

    /// The lines that say `recorded`: more than one only where a metric has more values than a line may hold.
    fn lines(&self, recorded: &BTreeMap<Metric, Vec<u64>>) -> Vec<Value> {
        let longest = recorded.values().map(Vec::len).max().unwrap_or_default();
        (0..longest.div_ceil(VALUES)).map(|line| self.line(recorded, line)).collect()
    }

    fn line(&self, recorded: &BTreeMap<Metric, Vec<u64>>, line: usize) -> Value {
        let part: Vec<_> = recorded.iter().filter_map(|(metric, values)| Some((metric, values.chunks(VALUES).nth(line)?))).collect();
        let metrics = part.iter().map(|(metric, _)| **metric);
        let of_function = directive(self.dimensions.keys().copied(), metrics.clone());
        let of_stage = directive(TOTAL.into_iter(), metrics.filter(|metric| metric.has_total()));
        let directives: Vec<Value> = of_function.into_iter().chain(of_stage).collect();
        let mut object: Map<String, Value> = self.dimensions.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        object.extend(part.iter().map(|(metric, values)| (metric.name().to_owned(), json!(values))));
        object.insert("_aws".to_owned(), json!({"Timestamp": clock::now_milliseconds(), "CloudWatchMetrics": directives}));
        Value::Object(object)
    }
}

/// What tells CloudWatch to make metrics with `dimensions` from the members of a line; `None` if there is nothing to make.
fn directive(dimensions: impl Iterator<Item = &'static str>, metrics: impl Iterator<Item = Metric>) -> Option<Value> {
    let definitions: Vec<Value> = metrics.map(|metric| json!({"Name": metric.name(), "Unit": metric.unit()})).collect();
    let dimensions: Vec<&str> = dimensions.collect();
    (!definitions.is_empty()).then(|| json!({"Namespace": "Muster", "Dimensions": [dimensions], "Metrics": definitions}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(record: impl Fn(&Metrics)) -> Vec<Value> {
        let metrics = Metrics::from_config(&Config::from_variables([("GAME", "muster"), ("STAGE", "dev")]));
        record(&metrics);
        let recorded = std::mem::take(&mut *metrics.values.lock().unwrap());
        metrics.lines(&recorded)
    }

    #[test]
    fn counts_add_up_and_durations_stay_apart() {
        let lines = lines(|metrics| {
            metrics.record(Metric::RowsDelivered, 2);
            metrics.record(Metric::RowsDelivered, 3);
            metrics.record(Metric::RowToPushMilliseconds, 4);
            metrics.record(Metric::RowToPushMilliseconds, 9);
        });
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line["RowsDelivered"], json!([5]));
        assert_eq!(line["RowToPushMilliseconds"], json!([4, 9]));
        assert_eq!((&line["game"], &line["stage"], &line["function"]), (&json!("muster"), &json!("dev"), &json!("unnamed")));
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], json!([["function", "game", "stage"]]));
        assert_eq!(directive["Metrics"][1], json!({"Name": "RowToPushMilliseconds", "Unit": "Milliseconds"}));
    }

    #[test]
    fn only_what_an_alarm_watches_is_also_kept_for_all_functions_together() {
        let lines = lines(|metrics| {
            metrics.record(Metric::Faults, 1);
            metrics.record(Metric::RowsDelivered, 2);
        });
        let directives = lines[0]["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        let made: Vec<_> = directives.iter().map(|made| (&made["Dimensions"], made["Metrics"].as_array().unwrap().len())).collect();
        assert_eq!(made, [(&json!([["function", "game", "stage"]]), 2), (&json!([["game", "stage"]]), 1)]);
        assert_eq!(directives[1]["Metrics"][0]["Name"], "Faults");
    }

    #[test]
    fn more_values_than_a_line_may_hold_go_on_the_next() {
        let lines = lines(|metrics| {
            metrics.record(Metric::RowsDelivered, 250);
            (0..250).for_each(|age| metrics.record(Metric::RowToPushMilliseconds, age));
        });
        let values: Vec<usize> = lines.iter().map(|line| line["RowToPushMilliseconds"].as_array().unwrap().len()).collect();
        assert_eq!(values, [100, 100, 50]);
        assert_eq!(lines.iter().filter(|line| line.get("RowsDelivered").is_some()).count(), 1);
    }

    #[test]
    fn nothing_recorded_prints_nothing() {
        assert!(lines(|_| ()).is_empty());
    }
}
