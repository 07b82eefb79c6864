//! The repository's own template.

use std::time::Duration;

use super::{
    super::{Manifest, load},
    values,
};

const TEMPLATE: &str = include_str!("../../../../template.yaml");

fn manifest(overrides: &[(&str, &str)]) -> Manifest {
    let mut parameters = values(&[("Issuer", "http://127.0.0.1:6878/issuer"), ("Audience", "muster")]);
    parameters.extend(values(overrides));
    match load(TEMPLATE, &parameters) {
        Ok(manifest) => manifest,
        Err(error) => panic!("template.yaml:\n{error}"),
    }
}

#[test]
fn it_loads_for_every_stage_with_and_without_an_address_for_alarms() {
    for stage in ["dev", "staging", "prod"] {
        for email in ["", "ops@example.com"] {
            let manifest = manifest(&[("Stage", stage), ("AlarmEmail", email)]);
            assert_eq!((manifest.apis.len(), manifest.apis[0].stage.as_str()), (1, stage));
            let subscribed = manifest.notes.values().flatten().any(|noted| noted == "AWS::SNS::Subscription");
            assert_eq!(subscribed, !email.is_empty());
        }
    }
}

#[test]
fn its_functions_are_those_of_the_workspace() {
    let manifest = manifest(&[]);
    let api = &manifest.apis[0];
    let endpoint = format!("https://{}.execute-api.{}.amazonaws.com/dev", api.api_id, crate::account::REGION);
    for function in &manifest.functions {
        let (_, file) = function.handler.split_once('/').unwrap();
        assert_eq!(function.name, format!("muster-dev-{}", file.replace('_', "-")));
        assert_eq!(
            (&function.environment["PLAYERS_TABLE"], &function.environment["PUSH_ENDPOINT"]),
            (&"muster-dev-players".to_owned(), &endpoint)
        );
        assert_eq!(function.environment.contains_key("ISSUER"), function.handler == "routes/authorize");
    }
}

#[test]
fn its_api_answers_on_every_route_that_players_call() {
    let manifest = manifest(&[]);
    let api = &manifest.apis[0];
    let function = |handler: &str| &manifest.functions.iter().find(|function| function.handler == format!("routes/{handler}")).unwrap().arn;
    assert!(api.authorizer_arn.starts_with(function("authorize")));
    for (key, handler) in [("$connect", "connect"), ("$default", "default"), ("sendMessage", "send_message"), ("ping", "ping")] {
        assert!(api.routes[key].function_arn.starts_with(function(handler)), "{key}");
        assert_eq!(api.routes[key].route_response, key != "$connect", "{key}");
    }
}

#[test]
fn its_tables_and_mappings_are_what_the_functions_expect() {
    let manifest = manifest(&[]);
    let table = |name: &str| manifest.tables.iter().find(|table| table.name == name).unwrap();
    let messages = table("muster-dev-messages");
    assert_eq!((messages.hash_key.as_str(), messages.range_key.as_deref(), messages.stream), ("recipientId", Some("messageId"), true));
    assert!(manifest.tables.iter().all(|table| table.ttl_attribute.as_deref() == Some("expiresAt")));
    let letters = |arn: &Option<String>| manifest.queues.iter().any(|queue| Some(&queue.arn) == arn.as_ref() && queue.redrive.is_none());
    for mapping in &manifest.stream_mappings {
        assert!(table(&mapping.table).stream && letters(&mapping.on_failure_queue_arn), "{mapping:?}");
        assert!(mapping.report_batch_item_failures && mapping.bisect_batch_on_error && mapping.maximum_retry_attempts.is_none());
        assert!(mapping.maximum_record_age.is_some_and(|age| age < Duration::from_secs(86_400)) && !mapping.filter_patterns.is_empty());
    }
    for mapping in &manifest.queue_mappings {
        let queue = manifest.queues.iter().find(|queue| queue.name == mapping.queue).unwrap();
        assert!(queue.redrive.as_ref().is_some_and(|redrive| letters(&Some(redrive.dead_letter_queue_arn.clone()))));
    }
    assert!(manifest.topic_subscriptions.iter().all(|subscription| letters(&subscription.dead_letter_queue_arn)));
}

#[test]
fn its_policies_name_what_is_there() {
    let manifest = manifest(&[]);
    let known = (manifest.tables.iter().map(|table| &table.name)).chain(manifest.queues.iter().map(|queue| &queue.name));
    let known = known.chain(manifest.functions.iter().map(|function| &function.name));
    let known: Vec<&String> = known.chain([&manifest.apis[0].api_id]).collect();
    for statement in manifest.functions.iter().flat_map(|function| &function.statements) {
        let is_there =
            |resource: &String| known.iter().any(|name| resource.contains(*name)) || resource.contains(":gamelift:") || resource == "*";
        assert!(statement.resources.iter().all(is_there), "{statement:?}");
    }
    assert!(manifest.functions.iter().any(|function| !function.statements.is_empty()));
    assert!(!manifest.managed_policies.is_empty() && manifest.resource_policies.iter().all(|policy| policy.source_arns.is_some()));
}

#[test]
fn it_says_which_parameters_it_needs() {
    for given in [&[][..], &[("Issuer", "https://issuer.example")], &[("Audience", "muster")]] {
        let error = load(TEMPLATE, &values(given)).unwrap_err().to_string();
        assert!(error.contains("Say who the players are.") && error.lines().count() == 1, "{error}");
    }
}

#[test]
fn it_makes_no_user_pool_here_and_says_so() {
    let error = load(TEMPLATE, &values(&[("CreateUserPool", "true")])).unwrap_err().to_string();
    assert_eq!(error, "Resources.UserPool: the local stack is an issuer itself and makes no user pools");
}
