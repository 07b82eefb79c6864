use super::{FUNCTION, ROWS_AND_WORK, problems, read};
use crate::account::{self, ACCOUNT, REGION};

/// The value of the output `X` whose expression this is.
fn output(expression: &str) -> Result<String, String> {
    let text = format!(
        "
Parameters: {{ Stage: {{ Type: String, Default: dev }}, Hours: {{ Type: Number, Default: 24 }} }}
Conditions: {{ IsDev: !Equals [!Ref Stage, dev], IsProd: !Not [!Equals [!Ref Stage, dev]] }}
Resources:{FUNCTION}{ROWS_AND_WORK}
  Aliased:
    Type: AWS::Serverless::Function
    Properties: {{ FunctionName: a, Runtime: provided.al2023, Handler: a, AutoPublishAlias: live }}
  Unnamed: {{ Type: AWS::SQS::Queue }}
  Topic: {{ Type: AWS::SNS::Topic, Properties: {{ TopicName: news }} }}
  Policy: {{ Type: AWS::IAM::ManagedPolicy, Properties: {{ ManagedPolicyName: p, PolicyDocument: {{ Statement: [] }} }} }}
  Group: {{ Type: AWS::Logs::LogGroup, Properties: {{ LogGroupName: !Sub '/${{Stage}}' }} }}
Outputs:
  X: {{ Value: {expression}, Description: It. }}
"
    );
    read(&text).map(|manifest| manifest.outputs["X"].clone()).map_err(|error| error.to_string())
}

#[test]
fn functions_give_what_cloudformation_gives() {
    for (expression, expected) in [
        ("!Ref Stage", "dev"),
        ("!Ref Hours", "24"),
        ("!Sub '${Stage}-${AWS::Region}-$-${'", &format!("dev-{REGION}-$-${{")),
        ("!Sub ['${A}-${Stage}', { A: !Ref Hours }]", "24-dev"),
        ("!Sub '${AWS::AccountId} ${AWS::Partition} ${AWS::URLSuffix}'", &format!("{ACCOUNT} aws amazonaws.com")),
        ("!Join ['-', [a, !Ref Stage]]", "a-dev"),
        ("!If [IsDev, yes, !Ref Nope]", "yes"),
        ("!If [IsProd, 1, 2.5]", "2.5"),
        ("!And [!Equals [a, a], !Equals [a, b]]", "false"),
        ("!Or [!Equals [a, a], !Equals [a, b]]", "true"),
        ("{ 'Fn::Sub': '${Stage}' }", "dev"),
        ("!Ref Worker", "worker"),
        ("!GetAtt Worker.Arn", &account::function_arn("worker")),
        ("!GetAtt Aliased.Arn", &account::function_arn("a")),
        ("!Ref Aliased.Alias", &account::function_arn("a:live")),
        ("!Sub '${Aliased.Alias}'", &account::function_arn("a:live")),
        ("!GetAtt Rows.Arn", &account::arn("dynamodb", "table/rows")),
        ("!Ref Work", &format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/work")),
        ("!GetAtt Work.QueueName", "work"),
        ("!Sub '${Work.Arn}'", &account::queue_arn("work")),
        ("!Ref Topic", &account::arn("sns", "news")),
        ("!Ref Policy", &format!("arn:aws:iam::{ACCOUNT}:policy/p")),
        ("!Ref Group", "/dev"),
    ] {
        assert_eq!(output(expression).as_deref(), Ok(expected), "{expression}");
    }
}

#[test]
fn a_name_that_the_template_leaves_out_is_made_up_the_same_every_time() {
    let name = output("!GetAtt Unnamed.QueueName").unwrap();
    assert_eq!(name, "muster-local-Unnamed");
}

#[test]
fn what_cannot_be_evaluated_is_named() {
    for (expression, expected) in [
        ("!Ref Stag", "Outputs.X: the local stack knows no parameter, resource or attribute Stag here"),
        ("!Ref Worker.Alias", "attribute Worker.Alias here"),
        ("!GetAtt Work.Weight", "attribute Work.Weight here"),
        ("!Sub '${}'", "resource or attribute  here"),
        ("!If [Nope, a, b]", "there is no condition Nope"),
        ("!FindInMap [Sizes, test, hours]", "Fn::FindInMap is not implemented by the local stack"),
        ("!Equals [a]", "Fn::Equals is not implemented by the local stack, or not with this argument"),
        ("!Join ['-', a]", "Fn::Join is not implemented by the local stack, or not with this argument"),
        ("!Select [0, [a, b]]", "Fn::Select is not implemented"),
        ("[a]", "this has to be text"),
    ] {
        let problem = output(expression).expect_err(expression);
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
Resources: {{ Dead: {{ Type: AWS::SQS::Queue, Condition: IsDev }} }}
Outputs: {{ Dead: {{ Condition: IsDev, Value: !Ref Dead }}, Careful: {{ Value: !If [IsDev, !Ref Dead, none] }} }}
"
        )
    };
    let (dev, prod) = (read(&text("dev")).unwrap(), read(&text("prod")).unwrap());
    assert_eq!((dev.queues.len(), dev.outputs.len()), (1, 2));
    assert_eq!((prod.queues.len(), prod.outputs["Careful"].as_str(), prod.outputs.len()), (0, "none", 1));
    assert!(problems(&text("prod").replace("Condition: IsDev, Value", "Value")).contains("Outputs.Dead: the local stack knows no"));
    assert!(
        problems(&text("dev").replace("Condition: IsDev }", "Condition: IsDve }")).contains("Resources.Dead: there is no condition IsDve")
    );
}

#[test]
fn names_are_made_of_parameters_alone_so_that_they_cannot_go_in_a_circle() {
    let circle = "Resources:\n  A: { Type: AWS::SQS::Queue, Properties: { QueueName: !GetAtt A.QueueName } }\n";
    assert!(problems(circle).contains("Resources.A.Properties.QueueName: the local stack knows no"));
}

#[test]
fn text_that_is_not_yaml_is_refused() {
    for text in ["a: [1", "a: 1\n  b: 2", "a: 1\na: 2", "---\nb: 2\n---\nc: 1", "[a]: 1", "a: !!int x"] {
        assert!(super::load(text, &super::values(&[])).is_err(), "{text}");
    }
}
