use std::time::Duration;

use super::{
    super::{GameSessionQueue, Queue, Redrive, Table, Throttle, identities::route_id},
    FUNCTION, ROWS_AND_WORK, each_has_one_value, each_is_named, read, values,
};
use crate::account::{arn, function_arn, queue_arn};

const QUEUES: &str = "
  Timers:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: timers
      VisibilityTimeout: 60
      MessageRetentionPeriod: 120
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Work.Arn, maxReceiveCount: '5' }
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  Placements:
    Type: AWS::GameLift::GameSessionQueue
    Properties: { Name: placements, TimeoutInSeconds: 120, NotificationTarget: !Ref News, Destinations: [{ DestinationArn: x }] }
";

#[test]
fn a_table_is_read() {
    let text = format!("Resources:{ROWS_AND_WORK}");
    let expected = Table {
        name: "rows".to_owned(),
        hash_key: "id".to_owned(),
        range_key: Some("at".to_owned()),
        stream: true,
        ttl_attribute: Some("expiresAt".to_owned()),
    };
    assert_eq!(read(&text).unwrap().tables, [expected]);
    let bare = text
        .replace("      TimeToLiveSpecification: { AttributeName: expiresAt, Enabled: true }\n", "")
        .replace("      StreamSpecification: { StreamViewType: NEW_IMAGE }\n", "")
        .replace(", { AttributeName: at, KeyType: RANGE }", "");
    let bare = &read(&bare).unwrap().tables[0];
    assert_eq!((bare.range_key.as_ref(), bare.stream, bare.ttl_attribute.as_ref()), (None, false, None));
    each_has_one_value(&text, &[("StreamSpecification", "NEW_IMAGE", "KEYS_ONLY")]);
    each_is_named(
        &text,
        &[
            (
                "AttributeType: S",
                "AttributeType: N",
                "Resources.Rows.Properties.AttributeDefinitions: the local stack implements keys of type S",
            ),
            ("KeyType: HASH", "KeyType: RANGE", "missing field `HashKey`"),
            ("TableName: rows", "GlobalSecondaryIndexes: []", "unknown field `GlobalSecondaryIndexes`"),
        ],
    );
}

#[test]
fn queues_are_read() {
    let text = format!("Resources:{ROWS_AND_WORK}{QUEUES}");
    let manifest = read(&text).unwrap();
    let timers = Queue {
        name: "timers".to_owned(),
        arn: queue_arn("timers"),
        visibility_timeout: Duration::from_secs(60),
        retention: Duration::from_secs(120),
        redrive: Some(Redrive { dead_letter_queue_arn: queue_arn("work"), maximum_receive_count: 5 }),
    };
    let work = &manifest.queues[1];
    assert_eq!(manifest.queues[0], timers);
    assert_eq!((work.visibility_timeout, work.retention), (Duration::from_secs(30), Duration::from_secs(345_600)));
    let placements = GameSessionQueue {
        name: "placements".to_owned(),
        arn: arn("gamelift", "gamesessionqueue/placements"),
        timeout: Duration::from_secs(120),
        notification_topic_arn: Some(arn("sns", "news")),
    };
    assert_eq!((&manifest.topics[0].arn, manifest.game_session_queues.as_slice()), (&arn("sns", "news"), &[placements][..]));
    each_is_named(
        &text,
        &[
            ("QueueName: timers", "FifoQueue: true", "unknown field `FifoQueue`"),
            ("maxReceiveCount: '5'", "maxReceiveCount: often", "Resources.Timers.Properties.RedrivePolicy.maxReceiveCount"),
            ("TopicName: news", "FifoTopic: true", "Resources.News.Properties"),
            ("Name: placements", "CustomEventData: x", "unknown field `CustomEventData`"),
        ],
    );
}

const MACHINE: &str = "
  Replay:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: replay
      Type: STANDARD
      DefinitionUri: statemachine/replay.asl.json
      DefinitionSubstitutions: { Function: !GetAtt Worker.Arn, Topic: !Ref News }
      Policies: [{ Version: '2012-10-17', Statement: [{ Effect: Allow, Action: 'lambda:InvokeFunction', Resource: !GetAtt Worker.Arn }] }]
      Tags: { game: x }
Outputs:
  Arn: { Value: !Ref Replay }
  Name: { Value: !GetAtt Replay.Name }
";

