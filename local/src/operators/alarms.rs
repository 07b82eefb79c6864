//! The alarms of the template. Only those of queues have a state here, since no other metric is kept.

use serde_json::{Value, json};

use super::Operators;
use crate::{account::arn, template::Alarm};

/// `cloudwatch describe-alarms`, by names, a prefix or a state, or all.
pub(super) fn describe(operators: &Operators, request: &Value) -> Value {
    let prefix = request["AlarmNamePrefix"].as_str().unwrap_or_default();
    let names = request["AlarmNames"].as_array();
    let asked = |alarm: &&Alarm| {
        alarm.name.starts_with(prefix) && names.is_none_or(|names| names.iter().any(|name| name.as_str() == Some(&alarm.name)))
    };
    let alarms = operators.manifest.alarms.iter().filter(asked).map(|alarm| {
        let waiting: usize = alarm.queues.iter().map(|queue| (operators.waiting)(queue)).sum();
        let (state, reason) = match (alarm.queues.is_empty(), waiting) {
            (true, _) => ("INSUFFICIENT_DATA", "the local stack keeps no metric of this".to_owned()),
            (false, 0) => ("OK", "nothing is in the queue".to_owned()),
            (false, waiting) => ("ALARM", format!("{waiting} messages in {}", alarm.queues.join(", "))),
        };
        json!({
            "AlarmName": alarm.name, "AlarmArn": arn("cloudwatch", &format!("alarm:{}", alarm.name)),
            "AlarmDescription": alarm.description, "StateValue": state, "StateReason": reason,
        })
    });
    let state = request["StateValue"].as_str();
    let alarms: Value = alarms.filter(|alarm| state.is_none_or(|state| alarm["StateValue"] == state)).collect();
    json!({"MetricAlarms": alarms, "CompositeAlarms": []})
}
