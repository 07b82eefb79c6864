//! Nothing in a template is passed over in silence.

use std::collections::BTreeMap;

use super::{super::load, FUNCTION, problems, read, resource};

#[test]
fn an_unknown_type_is_an_error() {
    let problem = problems("Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n");
    assert_eq!(
        problem,
        "line 4: Resources.Bucket.Type: the local stack does not understand AWS::S3::Bucket; take it out, or teach it in local/src/template"
    );
}

#[test]
fn all_problems_are_reported_at_once_in_the_order_of_lines() {
    let text = "
Resources:
  A: { Type: 'AWS::S3::Bucket' }
  B: { Type: 'AWS::SQS::Queue', Colour: red, Properties: { QueueName: !Ref Nope, Shape: round } }
  C: { Properties: {} }
Outputs:
  X: { Value: !GetAtt B.Weight }
Extra: 1
";
    let lines = problems(text);
    let expected = [
        "line 4: Resources.A.Type",
        "line 5: Resources.B.Colour",
        "line 5: Resources.B.Properties.QueueName",
        "line 5: Resources.B.Properties.Shape",
        "line 6: Resources.C: Type is missing",
        "line 8: Outputs.X.Value",
        "line 9: Extra",
    ];
    assert_eq!(lines.lines().count(), expected.len(), "{lines}");
    for (line, expected) in lines.lines().zip(expected) {
        assert!(line.starts_with(expected), "{line}");
    }
}

#[test]
fn a_problem_names_its_resource() {
    let error = read("Resources:\n  A: { Type: 'AWS::S3::Bucket' }\nExtra: 1").unwrap_err();
    assert_eq!(error.problems.iter().map(super::super::Problem::resource).collect::<Vec<_>>(), [Some("A"), None]);
}

#[test]
fn what_has_no_effect_is_noted_with_the_reason() {
    let manifest = read(&format!(
        "
Resources:{}
    DeletionPolicy: Retain
  Topic: {{ Type: 'AWS::SNS::Topic' }}
  Person:
    Type: AWS::SNS::Subscription
    Properties: {{ TopicArn: !Ref Topic, Protocol: email, Endpoint: a@example.com }}
",
        FUNCTION.trim_end().replace("Handler: bootstrap }", "Handler: bootstrap, Tags: { a: b } }")
    ))
    .unwrap();
    let noted: Vec<(Option<&str>, &str)> = manifest.notes.iter().map(|note| (resource(note), note.reason.as_str())).collect();
    assert_eq!(
        noted,
        [
            (Some("Worker"), "tags are for bills and accounts"),
            (Some("Worker"), "the local stack creates everything at its start and updates nothing"),
            (Some("Topic"), "AWS::SNS::Topic: alarms are not sent from one machine"),
            (Some("Person"), "AWS::SNS::Subscription: alarms are not sent from one machine"),
        ]
    );
}

#[test]
fn what_has_no_effect_must_refer_to_what_is_there() {
    let alarm = "Resources:\n  Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { Dimensions: [{ Name: Q, Value: !Ref Queu }] } }\n";
    assert!(problems(alarm).contains("Resources.Alarm.Properties.Dimensions.0.Value: there is no parameter or resource Queu"));
    let policy = format!("Resources:{}    DeletionPolicy: !If [Nope, Retain, Delete]\n", FUNCTION);
    assert!(problems(&policy).contains("Resources.Worker.DeletionPolicy: there is no condition Nope"));
    let order = format!("Resources:{}    DependsOn: [Nope]\n", FUNCTION);
    assert!(problems(&order).contains("Resources.Worker.DependsOn: there is no resource Nope"));
}

#[test]
fn a_subscription_that_would_be_work_is_an_error() {
    let text = "Resources:\n  S: { Type: 'AWS::SNS::Subscription', Properties: { Protocol: lambda } }\n";
    assert!(problems(text).contains("`lambda` is not understood"));
}

#[test]
fn the_template_has_to_be_one_of_sam() {
    let without = load("Resources: {}", &BTreeMap::new(), "stack").unwrap_err().to_string();
    assert_eq!(without, "line 1: Transform: the transforms have to end with AWS::Serverless-2016-10-31");
    let other =
        load("Transform: [AWS::Include, AWS::Serverless-2016-10-31]\nResources: {}", &BTreeMap::new(), "stack").unwrap_err().to_string();
    assert!(other.contains("AWS::Include is not understood"), "{other}");
    assert!(problems("Outputs: {}").contains("Resources is missing"));
    assert!(load("just text", &BTreeMap::new(), "stack").unwrap_err().to_string().contains("this has to be a map, not text"));
}
