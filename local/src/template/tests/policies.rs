use super::{
    super::manifest::{ResourcePolicy, Statement},
    FUNCTION, output, problems, read,
};

const RESOURCES: &str = "
  Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: news } }
  TopicPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Topic]
      PolicyDocument:
        Statement:
          - Effect: Allow
            Principal: { Service: gamelift.amazonaws.com }
            Action: sns:Publish
            Resource: !Ref Topic
            Condition: { ArnLike: { 'aws:SourceArn': 'arn:queue/*' } }
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: start
      PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: Allow, Action: 'sns:Publish', Resource: !Ref Topic }] }
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: { AlarmName: dead, AlarmDescription: Look., Dimensions: [{ Name: QueueName, Value: letters }] }
";
const POLICIES: &str =
    "Policies: [{ Statement: [{ Effect: Allow, Action: [a:B, 'c:*'], Resource: '*' }, { Effect: Allow, Action: d:E, Resource: [x, y] }] }]";

fn template(policies: &str) -> String {
    let function = FUNCTION.replace("Handler: bootstrap", &format!("Handler: bootstrap, {policies}"));
    format!("Resources:{function}{RESOURCES}")
}

fn statement(place: &str, actions: &[&str], resources: &[&str]) -> Statement {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Statement { place: place.to_owned(), actions: owned(actions), resources: owned(resources) }
}

#[test]
fn policies_are_read_with_their_places() {
    let manifest = read(&template(POLICIES)).unwrap();
    let topic = manifest.topics[0].arn.as_str();
    let expected = [
        statement("Worker.Policies[0].Statement[0]", &["a:B", "c:*"], &["*"]),
        statement("Worker.Policies[0].Statement[1]", &["d:E"], &["x", "y"]),
    ];
    assert_eq!(manifest.functions[0].statements, expected);
    assert_eq!(manifest.managed_policies[0].statements, [statement("Policy.Statement[0]", &["sns:Publish"], &[topic])]);
    let policy = ResourcePolicy {
        statement: statement("TopicPolicy.Statement[0]", &["sns:Publish"], &[topic]),
        service: "gamelift.amazonaws.com".to_owned(),
        source_arn: Some("arn:queue/*".to_owned()),
    };
    assert_eq!(manifest.resource_policies, [policy]);
    assert_eq!((manifest.alarms[0].name.as_str(), manifest.alarms[0].queues.as_slice()), ("dead", &["letters".to_owned()][..]));
    let reference = output(&template(POLICIES), "!Ref Policy").unwrap();
    assert!(reference.ends_with(":policy/start"), "{reference}");
}

#[test]
fn what_a_policy_says_that_is_not_evaluated_is_refused() {
    for (wrong, expected) in [
        (template("Policies: [{ Statement: [{ Effect: Deny, Action: a:B, Resource: x }] }]"), "`Deny` is not understood"),
        (template("Policies: [{ Statement: [{ Effect: Allow, NotAction: a:B, Resource: x }] }]"), "Action is missing"),
        (template("Policies: [{ Statement: [{ Effect: Allow, Action: a:B, Resource: x, Condition: {} }] }]"), "Condition: the local"),
        (template("Policies: [{ DynamoDBCrudPolicy: { TableName: x } }]"), "DynamoDBCrudPolicy: the local stack does not understand"),
        (template(POLICIES).replace("ArnLike", "StringLike"), "StringLike: the local stack does not understand"),
        (template(POLICIES).replace("Service: gamelift.amazonaws.com", "AWS: '*'"), "Service is missing"),
        (template(POLICIES).replace("Topics: [!Ref Topic]", "Topics: [!Ref Gone]"), "there is no parameter or resource Gone"),
    ] {
        let problem = problems(&wrong);
        assert!(problem.contains(expected), "{expected}: {problem}");
    }
}
