//! What the function gets, which messages it wants, and what its answers mean.

use serde_json::{Value, json};

use crate::queue_mappings::{
    QueueMappingConfig,
    batch::{Batch, Entry},
    event,
    filter::MessageFilters,
};

#[test]
fn a_record_is_aws_own() {
    let message = json!({
        "MessageId": "059f36b4-87a3-44ab-83d2-661975830a7d", "ReceiptHandle": "AQEB", "Body": "Test message.", "MD5OfBody": "e4e6",
        "Attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183", "SenderId": "AIDA", "ApproximateFirstReceiveTimestamp": "1545082649185"},
        "MD5OfMessageAttributes": "9de6",
        "MessageAttributes": {"A": {"DataType": "String", "StringValue": "v"}, "B": {"DataType": "Binary.x", "BinaryValue": "AAEC"}},
    });
    let record = json!({
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d", "receiptHandle": "AQEB", "body": "Test message.",
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183", "SenderId": "AIDA", "ApproximateFirstReceiveTimestamp": "1545082649185"},
        "messageAttributes": {
            "A": {"stringValue": "v", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
            "B": {"binaryValue": "AAEC", "stringListValues": [], "binaryListValues": [], "dataType": "Binary.x"},
        },
        "md5OfMessageAttributes": "9de6",
        "md5OfBody": "e4e6", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:work", "awsRegion": "eu-central-1",
    });
    assert_eq!(event::record(&message, "arn:aws:sqs:eu-central-1:123456789012:work"), record);
    let plain = event::record(&json!({"MessageId": "m", "Body": "x"}), "arn");
    assert_eq!((&plain["messageAttributes"], plain.get("md5OfMessageAttributes")), (&json!({}), None));
}

#[test]
fn a_message_is_filtered_by_its_body() {
    let cases = [
        (json!({"body": {"type": ["due"]}}), r#"{"type":"due"}"#, true),
        (json!({"body": {"type": ["due"]}}), r#"{"type":"other"}"#, false),
        (json!({"body": {"type": ["due"]}}), "due", false),
        (json!({"body": {"n": [{"numeric": [">", 5]}]}}), r#"{"n":6}"#, true),
        (json!({"body": {"n": [{"numeric": [">", 5]}]}}), r#"{"n":5}"#, false),
        (json!({"body": {"n": [{"numeric": [">=", 0, "<", 10]}]}}), r#"{"n":9.5}"#, true),
        (json!({"body": {"n": [{"numeric": [">=", 0, "<", 10]}]}}), r#"{"n":10}"#, false),
        (json!({"body": {"n": [{"numeric": ["=", 5]}]}}), r#"{"n":5.0}"#, true),
        (json!({"body": {"N": [5]}}), r#"{"N":5}"#, true),
        (json!({"body": {"x": [{"exists": false}]}}), r#"{"y":1}"#, true),
        // A body of another form never matches.
        (json!({"body": {"x": [{"exists": false}]}}), "plain", false),
        (json!({"body": ["due"]}), "due", true),
        (json!({"body": [{"prefix": "du"}]}), "due", true),
        (json!({"body": [{"anything-but": "due"}]}), r#"{"type":"x"}"#, false),
        (json!({}), "due", true),
        (json!({}), r#"{"type":"due"}"#, true),
    ];
    for (pattern, body, expected) in cases {
        let filters = MessageFilters::compile(std::slice::from_ref(&pattern)).unwrap();
        assert_eq!(filters.matches(body), expected, "{pattern} on {body}");
    }
    assert!(MessageFilters::compile(&[]).unwrap().matches("anything"));
    let either = [json!({"body": ["due"]}), json!({"body": {"type": ["due"]}})];
    let filters = MessageFilters::compile(&either).unwrap();
    assert!(filters.matches("due") && filters.matches(r#"{"type":"due"}"#) && !filters.matches("other"));
    for (pattern, word) in [
        (
            json!({"messageAttributes": {"a": ["x"]}}),
            "Lambda filters no message of a queue by a member \"messageAttributes\", only by body",
        ),
        (json!({"body": {"n": [{"numeric": [">"]}]}}), "numeric takes one comparison or two"),
        (json!({"body": {"n": [{"numeric": ["~", 5]}]}}), "numeric takes one comparison or two"),
    ] {
        let error = MessageFilters::compile(&[json!({"body": ["x"]}), pattern]).unwrap_err();
        assert!(error.pattern == 2 && error.to_string().contains(word), "{error}");
    }
}

#[test]
fn only_what_was_handled_is_deleted() {
    let entry = |id: &str| Entry { message_id: id.to_owned(), receipt_handle: format!("handle-{id}"), json: String::new(), received_at: 0 };
    let mut batch = Batch::default();
    for id in ["a", "b", "c"] {
        batch.add(entry(id));
    }
    let all = vec!["handle-a", "handle-b", "handle-c"];
    let cases = [
        ("null", all.clone()),
        ("", all.clone()),
        ("{}", all.clone()),
        (r#"{"batchItemFailures":[]}"#, all.clone()),
        (r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#, vec!["handle-a", "handle-c"]),
        (r#"{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"},{"itemIdentifier":"a"}]}"#, vec!["handle-c"]),
        (r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, vec![]),
        (r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#, vec![]),
        (r#"{"batchItemFailures":[{"identifier":"b"}]}"#, vec![]),
        (r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"unknown"}]}"#, vec![]),
        ("{", vec![]),
        (r#""text""#, vec![]),
    ];
    for (answer, expected) in cases {
        assert_eq!(batch.handled(answer.as_bytes(), true), expected, "{answer}");
        assert_eq!(batch.handled(answer.as_bytes(), false), all, "without reports: {answer}");
    }
}

#[test]
fn a_configuration_beyond_the_limits_is_refused_by_property() {
    type Change = fn(&mut QueueMappingConfig);
    let cases: [(&str, Change); 5] = [
        ("BatchSize", |config| config.batch_size = 0),
        ("BatchSize", |config| config.batch_size = 11),
        ("MaximumBatchingWindowInSeconds", |config| config.batching_window = std::time::Duration::from_secs(301)),
        ("MaximumConcurrency", |config| config.concurrency = 0),
        ("filter pattern 1", |config| config.filter_patterns = vec![Value::Null]),
    ];
    for (property, change) in cases {
        let mut config = QueueMappingConfig { name: "due".to_owned(), ..QueueMappingConfig::default() };
        assert!(config.check().is_ok());
        change(&mut config);
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains(property) && error.contains("due"), "{error}");
    }
}
