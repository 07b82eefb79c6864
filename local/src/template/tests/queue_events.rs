//! Events of type SQS.

use super::{super::Manifest, FUNCTION, problems, read};

/// A function with an event from the queue `work`.
fn with_event(properties: &str) -> String {
    let function = FUNCTION.replace(
        "Handler: bootstrap }",
        &format!("Handler: bootstrap, Timeout: 20, Events: {{ Due: {{ Type: SQS, Properties: {properties} }} }} }}"),
    );
    format!("Resources:{function}\n  Work: {{ Type: 'AWS::SQS::Queue', Properties: {{ QueueName: work, VisibilityTimeout: 120 }} }}\n")
}

fn manifest(properties: &str) -> Manifest {
    read(&with_event(properties)).unwrap()
}

#[test]
fn a_queue_event_becomes_a_mapping() {
    let manifest = manifest(
        "{ Queue: !GetAtt Work.Arn, BatchSize: 5, FunctionResponseTypes: [ReportBatchItemFailures],
          ScalingConfig: { MaximumConcurrency: '2' } }",
    );
    let mapping = &manifest.queue_mappings[0];
    assert_eq!((mapping.logical_id.as_str(), mapping.queue.as_str()), ("WorkerDue", "work"));
    assert_eq!(mapping.function_arn, manifest.functions[0].arn);
    assert_eq!(mapping.batch_size, 5);
    assert_eq!((mapping.report_batch_item_failures, mapping.maximum_concurrency), (true, Some(2)));
    assert!(manifest.stream_mappings.is_empty());
}

#[test]
fn a_queue_mapping_alone_has_lambdas_defaults() {
    let manifest = manifest("{ Queue: !GetAtt Work.Arn }");
    let mapping = &manifest.queue_mappings[0];
    assert_eq!((mapping.batch_size, mapping.report_batch_item_failures, mapping.maximum_concurrency), (10, false, None));
}

#[test]
fn what_a_queue_event_says_wrong_is_named() {
    let well = "Queue: !GetAtt Work.Arn";
    for (properties, expected) in [
        ("{ BatchSize: 1 }".to_owned(), "Queue is missing"),
        ("{ Queue: !Ref Work }".to_owned(), "is not a queue of this template; use !GetAtt SomeQueue.Arn"),
        (format!("{{ {well}, BatchSize: 11 }}"), "11 is not between 1 and 10"),
        (format!("{{ {well}, MaximumBatchingWindowInSeconds: 1 }}"), "MaximumBatchingWindowInSeconds: the local stack does not understand"),
        (format!("{{ {well}, Enabled: false }}"), "Enabled: the local stack does not understand"),
        (format!("{{ {well}, ScalingConfig: {{ MaximumConcurrency: 1 }} }}"), "1 is not between 2 and 1000"),
        (format!("{{ {well}, ScalingConfig: {{ Minimum: 1 }} }}"), "ScalingConfig.Minimum: the local stack does not understand this"),
        (format!("{{ {well}, FunctionResponseTypes: [Other] }}"), "`Other` is not understood"),
        (format!("{{ {well}, FilterCriteria: {{ Filters: [] }} }}"), "FilterCriteria: the local stack does not understand"),
        (format!("{{ {well}, StartingPosition: LATEST }}"), "StartingPosition: the local stack does not understand this"),
    ] {
        let problem = problems(&with_event(&properties));
        assert!(problem.contains(expected) && problem.lines().count() == 1, "{properties} gave {problem}");
    }
}

#[test]
fn a_visibility_timeout_shorter_than_the_functions_timeout_is_refused() {
    let text = with_event("{ Queue: !GetAtt Work.Arn }");
    for (queue, expected) in [("VisibilityTimeout: 19", Some(19)), ("VisibilityTimeout: '20'", None), ("MessageRetentionPeriod: 60", None)]
    {
        let text = text.replace("VisibilityTimeout: 120", queue);
        match expected {
            None => assert!(read(&text).is_ok(), "{queue}"),
            Some(seconds) => {
                let message = format!("Queue visibility timeout: {seconds} seconds is less than Function timeout: 20 seconds");
                assert!(problems(&text).contains(&message), "{queue}");
            }
        }
    }
    let slow = text.replace("VisibilityTimeout: 120", "MessageRetentionPeriod: 60").replace("Timeout: 20", "Timeout: 31");
    assert!(problems(&slow).contains("Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds"));
    let wrong = text.replace("VisibilityTimeout: 120", "VisibilityTimeout: !Ref Nothing");
    assert_eq!(problems(&wrong).lines().count(), 1, "what is wrong with a queue is said once");
}
