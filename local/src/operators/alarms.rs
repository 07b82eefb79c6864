//! The alarms of the template. Only those of queues have a state here, since no other metric is kept.

use serde_json::{Value, json};

use super::Operators;
use crate::account::arn;

/// `cloudwatch describe-alarms`, by a prefix and a state, or all.
pub(super) fn describe(operators: &Operators, request: &Value) -> Value {
    let (prefix, state) = (request["AlarmNamePrefix"].as_str().unwrap_or_default(), request["StateValue"].as_str());
    let alarms = operators.manifest.alarms.iter().filter(|alarm| alarm.name.starts_with(prefix)).map(|alarm| {
        let waiting: usize = alarm.queues.iter().map(|queue| operators.sqs.messages(queue)).sum();
        let (value, reason) = match (alarm.queues.is_empty(), waiting) {
            (true, _) => ("INSUFFICIENT_DATA", "the local stack keeps no metric of this".to_owned()),
            (false, 0) => ("OK", "nothing is in the queue".to_owned()),
            (false, waiting) => ("ALARM", format!("{waiting} messages in {}", alarm.queues.join(", "))),
        };
        json!({
            "AlarmName": alarm.name, "AlarmArn": arn("cloudwatch", &format!("alarm:{}", alarm.name)),
            "AlarmDescription": alarm.description, "StateValue": value, "StateReason": reason,
        })
    });
    let alarms: Value = alarms.filter(|alarm| state.is_none_or(|state| alarm["StateValue"] == state)).collect();
    json!({"MetricAlarms": alarms, "CompositeAlarms": []})
}
