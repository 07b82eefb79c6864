use super::{TABLE, output, problems, read};

const SECTIONS: &str = "
Parameters:
  Stage: { Type: String, Default: dev }
Mappings:
  Sizes: { dev: { hours: 7, zones: [a, b] }, prod: { hours: 30 } }
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsProduction: !Not [!Condition IsDev]
  Both: !And [!Condition IsDev, !Condition IsProduction]
  Either: !Or [!Condition IsDev, !Condition IsProduction]
";

#[test]
fn functions_give_what_cloudformation_gives() {
    for (expression, expected) in [
        ("!Ref Stage", "dev"),
        ("!Ref AWS::Region", "eu-central-1"),
        ("!Ref AWS::AccountId", "123456789012"),
        ("!Ref AWS::StackName", "stack"),
        ("!Sub 'arn:${AWS::Partition}:x.${AWS::URLSuffix}/${Stage}'", "arn:aws:x.amazonaws.com/dev"),
        ("!Sub 'a${!Stage}b${Stage}c'", "a${Stage}bdevc"),
        ("!Sub 'a ${Stage'", "a ${Stage"),
        ("!Sub ['${A}-${Stage}', { A: !Join ['+', [x, !Ref Stage, 3]] }]", "x+dev+3-dev"),
        ("!Join ['', [a, !If [IsDev, !Ref AWS::NoValue, b], c]]", "ac"),
        ("!Join [',', !FindInMap [Sizes, !Ref Stage, zones]]", "a,b"),
        ("!If [IsProduction, 30, !If [Both, 1, 2]]", "2"),
        ("!If [Either, !FindInMap [Sizes, !Ref Stage, hours], x]", "7"),
    ] {
        assert_eq!(output(SECTIONS, expression).as_deref(), Ok(expected), "{expression}");
    }
}

#[test]
fn resources_give_what_they_give_on_aws() {
    let resources = format!(
        "Resources:{}{TABLE}
  Dead:
    Type: AWS::SQS::Queue
    Properties: {{ QueueName: !Sub '${{AWS::StackName}}-dead' }}
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {{ LogGroupName: /aws/lambda/worker }}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {{ TopicName: alarms }}
",
        super::FUNCTION
    );
    for (expression, expected) in [
        ("!Ref Worker", "worker"),
        ("!GetAtt Worker.Arn", "arn:aws:lambda:eu-central-1:123456789012:function:worker"),
        ("!Ref Rows", "rows"),
        ("!GetAtt Rows.Arn", "arn:aws:dynamodb:eu-central-1:123456789012:table/rows"),
        ("!Ref Dead", "https://sqs.eu-central-1.amazonaws.com/123456789012/stack-dead"),
        ("!GetAtt Dead.QueueName", "stack-dead"),
        ("!Sub '${Dead.Arn}!'", "arn:aws:sqs:eu-central-1:123456789012:stack-dead!"),
        ("!Ref Logs", "/aws/lambda/worker"),
        ("!Ref Topic", "arn:aws:sns:eu-central-1:123456789012:alarms"),
    ] {
        assert_eq!(output(&resources, expression).as_deref(), Ok(expected), "{expression}");
    }
    let stream = output(&resources, "!GetAtt Rows.StreamArn").unwrap();
    assert!(stream.starts_with("arn:aws:dynamodb:eu-central-1:123456789012:table/rows/stream/"), "{stream}");
    let role = output(&resources, "!GetAtt WorkerRole.Arn").unwrap();
    assert!(role.starts_with("arn:aws:iam::123456789012:role/stack-WorkerRole-"), "{role}");
}

#[test]
fn a_name_that_the_template_leaves_out_is_made_up_the_same_every_time() {
    let resources = "Resources:\n  Dead: { Type: 'AWS::SQS::Queue' }\n";
    let name = output(resources, "!GetAtt Dead.QueueName").unwrap();
    assert!(name.starts_with("stack-Dead-") && name.len() == "stack-Dead-".len() + 12, "{name}");
    assert_eq!(output(resources, "!GetAtt Dead.QueueName").unwrap(), name);
}