#[test]
fn a_state_machine_is_read() {
    let text = format!("Resources:{FUNCTION}{ROWS_AND_WORK}{QUEUES}{MACHINE}");
    let manifest = read(&text).unwrap();
    let machine = &manifest.state_machines[0];
    assert_eq!((machine.name.as_str(), machine.role().as_str()), ("replay", "ReplayRole"));
    assert_eq!(machine.definition_uri, "statemachine/replay.asl.json");
    assert_eq!(machine.definition_substitutions, values(&[("Function", &function_arn("worker")), ("Topic", &arn("sns", "news"))]));
    assert_eq!(machine.statements[0].place, "Replay.Policies[0].Statement[0]");
    assert_eq!((&machine.statements[0].resources, &machine.arn), (&vec![function_arn("worker")], &arn("states", "stateMachine:replay")));
    assert_eq!((&manifest.outputs["Arn"], manifest.outputs["Name"].as_str()), (&machine.arn, "replay"));
    each_has_one_value(&text, &[("Resources.Replay.Properties.Type", "STANDARD", "EXPRESS")]);
    each_is_named(
        &text,
        &[
            ("Type: STANDARD", "Logging: {}", "unknown field `Logging`"),
            ("Type: STANDARD", "Events: {}", "unknown field `Events`"),
            ("DefinitionUri: statemachine/replay.asl.json", "Tracing: {}", "unknown field `Tracing`"),
            ("Policies: [{ Version", "Policies: [{ Id: x, Version", "Resources.Replay.Properties.Policies[0]"),
        ],
    );
}

const API: &str = "
  Socket:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: dev
      RouteSelectionExpression: $request.body.route
      Auth: { AuthType: CUSTOM, AuthArn: !GetAtt Worker.Arn, IdentitySource: [context.stage] }
      DefaultRouteSettings: { ThrottlingRateLimit: 2.5, ThrottlingBurstLimit: 10 }
      Routes:
        $connect: { FunctionArn: !GetAtt Worker.Arn }
        $default: { FunctionArn: !GetAtt Worker.Arn, RouteResponseSelectionExpression: $default }
        sendMessage: { FunctionArn: !GetAtt Worker.Arn, RouteResponseSelectionExpression: $default }
        play: { FunctionArn: !Sub '${Worker.Arn}:live' }
  DefaultResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Socket, RouteId: !Ref SocketDefaultRoute, RouteResponseKey: $default }
  SendMessageResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Socket, RouteId: !Ref SocketSendmessageRoute, RouteResponseKey: $default }
";

#[test]
fn an_api_is_read_with_its_route_responses() {
    let text = format!("Resources:{API}{}", super::worker("Environment: { Variables: { API: !Ref Socket } }"));
    let manifest = read(&text).unwrap();
    let api = &manifest.apis[0];
    let worker = function_arn("worker");
    assert_eq!((api.stage.as_str(), api.throttle), ("dev", Throttle { rate_limit: 2.5, burst_limit: 10 }));
    assert_eq!(api.authorizer_arn, worker);
    let routes: Vec<(&str, bool)> = api.routes.iter().map(|(key, route)| (key.as_str(), route.route_response)).collect();
    assert_eq!(routes, [("$connect", false), ("$default", true), ("play", false), ("sendMessage", true)]);
    assert_eq!((&api.routes["$default"].function_arn, &api.routes["play"].function_arn), (&worker, &format!("{worker}:live")));
    assert_eq!(manifest.functions[0].environment["API"], api.api_id);
    assert!(api.api_id.len() == 10 && api.api_id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{}", api.api_id);
}

#[test]
fn a_route_answers_only_with_both_the_response_and_the_expression() {
    let text = format!("Resources:{FUNCTION}{API}");
    let answers = |text: &str| read(text).unwrap().apis[0].routes["sendMessage"].route_response;
    let route = "sendMessage: { FunctionArn: !GetAtt Worker.Arn";
    assert!(answers(&text));
    assert!(!answers(&text.replace(&format!("{route}, RouteResponseSelectionExpression: $default"), route)));
    assert!(!answers(text.split("  SendMessageResponse:").next().unwrap()));
}

#[test]
fn routes_have_the_ids_that_sam_makes() {
    for (key, id) in [("$connect", "ApiConnectRoute"), ("sendMessage", "ApiSendmessageRoute"), ("PLAY2x", "ApiPlay2xRoute")] {
        assert_eq!(route_id("Api", key), id);
    }
}

#[test]
fn what_an_api_has_that_is_not_implemented_is_named() {
    let text = format!("Resources:{FUNCTION}{API}");
    each_has_one_value(
        &text,
        &[
            ("Auth.IdentitySource", "context.stage", "route.request.querystring.token"),
            ("Auth.AuthType", "CUSTOM", "AWS_IAM"),
            ("RouteSelectionExpression", "$request.body.route", "$request.body.action"),
        ],
    );
    each_is_named(
        &text,
        &[
            (
                "SocketSendmessageRoute",
                "SocketSendMessageRoute",
                "Resources.SendMessageResponse.Properties.RouteId: the local stack knows no",
            ),
            ("StageName: dev", "Domain: x\n      StageName: dev", "Resources.Socket.Properties.Domain"),
            ("{ FunctionArn: ", "{ IntegrationTimeout: 5, FunctionArn: ", "unknown field `IntegrationTimeout`"),
        ],
    );
}
