//! `AWS::Serverless::Function` and its events.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    declarations::Declaration,
    error::{self, Problem, Within},
    identities::qualified,
    manifest::{Function, Manifest},
    policies,
    resources::put,
    rules,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Event {
    r#type: String,
    properties: Value,
}

/// Adds a function, and what its events become. Mappings and subscriptions are of its alias, if it publishes one.
pub(super) fn add(declaration: &Declaration, mut properties: Value, manifest: &mut Manifest) -> Result<(), Problem> {
    let logical_id = &declaration.logical_id;
    for (name, event) in error::take::<Option<BTreeMap<String, Event>>>(&mut properties, "Events")?.unwrap_or_default() {
        // The logical id is the one that SAM gives it.
        let added = add_event(event, &format!("{logical_id}{name}"), &qualified(declaration), manifest);
        added.within(name).within("Events")?;
    }
    let statements = policies::take(&mut properties, logical_id, &mut manifest.notes)?;
    manifest.functions.push(Function { statements, ..error::read(properties)? });
    Ok(())
}

fn add_event(event: Event, logical_id: &str, function_arn: &str, manifest: &mut Manifest) -> Result<(), Problem> {
    let Event { r#type: kind, mut properties } = event;
    rules::apply(&kind, &mut properties, &mut manifest.notes).within("Properties")?;
    put(&mut properties, [("LogicalId", logical_id), ("FunctionArn", function_arn)]);
    match kind.as_str() {
        "DynamoDB" => manifest.stream_mappings.push(error::read(properties).within("Properties")?),
        "SQS" => manifest.queue_mappings.push(error::read(properties).within("Properties")?),
        "SNS" => manifest.topic_subscriptions.push(error::read(properties).within("Properties")?),
        _ => return Err(Problem::new(format!("the local stack does not implement {kind}; it knows DynamoDB, SQS, SNS"))).within("Type"),
    }
    Ok(())
}