#[test]
fn what_cannot_be_evaluated_is_named_with_its_line() {
    for (expression, expected) in [
        ("!Ref Stag", "line 16: Outputs.X.Value: there is no parameter or resource Stag"),
        ("!Ref stage", "did you mean Stage?"),
        ("!Ref AWS::NotificationARNs", "AWS::NotificationARNs is not understood"),
        ("!Ref AWS::NoValue", "AWS::NoValue cannot be part of a text"),
        ("!Sub '${Stage.Arn}'", "there is no parameter or resource Stage"),
        ("!Sub '${}'", "there is no parameter or resource  that"),
        ("!Sub [x]", "Fn::Sub takes a text, or a list of a text and a map"),
        ("!GetAtt Stage", "Fn::GetAtt takes a resource and an attribute"),
        ("!Join [a]", "Fn::Join takes a separator and a list"),
        ("!If [Nope, a, b]", "there is no condition Nope"),
        ("!FindInMap [Sizes, test, hours]", "there is no Sizes.test.hours in Mappings"),
        ("!Equals [a, b]", "Fn::Equals is not understood by the local stack here"),
        ("{ 'Fn::Select': [0, [a]] }", "Fn::Select is not understood by the local stack here"),
        ("{ 'Fn::Sub': a, b: c }", "Fn::Sub has to stand alone"),
        ("{ Ref: Stage, b: !Ref AWS::NoValue }", "Ref has to stand alone"),
        ("[a]", "this has to be text, not a list"),
    ] {
        let problem = output(SECTIONS, expression).expect_err(expression).to_string();
        assert!(problem.contains(expected) && problem.lines().count() == 1, "{expression} gave {problem}");
    }
}

#[test]
fn a_condition_removes_its_resource() {
    let text = |stage: &str| {
        format!(
            "
Parameters: {{ Stage: {{ Type: String, Default: {stage} }} }}
Conditions: {{ IsDev: !Equals [!Ref Stage, dev] }}
Resources:
  Dead:
    Type: AWS::SQS::Queue
    Condition: IsDev
    Properties: {{ QueueName: dead }}
Outputs:
  Dead: {{ Condition: IsDev, Value: !Ref Dead }}
  Careful: {{ Value: !If [IsDev, !Ref Dead, none] }}
"
        )
    };
    let dev = read(&text("dev")).unwrap();
    assert_eq!((dev.queues.len(), dev.outputs.len()), (1, 2));
    let prod = read(&text("prod")).unwrap();
    assert_eq!((prod.queues.len(), prod.outputs["Careful"].value.as_str(), prod.outputs.len()), (0, "none", 1));
    let careless = text("prod").replace("{ Condition: IsDev, Value", "{ Value");
    assert!(problems(&careless).contains("Dead is not there, because its condition is false"));
}

#[test]
fn conditions_that_cannot_be_evaluated_are_named() {
    for (conditions, expected) in [
        ("{ A: !Condition B, B: !Not [!Condition A] }", "the conditions go in a circle: A → B → A"),
        ("{ A: !Condition B }", "Conditions.A: there is no condition B"),
        ("{ A: !Equals [!Ref Rows, x] }", "there is no parameter or resource Rows that may be named here"),
        ("{ A: !And [!Equals [a, a]] }", "Fn::And takes a list of 2 to 10 conditions"),
        ("{ A: true }", "a condition is one of !Equals"),
    ] {
        let problem = problems(&format!("Conditions: {conditions}\nResources:{TABLE}"));
        assert!(problem.contains(expected) && problem.lines().count() == 1, "{conditions} gave {problem}");
    }
}

#[test]
fn resources_that_refer_to_each_other_are_an_error() {
    let queue = |name: &str| format!("{{ Type: 'AWS::SQS::Queue', Properties: {{ QueueName: {name} }} }}");
    let circle = format!("Resources:\n  A: {}\n  B: {}\n", queue("!Sub '${B.QueueName}-a'"), queue("!GetAtt A.QueueName"));
    assert_eq!(problems(&circle), "line 3: Resources.A: these refer to each other in a circle: A → B → A");
    let itself = format!("Resources:\n  A: {}\n", queue("!Ref A"));
    assert_eq!(problems(&itself), "line 3: Resources.A: these refer to each other in a circle: A → A");
    let apart = format!(
        "Parameters: {{ P: {{ Type: String, Default: b }} }}\nResources:\n  A: {}\n  B: {}\n",
        queue("!Sub '${B.QueueName}-a'"),
        queue("!Ref P")
    );
    assert_eq!(read(&apart).unwrap().queues[0].name, "b-a");
}
