//! `AWS::Serverless::Function` and its events.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html>

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    declarations::Declaration,
    error::{self, Problem},
    identities::qualified,
    manifest::{Function, Manifest},
    policies,
    resources::put,
    rules,
};

/// An event.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Event {
    r#type: String,
    properties: Value,
}

/// Adds a function, and what its events become. Mappings and subscriptions are of its alias, if it publishes one.
pub(super) fn add(declaration: &Declaration, mut properties: Value, manifest: &mut Manifest) -> Result<(), Problem> {
    let logical_id = &declaration.logical_id;
    for (name, event) in take::<BTreeMap<String, Event>>(&mut properties, "Events")? {
        let added = add_event(event, &format!("{logical_id}{name}"), &qualified(declaration), manifest);
        added.map_err(|problem| problem.within(name).within("Events"))?;
    }
    let mut statements = Vec::new();
    for (index, document) in take::<Vec<Value>>(&mut properties, "Policies")?.into_iter().enumerate() {
        let read = policies::of_identity(document, &format!("{logical_id}.Policies[{index}]"), &mut manifest.notes);
        statements.extend(read.map_err(|problem| problem.at(index).within("Policies"))?);
    }
    manifest.functions.push(Function { statements, ..error::read(properties)? });
    Ok(())
}

/// Takes a member out of the properties. One that is missing is empty.
fn take<T: DeserializeOwned + Default>(properties: &mut Value, key: &str) -> Result<T, Problem> {
    let member = properties.as_object_mut().and_then(|properties| properties.remove(key));
    member.map_or_else(|| Ok(T::default()), error::read).map_err(|problem| problem.within(key))
}

/// Adds what an event becomes. `logical_id` is the one that SAM gives it.
fn add_event(event: Event, logical_id: &str, function_arn: &str, manifest: &mut Manifest) -> Result<(), Problem> {
    let Event { r#type: kind, mut properties } = event;
    let applied = rules::apply(&kind, &mut properties, &mut manifest.notes);
    put(&mut properties, [("LogicalId", logical_id), ("FunctionArn", function_arn)]);
    let added = match kind.as_str() {
        "DynamoDB" => applied.and_then(|()| error::read(properties)).map(|mapping| manifest.stream_mappings.push(mapping)),
        "SQS" => applied.and_then(|()| error::read(properties)).map(|mapping| manifest.queue_mappings.push(mapping)),
        "SNS" => applied.and_then(|()| error::read(properties)).map(|subscription| manifest.topic_subscriptions.push(subscription)),
        _ => return Err(Problem::new(format!("the local stack does not implement {kind}; it knows DynamoDB, SQS, SNS")).within("Type")),
    };
    added.map_err(|problem| problem.within("Properties"))
}
