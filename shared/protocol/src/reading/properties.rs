//! The body of every request means the same however liberally it is written.

use proptest::{prelude::*, test_runner::TestRunner};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::read;
use crate::{
    Request,
    events::{Announcement, Event, PlacementEvent},
    routes,
};

/// Values that are as a schema says, but for lengths.
fn values(schema: &Value) -> BoxedStrategy<Value> {
    if let Some(choices) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        return prop::sample::select(choices.clone()).prop_flat_map(|choice| values(&choice)).boxed();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str(),
        kind => kind.as_str(),
    };
    match kind {
        Some("integer") => {
            let (least, most) = (schema["minimum"].as_i64().unwrap_or(-9), schema["maximum"].as_i64().unwrap_or(9_999));
            (least..=most).prop_map(Value::from).boxed()
        }
        Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
        Some("string") => match (schema.get("const"), schema.get("pattern")) {
            (Some(name), _) => Just(name.clone()).boxed(),
            // The only one is that of a port.
            (None, Some(_)) => (1..=u16::MAX).prop_map(|port| port.to_string().into()).boxed(),
            (None, None) => "\\PC{1,9}".prop_map(Value::from).boxed(),
        },
        Some("array") => prop::collection::vec(values(&schema["items"]), 0..4).prop_map(Value::from).boxed(),
        Some("object") => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let members = schema["properties"].as_object().cloned().unwrap_or_default().into_iter().map(|(name, schema)| {
                let values = values(&schema);
                let values = if required.contains(&json!(name)) { values.prop_map(Some).boxed() } else { prop::option::of(values).boxed() };
                values.prop_map(move |value| value.map(|value| (name.clone(), value)))
            });
            members.collect::<Vec<_>>().prop_map(|members| members.into_iter().flatten().collect::<Map<_, _>>().into()).boxed()
        }
        Some("null") => Just(Value::Null).boxed(),
        _ => prop::sample::select(vec![json!(1), json!({"a": [null, 1.5]}), json!("text")]).boxed(),
    }
}

/// Writes `value`, which is as `schema` says, in another way: integers with a point or an exponent, `null` for what is absent, and members
/// that nobody knows.
fn liberally(value: &Value, schema: &Value) -> String {
    let fitting = |schema: &Value| schema.get("properties").is_some() && value.is_object();
    if let Some(choices) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        let of_type = |choice: &&Value| choice["properties"]["type"]["const"] == value["type"] && fitting(choice);
        return liberally(value, choices.iter().find(of_type).unwrap_or(&Value::Null));
    }
    match value {
        Value::Number(number) if number.is_f64() => number.to_string(),
        Value::Number(number) if number.as_i64().is_some_and(|number| number % 2 == 0) => format!("{number}.0"),
        Value::Number(number) => format!("{number}00e-2"),
        Value::Array(values) => {
            format!("[ {} ]", values.iter().map(|value| liberally(value, &schema["items"])).collect::<Vec<_>>().join(" , "))
        }
        Value::Object(members) if fitting(schema) => {
            let unknown = format!(r#""\ud800":1e999,"unknown":{}"\udc00"{}"#, "[".repeat(200), "]".repeat(200));
            let known = schema["properties"].as_object().unwrap().iter().map(|(name, schema)| match members.get(name) {
                // What has no schema of its own passes through.
                Some(value) if schema.get("type").is_none() && schema.get("anyOf").is_none() => format!("{}:{value}", json!(name)),
                Some(value) => format!("{}:{}", json!(name), liberally(value, schema)),
                None => format!("{}:null", json!(name)),
            });
            format!("{{{}}}", known.chain([unknown]).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// Checks that `read` makes the same of a value however it is written. It answers with what it has read as JSON, or nothing if it is
/// refused.
fn check<T: JsonSchema>(read: impl Fn(&str) -> Option<String>) {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let schema = Value::from(SchemaGenerator::from(settings).into_root_schema_for::<T>());
    let strategy = values(&schema);
    TestRunner::new(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })
        .run(&strategy, |value| {
            let strict = read(&value.to_string());
            prop_assert!(strict.is_some(), "{} is not read as {}", value, T::schema_name());
            prop_assert_eq!(strict, read(&liberally(&value, &schema)));
            Ok(())
        })
        .unwrap();
}

fn check_request<R: Request + JsonSchema>() {
    check::<R>(|text| read::<R>(text).map(|request| serde_json::to_string(&request).unwrap()).ok());
}

#[test]
fn every_request_is_the_same_however_it_is_written() {
    check_request::<routes::CancelPlacement>();
    check_request::<routes::JoinMatch>();
    check_request::<routes::JoinPool>();
    check_request::<routes::LeaveMatch>();
    check_request::<routes::LeavePool>();
    check_request::<routes::NewMatch>();
    check_request::<routes::Ping>();
    check_request::<routes::Play>();
    check_request::<routes::Resume>();
    check_request::<routes::SendMessage>();
    check_request::<routes::SessionPlacementRequest>();
    check_request::<routes::StartMatch>();
}

#[test]
fn every_event_is_the_same_however_it_is_written() {
    check::<Announcement>(|text| Some(serde_json::to_string(&Announcement::read(text).ok()?).unwrap()));
    check::<PlacementEvent>(|text| Some(serde_json::to_string(&PlacementEvent::read(text).ok()?).unwrap()));
}
