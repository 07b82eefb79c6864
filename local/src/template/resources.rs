//! The resources, each by its type.

use std::collections::BTreeSet;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use super::{
    declarations::{API, Declaration, FUNCTION, GAME_SESSION_QUEUE, LOG_GROUP, MANAGED_POLICY, QUEUE, STATE_MACHINE, TABLE, TOPIC},
    error::{self, Problem, TemplateError, Within, all},
    functions,
    identities::route_id,
    intrinsics::Scope,
    manifest::{Alarm, ManagedPolicy, Manifest, Resource, StateMachine},
    policies, rules,
};

const QUEUE_POLICY: &str = "AWS::SQS::QueuePolicy";
const ROUTE_RESPONSE: &str = "AWS::ApiGatewayV2::RouteResponse";
const SUBSCRIPTION: &str = "AWS::SNS::Subscription";
const TOPIC_POLICY: &str = "AWS::SNS::TopicPolicy";

/// What lets the function of a route answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RouteResponse {
    #[serde(rename = "ApiId")]
    _api_id: IgnoredAny,
    route_id: String,
}

/// A policy of its own.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    #[serde(rename = "Topics", alias = "Queues")]
    _attached_to: Option<IgnoredAny>,
    policy_document: Value,
}

/// Reads the resources that their conditions keep.
pub(super) fn read(declarations: &[Declaration], scope: &Scope) -> Result<Manifest, TemplateError> {
    let resources = declarations.iter().map(|Declaration { logical_id, name, kind, .. }| Resource {
        logical_id: logical_id.clone(),
        kind: kind.clone(),
        name: name.clone(),
    });
    let (mut manifest, mut answered) = (Manifest { resources: resources.collect(), ..Manifest::default() }, BTreeSet::new());
    all(declarations.iter().map(|declaration| {
        let added = add(declaration, scope, &mut manifest, &mut answered);
        added.within(&declaration.logical_id).within("Resources")
    }))?;
    for api in &mut manifest.apis {
        for (key, route) in &mut api.routes {
            route.route_response &= answered.contains(&route_id(&api.logical_id, key));
        }
    }
    Ok(manifest)
}

/// Adds what a resource is to the manifest, or the route that it lets answer to `answered`.
fn add(declaration: &Declaration, scope: &Scope, manifest: &mut Manifest, answered: &mut BTreeSet<String>) -> Result<(), Problem> {
    let Declaration { name, kind, properties, .. } = declaration;
    let is_noted = rules::note(kind, &mut manifest.notes);
    match kind.as_str() {
        API | FUNCTION | GAME_SESSION_QUEUE | MANAGED_POLICY | QUEUE | QUEUE_POLICY | ROUTE_RESPONSE | STATE_MACHINE | SUBSCRIPTION
        | TABLE | TOPIC | TOPIC_POLICY => {
            let resolved = scope.members(properties);
            resolved.and_then(|properties| understand(declaration, properties, scope, manifest, answered)).within("Properties")?;
        }
        "AWS::CloudWatch::Alarm" => {
            let is_count = properties.get("MetricName").is_some_and(|metric| metric == "ApproximateNumberOfMessagesVisible");
            let dimensions = properties.get("Dimensions").and_then(Value::as_array).into_iter().flatten().filter(|_| is_count);
            let queues = dimensions.filter(|dimension| dimension["Name"] == "QueueName").map(|dimension| scope.text(&dimension["Value"]));
            let description = properties.get("AlarmDescription").map_or(Ok(String::new()), |text| scope.text(text))?;
            manifest.alarms.push(Alarm { name: name.clone(), description, queues: queues.collect::<Result<_, _>>()? });
        }
        // Without it nobody could sign in, and the functions would be told of an issuer that is not there.
        "AWS::Cognito::UserPool" => return Err(Problem::new("the local stack is an issuer itself and makes no user pools")),
        LOG_GROUP => manifest.log_group.clone_from(name),
        _ if is_noted => {}
        _ => return Err(Problem::new(format!("the local stack does not implement {kind}"))).within("Type"),
    }
    Ok(())
}

fn understand(
    declaration: &Declaration,
    mut properties: Value,
    scope: &Scope,
    manifest: &mut Manifest,
    answered: &mut BTreeSet<String>,
) -> Result<(), Problem> {
    let Declaration { logical_id, name, kind, .. } = declaration;
    rules::apply(kind, &mut properties, &mut manifest.notes)?;
    match kind.as_str() {
        // One of a person is an alarm, which is not sent. One of a function, which has an event for it, or of a queue would be refused.
        SUBSCRIPTION => {}
        ROUTE_RESPONSE => drop(answered.insert(error::read::<RouteResponse>(properties)?.route_id)),
        MANAGED_POLICY | QUEUE_POLICY | TOPIC_POLICY => {
            let (policy, place): (Policy, _) = (error::read(properties)?, format!("{logical_id}.PolicyDocument"));
            if kind == MANAGED_POLICY {
                let statements = policies::of_identity(policy.policy_document, &place, &mut manifest.notes).within("PolicyDocument")?;
                manifest.managed_policies.push(ManagedPolicy { logical_id: logical_id.clone(), statements });
            } else {
                let statements = policies::of_resource(policy.policy_document, &place, &mut manifest.notes).within("PolicyDocument")?;
                manifest.resource_policies.extend(statements);
            }
        }
        API => {
            for (key, route) in properties["Routes"].as_object_mut().into_iter().flatten() {
                rules::apply("a route", route, &mut manifest.notes).within(key).within("Routes")?;
            }
            put(&mut properties, [("LogicalId", logical_id), ("ApiId", name)]);
            manifest.apis.push(error::read(properties)?);
        }
        TABLE => {
            put_keys(&mut properties)?;
            put(&mut properties, [("Name", name)]);
            manifest.tables.push(error::read(properties)?);
        }
        _ => {
            let arn = scope.references.get(&format!("{logical_id}.Arn")).map_or("", String::as_str);
            put(&mut properties, [("Name", name), ("Arn", arn)]);
            match kind.as_str() {
                STATE_MACHINE => {
                    put(&mut properties, [("LogicalId", logical_id)]);
                    let statements = policies::take(&mut properties, logical_id, &mut manifest.notes)?;
                    manifest.state_machines.push(StateMachine { statements, ..error::read(properties)? });
                }
                FUNCTION => functions::add(declaration, properties, manifest)?,
                QUEUE => manifest.queues.push(error::read(properties)?),
                TOPIC => manifest.topics.push(error::read(properties)?),
                _ => manifest.game_session_queues.push(error::read(properties)?),
            }
        }
    }
    Ok(())
}

/// Puts what the manifest has beside the properties among them.
pub(super) fn put<const N: usize>(properties: &mut Value, members: [(&str, &str); N]) {
    if let Value::Object(properties) = properties {
        properties.extend(members.map(|(key, value)| (key.to_owned(), value.into())));
    }
}

/// Puts the keys of a table, which are strings, in the place of its schema.
fn put_keys(properties: &mut Value) -> Result<(), Problem> {
    let definitions: Vec<Value> = error::take(properties, "AttributeDefinitions")?;
    if definitions.iter().any(|definition| definition["AttributeType"] != "S") {
        return Err(Problem::new("the local stack implements keys of type S and no others")).within("AttributeDefinitions");
    }
    for mut element in error::take::<Vec<Value>>(properties, "KeySchema")? {
        let key = if element["KeyType"] == "HASH" { "HashKey" } else { "RangeKey" };
        properties[key] = element["AttributeName"].take();
    }
    Ok(())
}
