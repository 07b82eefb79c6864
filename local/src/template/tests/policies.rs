use super::{
    super::{ManagedPolicy, ResourcePolicy, Statement},
    each_is_named, read, worker,
};
use crate::account::{arn, queue_arn};

fn text() -> String {
    let function = worker(
        "Policies: [{ Version: 2012-10-17, Statement: [
          { Effect: Allow, Action: 'dynamodb:PutItem', Resource: !GetAtt Work.Arn },
          { Effect: Allow, Action: ['sqs:A', 'sqs:B'], Resource: [!GetAtt Work.Arn, '*'] }] }]",
    );
    format!(
        "Resources:{function}
  Work: {{ Type: AWS::SQS::Queue, Properties: {{ QueueName: work }} }}
  News: {{ Type: AWS::SNS::Topic, Properties: {{ TopicName: news }} }}
  Service:
    Type: AWS::IAM::ManagedPolicy
    Properties: {{ Description: It., PolicyDocument: {{ Statement: [{{ Effect: Allow, Action: 'sns:Publish', Resource: !Ref News }}] }} }}
  WorkPolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Work]
      PolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {{ Service: sns.amazonaws.com }}
            Action: sqs:SendMessage
            Resource: !GetAtt Work.Arn
            Condition: {{ ArnEquals: {{ 'aws:SourceArn': !Ref News }} }}
"
    )
}

fn statement(place: &str, actions: &[&str], resources: &[&str]) -> Statement {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Statement { place: place.to_owned(), actions: owned(actions), resources: owned(resources) }
}

#[test]
fn policies_are_read_with_the_place_of_each_statement() {
    let manifest = read(&text()).unwrap();
    let (work, news) = (queue_arn("work"), arn("sns", "news"));
    let of_function = [
        statement("Worker.Policies[0].Statement[0]", &["dynamodb:PutItem"], &[&work]),
        statement("Worker.Policies[0].Statement[1]", &["sqs:A", "sqs:B"], &[&work, "*"]),
    ];
    assert_eq!(manifest.functions[0].statements, of_function);
    let statements = vec![statement("Service.PolicyDocument.Statement[0]", &["sns:Publish"], &[&news])];
    assert_eq!(manifest.managed_policies, [ManagedPolicy { logical_id: "Service".to_owned(), statements }]);
    let of_queue = ResourcePolicy {
        statement: statement("WorkPolicy.PolicyDocument.Statement[0]", &["sqs:SendMessage"], &[&work]),
        service: "sns.amazonaws.com".to_owned(),
        source_arns: Some(vec![news]),
    };
    assert_eq!(manifest.resource_policies, std::slice::from_ref(&of_queue));
    let of_topic =
        text().replace("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy").replace("Queues:", "Topics:").replace("ArnEquals", "ArnLike");
    assert_eq!(read(&of_topic).unwrap().resource_policies, [of_queue]);
}

#[test]
fn what_a_policy_has_that_is_not_implemented_is_named() {
    each_is_named(
        &text(),
        &[
            ("Effect: Allow", "Effect: Deny", "Resources.Worker.Properties.Policies[0].Statement[0].Effect"),
            ("Effect: Allow", "Effect: Allow, NotAction: x", "unknown field `NotAction`"),
            ("Effect: Allow", "Effect: Allow, Condition: {}", "unknown field `Condition`"),
            ("ArnEquals", "StringEquals", "Resources.WorkPolicy.Properties.PolicyDocument.Statement[0].Condition"),
            (
                "aws:SourceArn",
                "aws:SourceAccount",
                "Condition.ArnEquals: the local stack does not understand this: unknown variant `aws:SourceAccount`",
            ),
            ("Service: sns", "AWS: sns", "unknown variant `AWS`"),
        ],
    );
}
