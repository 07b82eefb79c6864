//! What a function gets of a message (Lambda developer guide, "Using Lambda with Amazon SQS").

use serde_json::{Map, Value, json};

use crate::account::REGION;

/// The record of a message as `ReceiveMessage` answers it with all its attributes.
pub(super) fn record(message: &Value, queue_arn: &str) -> Value {
    let attributes = message["MessageAttributes"].as_object().into_iter().flatten();
    let mut record = json!({
        "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": attributes.map(|(name, value)| (name.clone(), attribute(value))).collect::<Map<_, _>>(),
        "md5OfBody": message["MD5OfBody"], "eventSource": "aws:sqs", "eventSourceARN": queue_arn, "awsRegion": REGION,
    });
    if let Some(md5) = message.get("MD5OfMessageAttributes") {
        record["md5OfMessageAttributes"] = md5.clone();
    }
    record
}

fn attribute(value: &Value) -> Value {
    let mut attribute = json!({"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]});
    for (from, to) in [("StringValue", "stringValue"), ("BinaryValue", "binaryValue")] {
        if let Some(value) = value.get(from) {
            attribute[to] = value.clone();
        }
    }
    attribute
}
