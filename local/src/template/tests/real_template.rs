//! The repository's own template.

use std::time::Duration;

use serde_json::json;

use super::{
    super::{Manifest, StartingPosition, StreamView, load},
    resource, values,
};

const TEMPLATE: &str = include_str!("../../../../template.yaml");

fn manifest(overrides: &[(&str, &str)]) -> Manifest {
    let mut parameters = values(&[("Issuer", "http://127.0.0.1:6878/issuer"), ("Audience", "muster")]);
    parameters.extend(values(overrides));
    match load(TEMPLATE, &parameters, "muster-local") {
        Ok(manifest) => manifest,
        Err(error) => panic!("template.yaml:\n{error}"),
    }
}

#[test]
fn it_loads_for_every_stage_with_and_without_an_address_for_alarms() {
    for stage in ["dev", "staging", "prod"] {
        for email in ["", "ops@example.com"] {
            let manifest = manifest(&[("Stage", stage), ("AlarmEmail", email)]);
            assert_eq!(manifest.apis[0].stage, stage);
            let subscribed = manifest.notes.iter().any(|note| resource(note) == Some("AlarmSubscription"));
            assert_eq!(subscribed, !email.is_empty());
        }
    }
}

#[test]
fn its_functions_are_those_of_the_workspace() {
    let manifest = manifest(&[]);
    for function in &manifest.functions {
        assert_eq!(function.name, format!("muster-dev-{}", function.binary));
        assert_eq!(function.environment["PLAYERS_TABLE"], "muster-dev-players");
        let api = &manifest.apis[0];
        assert_eq!(function.environment["PUSH_ENDPOINT"], format!("https://{}.execute-api.eu-central-1.amazonaws.com/dev", api.api_id));
        assert_eq!(function.environment.contains_key("ISSUER"), function.binary == "authorize");
    }
    let mut declared: Vec<&str> = include_str!("../../../../functions/Cargo.toml")
        .split("[[bin]]")
        .skip(1)
        .filter_map(|bin| bin.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')))
        .collect();
    let mut binaries: Vec<&str> = manifest.functions.iter().map(|function| function.binary.as_str()).collect();
    declared.sort_unstable();
    binaries.sort_unstable();
    assert_eq!(binaries, declared);
}

#[test]
fn its_api_answers_on_every_route_that_players_call() {
    let manifest = manifest(&[]);
    let [api] = manifest.apis.as_slice() else { panic!("{:?}", manifest.apis) };
    let function = |binary: &str| &manifest.functions.iter().find(|function| function.binary == binary).unwrap().arn;
    assert_eq!(&api.authorizer.as_ref().unwrap().function_arn, function("authorize"));
    for (key, binary) in
        [("$connect", "connect"), ("$disconnect", "disconnect"), ("$default", "default"), ("sendMessage", "send-message"), ("ping", "ping")]
    {
        assert_eq!(&api.routes[key].function_arn, function(binary));
        assert_eq!(api.routes[key].route_response, !["$connect", "$disconnect"].contains(&key), "{key}");
    }
}

#[test]
fn its_tables_and_mapping_are_what_the_functions_expect() {
    let manifest = manifest(&[]);
    let keys: Vec<_> = manifest
        .tables
        .iter()
        .map(|table| {
            (table.name.as_str(), table.hash_key.name.as_str(), table.range_key.as_ref().map(|key| key.name.as_str()), table.stream)
        })
        .collect();
    let streamed = Some(StreamView::NewImage);
    assert_eq!(
        keys,
        [
            ("muster-dev-matches", "matchId", Some("item"), streamed),
            ("muster-dev-messages", "recipientId", Some("messageId"), streamed),
            ("muster-dev-placements", "placementId", None, streamed),
            ("muster-dev-player-sessions", "playerId", Some("placementId"), streamed),
            ("muster-dev-players", "playerId", Some("item"), None),
            ("muster-dev-tickets", "pool", Some("ticketId"), streamed),
        ]
    );
    assert!(manifest.tables.iter().all(|table| table.ttl_attribute.as_deref() == Some("expiresAt")));
    for mapping in &manifest.stream_mappings {
        let function = mapping.function_arn.rsplit(':').next().unwrap();
        // Consumers are called after their table and what they do.
        assert!(function.starts_with(&mapping.table), "{function} reads {}", mapping.table);
        assert_eq!(mapping.starting_position, StartingPosition::TrimHorizon);
        assert!(mapping.report_batch_item_failures && mapping.bisect_batch_on_error && mapping.maximum_retry_attempts.is_some());
        assert!(mapping.maximum_record_age.is_some_and(|age| age < Duration::from_secs(86_400)));
        let letters = manifest.queues.iter().find(|queue| queue.name == format!("{function}-dead-letters")).unwrap();
        assert_eq!(mapping.on_failure_queue_arn.as_ref(), Some(&letters.arn));
        assert_eq!(letters.retention, Duration::from_secs(1_209_600));
    }
    let deliver = manifest.stream_mappings.iter().find(|mapping| mapping.table == "muster-dev-messages").unwrap();
    assert_eq!(deliver.filter_patterns, [json!({"dynamodb": {"NewImage": {"messageId": {"S": [{"exists": true}]}}}})]);
}

#[test]
fn every_note_about_it_has_a_line_and_a_reason() {
    let manifest = manifest(&[("AlarmEmail", "ops@example.com"), ("Stage", "prod")]);
    let lines = TEMPLATE.lines().count();
    assert!(manifest.notes.iter().all(|note| (1..=lines).contains(&note.line) && !note.reason.is_empty()));
    let reasons = manifest.notes_by_reason();
    assert_eq!(reasons.values().map(Vec::len).sum::<usize>(), manifest.notes.len());
    assert!(reasons.keys().any(|reason| reason.starts_with("AWS::CloudWatch::Alarm: ")), "{reasons:?}");
}

#[test]
fn it_says_which_parameters_it_needs() {
    for given in [&[][..], &[("Issuer", "https://issuer.example")], &[("Audience", "muster")]] {
        let error = load(TEMPLATE, &values(given), "muster-local").unwrap_err();
        let [problem] = error.problems.as_slice() else { panic!("{error}") };
        assert!(problem.message.starts_with("Say who the players are."), "{problem}");
    }
}

#[test]
fn it_makes_no_user_pool_here_and_says_so() {
    let error = load(TEMPLATE, &values(&[("CreateUserPool", "true")]), "muster-local").unwrap_err();
    let [problem] = error.problems.as_slice() else { panic!("{error}") };
    assert_eq!(problem.resource(), Some("UserPool"));
    assert!(problem.message.starts_with("the local stack is an issuer itself"), "{problem}");
    let both = [("CreateUserPool", "true"), ("Issuer", "https://issuer.example"), ("Audience", "muster")];
    let error = load(TEMPLATE, &values(&both), "muster-local").unwrap_err().to_string();
    assert!(error.contains("With CreateUserPool the user pool is the issuer"), "{error}");
}
