//! Nothing in a template is passed over in silence.

use super::{super::Alarm, ROWS_AND_WORK, load, problems, read, values, worker};

#[test]
fn what_is_not_implemented_is_named_all_at_once() {
    let text = "
Resources:
  A: { Type: AWS::S3::Bucket }
  B: { Type: AWS::SQS::Queue, Properties: { QueueName: b, VisibilityTimeout: !Ref Nope } }
  C: { Type: AWS::SQS::Queue, Properties: { Shape: round } }
";
    let problems = problems(text);
    let expected = [
        "Resources.A.Type: the local stack does not implement AWS::S3::Bucket",
        "Resources.B.Properties.VisibilityTimeout: the local stack knows no parameter, resource or attribute Nope here",
        "Resources.C.Properties.Shape: the local stack does not understand this: unknown field `Shape`, expected one of",
    ];
    assert_eq!(problems.lines().count(), expected.len(), "{problems}");
    assert!(problems.lines().zip(expected).all(|(problem, expected)| problem.starts_with(expected)), "{problems}");
}

#[test]
fn what_stands_beside_the_resources_is_named() {
    for (text, expected) in [
        ("Resources: {}\nMappings: {}", "unknown field `Mappings`"),
        ("Outputs: {}", "missing field `Resources`"),
        ("Resources: {}\nGlobals: { Api: {} }", "Globals.Api: the local stack does not understand this: unknown field `Api`"),
        ("Resources: {}\nParameters: { P: { Type: CommaDelimitedList } }", "Parameters.P.Type"),
        ("Resources: { A: { Properties: {} } }", "Resources.A: the local stack does not understand this: missing field `Type`"),
        ("Resources: { A: { Type: AWS::SNS::Topic, UpdatePolicy: {} } }", "unknown field `UpdatePolicy`"),
        ("Resources: {}\nOutputs: { A: { Value: a, Export: {} } }", "unknown field `Export`"),
    ] {
        let problem = problems(text);
        assert!(problem.contains(expected) && problem.lines().count() == 1, "{text} gave {problem}");
    }
    for (transform, expected) in [
        ("", "missing field `Transform`"),
        ("Transform: AWS::Include", "Transform: the local stack does not understand this: unknown variant `AWS::Include`"),
    ] {
        let error = load(&format!("{transform}\nResources: {{}}"), &values(&[])).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn what_has_no_effect_is_noted_with_the_reason() {
    let text = format!(
        "
Resources:{}{ROWS_AND_WORK}
  Topic: {{ Type: AWS::SNS::Topic, Properties: {{ Tags: [] }} }}
  Person: {{ Type: AWS::SNS::Subscription, Properties: {{ TopicArn: !Ref Topic, Protocol: email, Endpoint: a@example.com }} }}
  Late: {{ Type: AWS::CloudWatch::Alarm, Properties: {{ AlarmName: late, AlarmDescription: Look., Period: 60 }} }}
  Board: {{ Type: AWS::CloudWatch::Dashboard }}
  Group: {{ Type: AWS::Logs::LogGroup, Properties: {{ LogGroupName: all }} }}
  Budget: {{ Type: AWS::Budgets::Budget }}
  Name: {{ Type: AWS::ApiGatewayV2::DomainName, Properties: {{ DomainName: example.com }} }}
",
        worker("Tags: { a: b }, RecursiveLoop: Allow, LoggingConfig: { LogFormat: JSON }")
    );
    let manifest = read(&text).unwrap();
    let noted: Vec<(&str, Vec<&str>)> =
        manifest.notes.iter().map(|(reason, what)| (*reason, what.iter().map(String::as_str).collect())).collect();
    let expected = [
        ("alarms are not sent from one machine", vec!["AWS::SNS::Subscription"]),
        ("nothing is billed on one machine", vec!["AWS::Budgets::Budget"]),
        ("nothing stops loops on one machine", vec!["RecursiveLoop"]),
        (
            "nothing watches metrics on one machine; errors are in the functions' logs",
            vec!["AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"],
        ),
        ("tables are the developer's own files", vec!["DeletionProtectionEnabled"]),
        ("tags are for bills and accounts", vec!["Tags"]),
        ("the functions' logs go to the terminal", vec!["AWS::Logs::LogGroup", "LoggingConfig"]),
        ("the local stack is reached at 127.0.0.1", vec!["AWS::ApiGatewayV2::DomainName"]),
    ];
    assert_eq!(noted, expected);
    let alarm = Alarm { name: "late".to_owned(), description: "Look.".to_owned(), queues: Vec::new() };
    assert_eq!((manifest.alarms.as_slice(), manifest.log_group.as_str()), (&[alarm][..], "all"));
    let work = text.replace("Protocol: email", "Protocol: lambda");
    assert!(
        problems(&work)
            .contains("Resources.Person.Properties.Protocol: the local stack does not implement \"lambda\" here; it knows email")
    );
}
