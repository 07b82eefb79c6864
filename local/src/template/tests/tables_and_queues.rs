use std::time::Duration;

use super::{super::RedriveAllow, TABLE, problems, read};

#[test]
fn a_table_is_read() {
    let manifest = read(
        "
Resources:
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: rows
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: at, AttributeType: S }, { AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }, { AttributeName: at, KeyType: RANGE }]
      TimeToLiveSpecification: { AttributeName: expiresAt, Enabled: true }
      StreamSpecification: { StreamViewType: NEW_IMAGE }
",
    )
    .unwrap();
    let table = &manifest.tables[0];
    assert_eq!((table.logical_id.as_str(), table.name.as_str()), ("Rows", "rows"));
    assert_eq!((table.hash_key.as_str(), table.range_key.as_deref()), ("id", Some("at")));
    assert_eq!((table.ttl_attribute.as_deref(), table.stream), (Some("expiresAt"), true));
    assert_eq!(manifest.notes.iter().map(|note| note.path.as_str()).collect::<Vec<_>>(), ["Resources.Rows.Properties.BillingMode"]);
}

#[test]
fn expiry_that_is_switched_off_is_off() {
    let table = TABLE.replace(
        "      StreamSpecification",
        "      TimeToLiveSpecification: { AttributeName: x, Enabled: false }\n      StreamSpecification",
    );
    assert_eq!(read(&format!("Resources:{table}")).unwrap().tables[0].ttl_attribute, None);
}

#[test]
fn what_a_table_says_wrong_is_named() {
    for (from, to, expected) in [
        ("TableName: rows", "TableName: ab", "`ab` is not a table's name"),
        ("AttributeName: id, AttributeType: S", "AttributeName: other, AttributeType: S", "the key id has no AttributeDefinition"),
        ("AttributeName: id, AttributeType: S", "AttributeName: id, AttributeType: N", "`N` is not understood"),
        (
            "[{ AttributeName: id, AttributeType: S }]",
            "[{ AttributeName: id, AttributeType: S }, { AttributeName: x, AttributeType: S }]",
            "x is not a key",
        ),
        ("KeyType: HASH", "KeyType: RANGE", "there is no HASH key"),
        ("      KeySchema: [{ AttributeName: id, KeyType: HASH }]\n", "", "Resources.Rows.Properties: KeySchema is missing"),
        ("StreamViewType: NEW_IMAGE", "StreamViewType: OLD_IMAGE", "`OLD_IMAGE` is not understood"),
        (
            "StreamSpecification: { StreamViewType: NEW_IMAGE }",
            "GlobalSecondaryIndexes: []",
            "GlobalSecondaryIndexes: the local stack does not understand this",
        ),
        ("StreamSpecification: { StreamViewType: NEW_IMAGE }", "TimeToLiveSpecification: { Enabled: true }", "AttributeName is missing"),
    ] {
        let table = TABLE.replace(from, to);
        assert_ne!(table, TABLE, "{from}");
        let problem = problems(&format!("Resources:{table}"));
        assert!(problem.contains(expected), "{to} gave {problem}");
    }
}

const QUEUES: &str = "
Resources:
  Work:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: work
      VisibilityTimeout: 60
      MessageRetentionPeriod: 120
      DelaySeconds: 3
      ReceiveMessageWaitTimeSeconds: 20
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: '5' }
  Dead:
    Type: AWS::SQS::Queue
    Properties: { QueueName: dead }
";

#[test]
fn queues_are_read() {
    let manifest = read(QUEUES).unwrap();
    let [dead, work] = manifest.queues.as_slice() else { panic!("{:?}", manifest.queues) };
    assert_eq!((dead.visibility_timeout, dead.retention), (Duration::from_secs(30), Duration::from_secs(345_600)));
    assert!(dead.delay.is_zero() && dead.receive_wait.is_zero() && dead.redrive.is_none());
    assert_eq!((work.visibility_timeout, work.retention), (Duration::from_secs(60), Duration::from_secs(120)));
    assert_eq!((work.delay, work.receive_wait), (Duration::from_secs(3), Duration::from_secs(20)));
    let redrive = work.redrive.as_ref().unwrap();
    assert_eq!((&redrive.dead_letter_queue_arn, redrive.maximum_receive_count), (&dead.arn, 5));
    let allowed = QUEUES.replace(
        "{ QueueName: dead }",
        "{ QueueName: dead, RedriveAllowPolicy: { redrivePermission: byQueue, sourceQueueArns: ['arn:aws:sqs:eu-central-1:123456789012:work'] } }",
    );
    let sources = vec!["arn:aws:sqs:eu-central-1:123456789012:work".to_owned()];
    assert_eq!(read(&allowed).unwrap().queues[0].redrive_allow, Some(RedriveAllow::Queues(sources)));
}

#[test]
fn what_a_queue_says_wrong_is_named() {
    for (from, to, expected) in [
        ("QueueName: work", "QueueName: work.fifo", "`work.fifo` is not a standard queue's name"),
        ("QueueName: work", "FifoQueue: true", "the local stack has standard queues only"),
        ("!GetAtt Dead.Arn", "'arn:aws:sqs:eu-central-1:123456789012:work'", "a queue cannot be its own dead-letter queue"),
        (
            "{ QueueName: dead }",
            "{ QueueName: dead, RedriveAllowPolicy: { redrivePermission: denyAll } }",
            "line 4: Resources.Work.Properties.RedrivePolicy.deadLetterTargetArn: the dead-letter queue's RedriveAllowPolicy denies it",
        ),
        (
            "{ QueueName: dead }",
            "{ QueueName: dead, RedriveAllowPolicy: { redrivePermission: byQueue, sourceQueueArns: ['arn:aws:sqs:x'] } }",
            "the dead-letter queue's RedriveAllowPolicy does not name this queue",
        ),
        (
            "{ QueueName: dead }",
            "{ QueueName: dead, RedriveAllowPolicy: { redrivePermission: allowAll, sourceQueueArns: [x] } }",
            "only the",
        ),
        ("{ QueueName: dead }", "{ QueueName: dead, RedriveAllowPolicy: { redrivePermission: some } }", "`some` is not understood"),
        ("DelaySeconds: 3", "DelaySeconds: 901", "901 is not between 0 and 900"),
        ("maxReceiveCount: '5'", "maxReceiveCount: often", "this has to be a whole number, not often"),
        (", maxReceiveCount: '5'", "", "maxReceiveCount is missing"),
        ("!GetAtt Dead.Arn", "!Ref Dead", "is not a queue of this template"),
        ("QueueName: dead", "QueueName: work", "another AWS::SQS::Queue has the name work"),
    ] {
        let text = QUEUES.replace(from, to);
        assert_ne!(text, QUEUES, "{from}");
        let problem = problems(&text);
        assert!(problem.contains(expected) && problem.lines().count() == 1, "{to} gave {problem}");
    }
}
