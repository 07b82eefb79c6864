//! The resources, each by its type.

use std::collections::BTreeSet;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    api::{ApiProperties, RouteResponseProperties, route_id},
    declarations::{Declaration, FUNCTION, WEB_SOCKET_API},
    error::{self, Problem, TemplateError, all},
    functions::FunctionProperties,
    intrinsics::Scope,
    manifest::{Alarm, ManagedPolicy, Manifest, Topic},
    notes,
    policies::{ManagedPolicyProperties, ResourcePolicyProperties},
    queues::{GameSessionQueueProperties, QueueProperties},
    tables::TableProperties,
};
use crate::account;

/// The properties of a topic, which has none but a name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TopicProperties {}

/// Reads the resources that their conditions keep.
pub(super) fn read(mut declarations: Vec<Declaration>, scope: &Scope) -> Result<Manifest, TemplateError> {
    let mut manifest = Manifest::default();
    let mut answered = BTreeSet::new();
    let groups: Vec<&Declaration> = declarations.iter().filter(|declaration| declaration.kind == "AWS::Logs::LogGroup").collect();
    if let [group] = groups.as_slice() {
        manifest.log_group = Some(group.name.clone());
    }
    all(declarations.iter_mut().map(|declaration| {
        let outcome = add(declaration, scope, &mut manifest, &mut answered);
        outcome.map_err(|problem| problem.within(&declaration.logical_id).within("Resources"))
    }))?;
    for api in &mut manifest.apis {
        for (key, route) in &mut api.routes {
            route.route_response &= answered.contains(&route_id(&api.logical_id, key));
        }
    }
    Ok(manifest)
}

/// Adds what a resource is to the manifest, or the route that it lets answer to `answered`.
fn add(declaration: &mut Declaration, scope: &Scope, manifest: &mut Manifest, answered: &mut BTreeSet<String>) -> Result<(), Problem> {
    let (id, name) = (declaration.logical_id.clone(), declaration.name.clone());
    let is_noted = notes::note(declaration, manifest);
    let properties = &declaration.properties;
    let text = |property: &str| properties.get(property).map_or(Ok(String::new()), |value| scope.text(value));
    match declaration.kind.as_str() {
        "AWS::CloudWatch::Alarm" => manifest.alarms.push(Alarm { logical_id: id, name, description: text("AlarmDescription")? }),
        // A subscription of a person is an alarm; one of a function, which has an event for it, or of a queue would be work.
        "AWS::SNS::Subscription" if text("Protocol")? != "email" => {
            return Err(Problem::new("the local stack implements no protocol but email").within("Protocol").within("Properties"));
        }
        _ if is_noted => {}
        FUNCTION => {
            let function: FunctionProperties = understand(properties, scope)?;
            function.add_to(manifest, declaration).map_err(|problem| problem.within("Properties"))?;
        }
        WEB_SOCKET_API => manifest.apis.push(understand::<ApiProperties>(properties, scope)?.api(id, name)),
        "AWS::ApiGatewayV2::RouteResponse" => drop(answered.insert(understand::<RouteResponseProperties>(properties, scope)?.route_id)),
        "AWS::DynamoDB::Table" => {
            let table = understand::<TableProperties>(properties, scope)?.table(id, name);
            manifest.tables.push(table.map_err(|problem| problem.within("Properties"))?);
        }
        "AWS::GameLift::GameSessionQueue" => {
            manifest.game_session_queues.push(understand::<GameSessionQueueProperties>(properties, scope)?.queue(id, name));
        }
        "AWS::IAM::ManagedPolicy" => {
            let document = understand::<ManagedPolicyProperties>(properties, scope)?.policy_document;
            let statements = document.statements(&format!("{id}.PolicyDocument")).collect();
            manifest.managed_policies.push(ManagedPolicy { logical_id: id, statements });
        }
        "AWS::SNS::Topic" => {
            understand::<TopicProperties>(properties, scope)?;
            manifest.topics.push(Topic { logical_id: id, arn: account::arn("sns", &name), name });
        }
        "AWS::SNS::TopicPolicy" | "AWS::SQS::QueuePolicy" => {
            manifest.resource_policies.extend(understand::<ResourcePolicyProperties>(properties, scope)?.statements(&id));
        }
        "AWS::SQS::Queue" => manifest.queues.push(understand::<QueueProperties>(properties, scope)?.queue(id, name)),
        // Without it nobody could sign in, and the functions would be told of an issuer that is not there.
        "AWS::Cognito::UserPool" => return Err(Problem::new("the local stack is an issuer itself and makes no user pools")),
        unknown => return Err(Problem::new(format!("{unknown} is not implemented by the local stack")).within("Type")),
    }
    Ok(())
}

/// The properties without functions, as those of their type.
fn understand<T: DeserializeOwned>(properties: &Map<String, Value>, scope: &Scope) -> Result<T, Problem> {
    let properties = scope.members(properties).and_then(|properties| error::read(Value::Object(properties)));
    properties.map_err(|problem| problem.within("Properties"))
}
