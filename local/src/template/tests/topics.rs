//! Topics, and events of type SNS.

use super::{super::Manifest, FUNCTION, output, problems, read};

/// A function with an event from the topic `placements`.
fn with_event(properties: &str) -> String {
    let event = format!("Handler: bootstrap, Events: {{ Placed: {{ Type: SNS, Properties: {properties} }} }} }}");
    let function = FUNCTION.replace("Handler: bootstrap }", &event);
    let topic = "  Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: placements } }";
    format!("Resources:{function}\n{topic}\n  Letters: {{ Type: 'AWS::SQS::Queue', Properties: {{ QueueName: letters }} }}\n")
}

fn with_topic(properties: &str) -> String {
    format!("Resources:\n  Topic: {{ Type: 'AWS::SNS::Topic', Properties: {properties} }}\n")
}

fn reasons(manifest: &Manifest) -> Vec<(&str, &str)> {
    manifest.notes.iter().map(|note| (note.path.rsplit('.').next().unwrap(), note.reason.as_str())).collect()
}

#[test]
fn a_topic_event_becomes_a_subscription() {
    let manifest = read(&with_event("{ Topic: !Ref Topic, RedrivePolicy: { deadLetterTargetArn: !GetAtt Letters.Arn } }")).unwrap();
    let [subscription] = manifest.topic_subscriptions.as_slice() else { panic!("{:?}", manifest.topic_subscriptions) };
    assert_eq!((subscription.logical_id.as_str(), &subscription.function_arn), ("WorkerPlaced", &manifest.functions[0].arn));
    assert_eq!(
        (&subscription.topic_arn, &subscription.dead_letter_queue_arn),
        (&manifest.topics[0].arn, &Some(manifest.queues[0].arn.clone()))
    );
    assert_eq!(manifest.topics[0].arn, "arn:aws:sns:eu-central-1:123456789012:placements");
    assert_eq!(reasons(&manifest), [], "a topic that a function hears of has its effect");
    assert_eq!(read(&with_event("{ Topic: !Ref Topic }")).unwrap().topic_subscriptions[0].dead_letter_queue_arn, None);
}

#[test]
fn what_a_topic_event_says_wrong_is_named() {
    let well = "Topic: !Ref Topic";
    for (properties, expected) in [
        ("{ Region: eu-central-1 }".to_owned(), "Topic is missing"),
        ("{ Topic: !GetAtt Topic.TopicName }".to_owned(), "placements is not a topic of this template; use !Ref SomeTopic"),
        (format!("{{ {well}, FilterPolicy: {{ a: [b] }} }}"), "FilterPolicy: the local stack does not implement filters"),
        (format!("{{ {well}, FilterPolicyScope: MessageBody }}"), "FilterPolicyScope: the local stack does not implement filters"),
        (format!("{{ {well}, SqsSubscription: true }}"), "SqsSubscription: the local stack does not implement a queue between"),
        (format!("{{ {well}, Region: eu-west-1 }}"), "Region: the local stack does not implement topics of other Regions"),
        (format!("{{ {well}, RedrivePolicy: {{}} }}"), "RedrivePolicy: deadLetterTargetArn is missing"),
        (format!("{{ {well}, RedrivePolicy: {{ deadLetterTargetArn: !Ref Letters }} }}"), "is not a queue of this template"),
        (
            format!("{{ {well}, RedrivePolicy: {{ deadLetterTargetArn: !GetAtt Letters.Arn, maxReceiveCount: 3 }} }}"),
            "maxReceiveCount: the local stack does not understand this",
        ),
        (format!("{{ {well}, BatchSize: 1 }}"), "BatchSize: the local stack does not understand this"),
    ] {
        let problem = problems(&with_event(&properties));
        assert!(problem.contains(expected), "{properties} gave {problem}");
    }
}

#[test]
fn a_topic_is_read_and_what_has_no_effect_is_noted() {
    let manifest = read(&with_topic("{ DisplayName: Alarms, KmsMasterKeyId: alias/aws/sns, Tags: [], FifoTopic: false }")).unwrap();
    let [topic] = manifest.topics.as_slice() else { panic!("{:?}", manifest.topics) };
    assert!(topic.name.starts_with("stack-Topic-") && topic.arn.ends_with(&topic.name), "{topic:?}");
    let expected = [
        ("Topic", "AWS::SNS::Topic: alarms are not sent from one machine"),
        ("DisplayName", "for people"),
        ("KmsMasterKeyId", "data is not encrypted on one machine"),
        ("Tags", "tags are for bills and accounts"),
    ];
    assert_eq!(reasons(&manifest), expected);
    let resources = with_topic("{ TopicName: placements, Subscription: [{ Protocol: email, Endpoint: a@example.com }] }");
    for (expression, value) in [
        ("!Ref Topic", "arn:aws:sns:eu-central-1:123456789012:placements"),
        ("!GetAtt Topic.TopicArn", "arn:aws:sns:eu-central-1:123456789012:placements"),
        ("!GetAtt Topic.TopicName", "placements"),
    ] {
        assert_eq!(output(&resources, expression).unwrap(), value);
    }
}

#[test]
fn what_a_topic_says_wrong_is_named() {
    for (properties, expected) in [
        ("{ TopicName: a.fifo }", "`a.fifo` is not a standard topic's name"),
        ("{ FifoTopic: true }", "the local stack has standard topics only"),
        ("{ ContentBasedDeduplication: true }", "ContentBasedDeduplication: the local stack does not understand this"),
        ("{ Subscription: [{ Protocol: lambda, Endpoint: x }] }", "`lambda` is not understood"),
        ("{ Subscription: [{ Protocol: email }] }", "Endpoint is missing"),
    ] {
        let problem = problems(&with_topic(properties));
        assert!(problem.contains(expected) && problem.lines().count() == 1, "{properties} gave {problem}");
    }
    let twice = "Resources:
  One: { Type: 'AWS::SNS::Topic', Properties: { TopicName: same } }
  Two: { Type: 'AWS::SNS::Topic', Properties: { TopicName: same } }
";
    assert!(problems(twice).contains("another AWS::SNS::Topic has the name same"));
}
