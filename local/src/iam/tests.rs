//! The rules of IAM on the repository's own template.

use serde_json::{Value, json};

use super::{Iam, grant::Pattern, needs, triples};
use crate::{
    account::{arn, queue_arn},
    front_door::{Call, Protocol, Service},
    template::{self, Manifest},
};

const TEMPLATE: &str = include_str!("../../../template.yaml");

fn manifest() -> Manifest {
    let parameters = [("Issuer", "http://127.0.0.1:1/issuer"), ("Audience", "x"), ("FleetArn", "arn:aws:gamelift:eu-central-1::fleet/f")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    template::load(TEMPLATE, &parameters).unwrap()
}

fn table(name: &str) -> String {
    arn("dynamodb", &format!("table/{name}"))
}

fn call(service: Service, operation: &str, parameters: Value) -> Call {
    Call { service, protocol: Protocol::Json, operation: operation.to_owned(), parameters }
}

#[test]
fn patterns_match_as_in_iam() {
    for (pattern, text, matches) in [
        ("*", "*", true),
        ("arn:*:x", "arn:aws:x", true),
        ("arn:?:x", "arn:aws:x", false),
        ("a.c", "abc", false),
        ("arn:x", "arn:x/y", false),
        ("arn:X", "arn:x", false),
    ] {
        assert_eq!(Pattern::of_arns(&[pattern.to_owned()])[0].matches(text), matches, "{pattern} {text}");
    }
}

#[test]
fn a_call_needs_its_action_on_what_it_names() {
    let dynamodb = |operation: &str, parameters| call(Service::DynamoDb, operation, parameters);
    let queue = |operation: &str, parameters| call(Service::Sqs, operation, parameters);
    let gamelift = |operation: &str| call(Service::GameLift, operation, json!({"GameSessionQueueName": "q", "PlacementId": "p"}));
    let transaction = json!({"TransactItems": [{"Put": {"TableName": "a"}}, {"Update": {"TableName": "a"}}, {"Delete": {"TableName": "b"}},
        {"ConditionCheck": {"TableName": table("c")}}, {"Put": {"TableName": "a"}}]});
    let url = "http://127.0.0.1:1/123/work";
    for (call, expected) in [
        (dynamodb("GetItem", json!({"TableName": "a"})), vec![("dynamodb:GetItem", table("a"))]),
        (dynamodb("GetItem", json!({"TableName": table("a")})), vec![("dynamodb:GetItem", table("a"))]),
        (dynamodb("ListTables", json!({})), vec![("dynamodb:ListTables", "*".to_owned())]),
        (
            dynamodb("BatchWriteItem", json!({"RequestItems": {"a": [], "b": []}})),
            vec![("dynamodb:BatchWriteItem", table("a")), ("dynamodb:BatchWriteItem", table("b"))],
        ),
        (
            dynamodb("TransactWriteItems", transaction),
            vec![
                ("dynamodb:ConditionCheckItem", table("c")),
                ("dynamodb:DeleteItem", table("b")),
                ("dynamodb:PutItem", table("a")),
                ("dynamodb:UpdateItem", table("a")),
            ],
        ),
        (dynamodb("TransactGetItems", json!({"TransactItems": [{"Get": {"TableName": "a"}}]})), vec![("dynamodb:GetItem", table("a"))]),
        (queue("SendMessageBatch", json!({"QueueUrl": url})), vec![("sqs:SendMessage", queue_arn("work"))]),
        (queue("DeleteMessageBatch", json!({"QueueUrl": url})), vec![("sqs:DeleteMessage", queue_arn("work"))]),
        (queue("GetQueueUrl", json!({"QueueName": "work"})), vec![("sqs:GetQueueUrl", queue_arn("work"))]),
        (call(Service::Sns, "Publish", json!({"TopicArn": "arn:t"})), vec![("sns:Publish", "arn:t".to_owned())]),
        (gamelift("StartGameSessionPlacement"), vec![("gamelift:StartGameSessionPlacement", arn("gamelift", "gamesessionqueue/q"))]),
        (gamelift("StopGameSessionPlacement"), vec![("gamelift:StopGameSessionPlacement", "*".to_owned())]),
        (
            call(Service::Connections, "POST", json!({"path": "/dev/@connections/abc%3D"})),
            vec![("execute-api:ManageConnections", arn("execute-api", "api/dev/POST/@connections/abc%3D"))],
        ),
        (
            dynamodb("GetRecords", json!({"ShardIterator": format!("7/0/{}", table("a/stream/x"))})),
            vec![("dynamodb:GetRecords", table("a/stream/1970-01-01T00:00:00.000"))],
        ),
        (call(Service::Lambda, "InvokeFunction", json!({})), vec![("lambda:InvokeFunction", "*".to_owned())]),
        (
            call(Service::Lambda, "InvokeFunction", json!({"function": "f:live"})),
            vec![("lambda:InvokeFunction", arn("lambda", "function:f:live"))],
        ),
        (
            call(Service::StepFunctions, "StartExecution", json!({"stateMachineArn": "arn:m"})),
            vec![("states:StartExecution", "arn:m".to_owned())],
        ),
        (
            call(Service::StepFunctions, "StopExecution", json!({"executionArn": "arn:e", "cause": "x"})),
            vec![("states:StopExecution", "arn:e".to_owned())],
        ),
        (call(Service::StepFunctions, "ListStateMachines", json!({})), vec![("states:ListStateMachines", "*".to_owned())]),
        (call(Service::Sts, "GetCallerIdentity", json!({})), vec![]),
        (
            call(Service::Logs, "FilterLogEvents", json!({"logGroupName": "/muster/dev"})),
            vec![("logs:FilterLogEvents", arn("logs", "log-group:/muster/dev:*"))],
        ),
    ] {
        let expected: Vec<(String, String)> = expected.into_iter().map(|(action, resource)| (action.to_owned(), resource)).collect();
        assert_eq!(needs::of(&call, "api"), expected, "{call:?}");
    }
}

#[test]
fn a_function_may_what_its_statements_say_and_nothing_else() {
    let manifest = manifest();
    let iam = Iam::new(&manifest, None);
    let api = &manifest.apis[0];
    let connection = |method: &str| arn("execute-api", &format!("{}/{}/{method}/@connections/abc", api.api_id, api.stage));
    let function = |name: &str| format!("muster-dev-{name}");
    let letters = queue_arn("muster-dev-streams-dead-letters");
    for (name, action, resource, allowed) in [
        ("play", "dynamodb:GetItem", table("muster-dev-matches"), true),
        ("play", "DynamoDB:getitem", table("muster-dev-matches"), true),
        ("play", "dynamodb:DeleteItem", table("muster-dev-matches"), false),
        ("play", "dynamodb:GetItem", table("muster-dev-players"), false),
        ("play", "execute-api:ManageConnections", connection("POST"), true),
        ("play", "execute-api:ManageConnections", connection("DELETE"), false),
        ("messages-deliver", "execute-api:ManageConnections", connection("DELETE"), true),
        ("messages-deliver", "sqs:SendMessage", letters.clone(), true),
        ("messages-deliver", "sqs:ReceiveMessage", letters.clone(), false),
        ("play", "sqs:SendMessage", letters, false),
        ("look-again", "gamelift:StopGameSessionPlacement", "*".to_owned(), true),
        ("play", "gamelift:StopGameSessionPlacement", "*".to_owned(), false),
        ("nobody", "dynamodb:GetItem", table("muster-dev-matches"), false),
    ] {
        assert_eq!(iam.allows(&function(name), action, &resource).is_ok(), allowed, "{name} {action} {resource}");
    }
    // As Lambda does for it, by its ARN, qualified or not.
    let arn = manifest.functions.iter().find(|function| function.name.ends_with("-play")).unwrap().arn.clone();
    for arn in [format!("{arn}:live"), arn] {
        assert!(iam.allows(&arn, "dynamodb:GetItem", &table("muster-dev-matches")).is_ok(), "{arn}");
    }
}

#[test]
fn all_parts_of_a_call_have_to_be_allowed() {
    let iam = Iam::new(&manifest(), None);
    let put = |tables: &[&str]| {
        let items: Vec<Value> = tables.iter().map(|table| json!({"Put": {"TableName": table}})).collect();
        call(Service::DynamoDb, "TransactWriteItems", json!({"TransactItems": items}))
    };
    assert!(iam.check("muster-dev-play", &put(&["muster-dev-matches"])).is_ok());
    assert!(iam.check("muster-dev-play", &put(&["muster-dev-matches", "muster-dev-players"])).is_err());
}

#[test]
fn a_denial_is_told_in_awss_words_with_the_statement_that_comes_nearest() {
    let iam = Iam::new(&manifest(), None);
    let denial = |action: &str, table_name: &str| iam.allows("muster-dev-play", action, &table(table_name)).unwrap_err().to_string();
    let role = format!("arn:aws:sts::{}:assumed-role/muster-dev-play/muster-dev-play", crate::account::ACCOUNT);
    let (players, matches) = (table("muster-dev-players"), table("muster-dev-matches"));
    let expected = format!(
        "User: {role} is not authorized to perform: dynamodb:PutItem on resource: {players} because no identity-based policy allows the \
         dynamodb:PutItem action (nearest: PlayFunction.Policies[0].Statement[0] allows it on {matches})"
    );
    assert_eq!(denial("dynamodb:PutItem", "muster-dev-players"), expected);
    let other = denial("dynamodb:Scan", "muster-dev-matches");
    assert!(other.ends_with("(nearest: PlayFunction.Policies[0].Statement[0] allows dynamodb:GetItem, dynamodb:PutItem there)"), "{other}");
    assert!(denial("dynamodb:Scan", "x").ends_with("(no statement names this action, or this resource)"));
    let denied = &iam.to_json()["denied"];
    assert_eq!(denied.as_array().unwrap().len(), 3);
    assert_eq!(denied[0], json!({"role": "muster-dev-play", "action": "dynamodb:PutItem", "resource": players, "times": 1}));
}

#[test]
fn whoever_has_a_managed_policy_may_what_it_says() {
    let manifest = manifest();
    let iam = Iam::new(&manifest, None);
    let topic = |name: &str| manifest.topics.iter().find(|topic| topic.name.ends_with(name)).unwrap().arn.clone();
    let publish = |caller: &str, name: &str| iam.allows(caller, "sns:Publish", &topic(name)).is_ok();
    assert!(publish("policy:GameServerPolicy", "placement-events") && !publish("policy:GameServerPolicy", "announcements"));
    assert!(!publish("GameServerPolicy", "placement-events") && !publish("policy:Other", "placement-events"));
}

#[test]
fn a_service_may_what_the_policy_of_the_resource_says_for_whom_it_speaks() {
    let manifest = manifest();
    let iam = Iam::new(&manifest, None);
    let topic = |name: &str| arn("sns", &format!("muster-dev-{name}"));
    let letters = queue_arn("muster-dev-topics-dead-letters");
    let queue = |name: &str| arn("gamelift", &format!("gamesessionqueue/{name}"));
    let events = topic("placement-events");
    for (service, source, action, resource, allowed) in [
        ("gamelift", queue("muster-dev"), "sns:Publish", &events, true),
        ("gamelift", queue("other"), "sns:Publish", &events, false),
        ("sns", queue("muster-dev"), "sns:Publish", &events, false),
        ("gamelift", queue("muster-dev"), "sns:Publish", &topic("announcements"), false),
        ("sns", topic("announcements"), "sqs:SendMessage", &letters, true),
        ("sns", events.clone(), "sqs:SendMessage", &letters, true),
        ("sns", topic("alarms"), "sqs:SendMessage", &letters, false),
    ] {
        let answer = iam.allows_service(&format!("{service}.amazonaws.com"), &source, action, resource);
        assert_eq!(answer.is_ok(), allowed, "{service} {source} {action} {resource}");
    }
    let denial = iam.allows_service("sns.amazonaws.com", &topic("alarms"), "sqs:SendMessage", &letters).unwrap_err().to_string();
    assert!(denial.contains("because no resource-based policy allows the sqs:SendMessage action"), "{denial}");
}

#[test]
fn what_was_used_is_in_a_file_at_once_and_the_rest_is_unused() {
    let directory = tempfile::tempdir().unwrap();
    let manifest = manifest();
    let iam = Iam::new(&manifest, Some(directory.path()));
    let before = iam.to_json()["unused"].as_array().unwrap().len();
    assert_eq!(before, triples(&manifest).len());
    for _ in 0..2 {
        iam.allows("muster-dev-play", "dynamodb:GetItem", &table("muster-dev-matches")).unwrap();
    }
    iam.allows("muster-dev-play", "dynamodb:Scan", &table("muster-dev-matches")).unwrap_err();
    assert_eq!(iam.to_json()["unused"].as_array().unwrap().len(), before - 1);
    let file = std::fs::read_dir(directory.path()).unwrap().next().unwrap().unwrap().path();
    let used: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let place = "PlayFunction.Policies[0].Statement[0]";
    assert_eq!(used, json!({"place": place, "action": "dynamodb:GetItem", "resource": table("muster-dev-matches")}));
}
