//! The resources, each by its type.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::{
    declarations::{API, Declaration, FUNCTION, GAME_SESSION_QUEUE, MANAGED_POLICY, QUEUE, TABLE, TOPIC},
    error::{self, Problem, TemplateError, all},
    functions,
    identities::route_id,
    intrinsics::Scope,
    manifest::{Alarm, ManagedPolicy, Manifest},
    policies, rules,
};

const ROUTE_RESPONSE: &str = "AWS::ApiGatewayV2::RouteResponse";
const TOPIC_POLICY: &str = "AWS::SNS::TopicPolicy";
const QUEUE_POLICY: &str = "AWS::SQS::QueuePolicy";
const UNDERSTOOD: [&str; 10] =
    [API, FUNCTION, GAME_SESSION_QUEUE, MANAGED_POLICY, QUEUE, QUEUE_POLICY, ROUTE_RESPONSE, TABLE, TOPIC, TOPIC_POLICY];

/// A response of a route.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RouteResponse {
    #[serde(rename = "ApiId")]
    _api_id: String,
    route_id: String,
}

/// A policy of its own.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    #[serde(rename = "Topics", alias = "Queues")]
    _attached_to: Option<Vec<String>>,
    policy_document: Value,
}

/// Reads the resources that their conditions keep.
pub(super) fn read(declarations: &[Declaration], scope: &Scope) -> Result<Manifest, TemplateError> {
    let (mut manifest, mut answered) = (Manifest::default(), BTreeSet::new());
    let mut groups = declarations.iter().filter(|declaration| declaration.kind == "AWS::Logs::LogGroup");
    manifest.log_group = groups.next().filter(|_| groups.next().is_none()).map(|group| group.name.clone());
    all(declarations.iter().map(|declaration| {
        let added = add(declaration, scope, &mut manifest, &mut answered);
        added.map_err(|problem| problem.within(&declaration.logical_id).within("Resources"))
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
    let Declaration { logical_id, name, kind, properties, .. } = declaration;
    let text = |key: &str| properties.get(key).map_or(Ok(String::new()), |value| scope.text(value));
    let is_noted = rules::note(kind, &mut manifest.notes);
    match kind.as_str() {
        "AWS::CloudWatch::Alarm" => {
            let description = text("AlarmDescription")?;
            let dimensions = properties.get("Dimensions").and_then(Value::as_array).into_iter().flatten();
            let queues = dimensions.filter(|dimension| dimension["Name"] == "QueueName").map(|dimension| scope.text(&dimension["Value"]));
            let queues = queues.collect::<Result<_, _>>()?;
            manifest.alarms.push(Alarm { logical_id: logical_id.clone(), name: name.clone(), description, queues });
        }
        // A subscription of a person is an alarm; one of a function, which has an event for it, or of a queue would be work.
        "AWS::SNS::Subscription" if text("Protocol")? != "email" => {
            return Err(Problem::new("the local stack implements email and nothing else").within("Properties.Protocol"));
        }
        // Without it nobody could sign in, and the functions would be told of an issuer that is not there.
        "AWS::Cognito::UserPool" => return Err(Problem::new("the local stack is an issuer itself and makes no user pools")),
        _ if is_noted => {}
        _ if !UNDERSTOOD.contains(&kind.as_str()) => {
            return Err(Problem::new(format!("the local stack does not implement {kind}")).within("Type"));
        }
        _ => {
            let read =
                scope.members(properties).and_then(|properties| understand(declaration, properties.into(), scope, manifest, answered));
            read.map_err(|problem| problem.within("Properties"))?;
        }
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
        ROUTE_RESPONSE => drop(answered.insert(error::read::<RouteResponse>(properties)?.route_id)),
        MANAGED_POLICY | QUEUE_POLICY | TOPIC_POLICY => {
            let (mut policy, place): (Policy, _) = (error::read(properties)?, format!("{logical_id}.PolicyDocument"));
            let document = policy.policy_document.take();
            if kind == MANAGED_POLICY {
                let statements = policies::of_identity(document, &place, &mut manifest.notes);
                let statements = statements.map_err(|problem| problem.within("PolicyDocument"))?;
                manifest.managed_policies.push(ManagedPolicy { logical_id: logical_id.clone(), statements });
            } else {
                let statements = policies::of_resource(document, &place, &mut manifest.notes);
                manifest.resource_policies.extend(statements.map_err(|problem| problem.within("PolicyDocument"))?);
            }
        }
        API => {
            for (key, route) in properties["Routes"].as_object_mut().into_iter().flatten() {
                rules::apply("a route", route, &mut manifest.notes).map_err(|problem| problem.within(key).within("Routes"))?;
            }
            put(&mut properties, [("LogicalId", logical_id), ("ApiId", name)]);
            manifest.apis.push(error::read(properties)?);
        }
        TABLE => {
            put_keys(&mut properties)?;
            put(&mut properties, [("LogicalId", logical_id), ("Name", name)]);
            manifest.tables.push(error::read(properties)?);
        }
        _ => {
            let arn = scope.references.get(&format!("{logical_id}.Arn")).map_or("", String::as_str);
            put(&mut properties, [("LogicalId", logical_id), ("Name", name), ("Arn", arn)]);
            match kind.as_str() {
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
    properties
        .as_object_mut()
        .into_iter()
        .for_each(|properties| properties.extend(members.map(|(key, value)| (key.to_owned(), value.into()))));
}

/// Puts the keys of a table, which are strings, in the place of its schema.
fn put_keys(properties: &mut Value) -> Result<(), Problem> {
    let (definitions, schema) = (properties["AttributeDefinitions"].take(), properties["KeySchema"].take());
    if definitions.as_array().is_none_or(|all| all.iter().any(|definition| definition["AttributeType"] != "S")) {
        return Err(Problem::new("the local stack implements keys of type S and no others").within("AttributeDefinitions"));
    }
    for element in schema.as_array().into_iter().flatten() {
        let key = if element["KeyType"] == "HASH" { "HashKey" } else { "RangeKey" };
        properties[key] = element["AttributeName"].clone();
    }
    properties.as_object_mut().into_iter().for_each(|properties| properties.retain(|_, member| !member.is_null()));
    Ok(())
}
