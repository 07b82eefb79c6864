//! The `Resources` section as declared: which resources there are, which of them their conditions keep, and the ids that SAM adds.

use std::collections::BTreeMap;

use super::{
    api,
    error::Report,
    globals,
    node::{Kind, Node},
    notes,
    resolver::Resolver,
    section::Section,
};

/// The type of a function.
pub(super) const FUNCTION: &str = "AWS::Serverless::Function";
/// The type of an API.
pub(super) const WEB_SOCKET_API: &str = "AWS::Serverless::WebSocketApi";
/// The type of a route's response.
pub(super) const ROUTE_RESPONSE: &str = "AWS::ApiGatewayV2::RouteResponse";
/// The type of a table.
pub(super) const TABLE: &str = "AWS::DynamoDB::Table";
/// The type of a queue.
pub(super) const QUEUE: &str = "AWS::SQS::Queue";
/// The type of a topic.
pub(super) const TOPIC: &str = "AWS::SNS::Topic";
/// The type of a queue of GameLift's.
pub(super) const GAME_SESSION_QUEUE: &str = "AWS::GameLift::GameSessionQueue";
/// The type of a policy for roles.
pub(super) const MANAGED_POLICY: &str = "AWS::IAM::ManagedPolicy";
/// The type of a policy of queues.
pub(super) const QUEUE_POLICY: &str = "AWS::SQS::QueuePolicy";
/// The type of a policy of topics.
pub(super) const TOPIC_POLICY: &str = "AWS::SNS::TopicPolicy";
/// The type of an alarm.
pub(super) const ALARM: &str = "AWS::CloudWatch::Alarm";
const UNDERSTOOD: [&str; 10] =
    [ROUTE_RESPONSE, TABLE, GAME_SESSION_QUEUE, TOPIC, QUEUE, FUNCTION, WEB_SOCKET_API, MANAGED_POLICY, QUEUE_POLICY, TOPIC_POLICY];

/// All resources.
#[derive(Default)]
pub(super) struct Resources {
    pub(super) declared: BTreeMap<String, Declaration>,
    /// What SAM makes out of the declared ones and a template may refer to.
    pub(super) generated: BTreeMap<String, Generated>,
}

/// A resource as the template declares it, with `Globals` merged in and before intrinsic functions are evaluated.
pub(super) struct Declaration {
    pub(super) kind: String,
    pub(super) line: usize,
    pub(super) properties: Node,
    pub(super) properties_line: usize,
    pub(super) metadata: Option<Node>,
    /// What `DependsOn` names.
    pub(super) depends_on: Vec<String>,
    /// Whether its condition is true, or it has none.
    pub(super) kept: bool,
}

/// A resource that SAM makes.
pub(super) enum Generated {
    /// A route of an API.
    Route { api: String, route_key: String },
    /// The role of a function.
    Role { function: String },
}

/// Reads the declarations. Types that are not understood are reported here.
pub(super) fn read(declared: Option<&Node>, line: usize, globals: Option<&Node>, resolver: &Resolver<'_>) -> Resources {
    let report = resolver.report;
    let mut resources = Resources::default();
    let Some(section) = declared.and_then(|node| Section::new(node, line, "Resources", report)) else { return resources };
    for entry in section.members() {
        let Some(body) = Section::new(&entry.value, entry.line, section.at(&entry.key), report) else { continue };
        if let Some(declaration) = declaration(body, globals, resolver) {
            if resolver.parameters.values.contains_key(&entry.key) {
                section.problem(&entry.key, "a parameter has the same name");
            }
            resources.declared.insert(entry.key.clone(), declaration);
        }
    }
    resources.generated = generated(&resources.declared, report);
    resources
}

fn declaration(body: Section<'_>, globals: Option<&Node>, resolver: &Resolver<'_>) -> Option<Declaration> {
    let kind = body.required_text("Type");
    let kept = match body.text("Condition") {
        Some(name) => match resolver.conditions.get(&name) {
            Some(outcome) => outcome.unwrap_or(false),
            None => {
                body.problem("Condition", format!("there is no condition {name}"));
                false
            }
        },
        None => true,
    };
    let own = body.node("Properties").cloned().unwrap_or(Node::new(body.line, Kind::Map(Vec::new())));
    let properties = match globals {
        Some(globals) if kind.as_deref() == Some(FUNCTION) => globals::merge(globals, &own),
        _ => own,
    };
    let metadata = body.node("Metadata").cloned();
    let depends_on = body.texts("DependsOn");
    let (line, properties_line) = (body.line, body.line_of("Properties"));
    if let Some(kind) = &kind
        && !UNDERSTOOD.contains(&kind.as_str())
        && notes::of_type(kind).is_none()
    {
        let message = format!("the local stack does not understand {kind}; take it out, or teach it in local/src/template");
        body.problem("Type", message);
    }
    // These have no effect here, but what they refer to has to exist.
    for entry in body.entries().iter().filter(|entry| notes::ATTRIBUTES.iter().any(|(key, _)| *key == entry.key)) {
        resolver.resolve(&entry.value, &body.at(&entry.key));
    }
    body.finish(notes::ATTRIBUTES);
    Some(Declaration { kind: kind?, line, properties, properties_line, metadata, depends_on, kept })
}

fn generated(declared: &BTreeMap<String, Declaration>, report: &Report) -> BTreeMap<String, Generated> {
    let mut generated = BTreeMap::new();
    for (id, declaration) in declared.iter().filter(|(_, declaration)| declaration.kept) {
        if declaration.kind == FUNCTION && declaration.properties.get("Role").is_none() {
            generated.insert(format!("{id}Role"), Generated::Role { function: id.clone() });
        }
        if declaration.kind != WEB_SOCKET_API {
            continue;
        }
        let routes = declaration.properties.get("Routes").and_then(Node::entries).unwrap_or_default();
        for route in routes {
            let path = format!("Resources.{id}.Properties.Routes.{}", route.key);
            let Some(route_id) = api::route_id(id, &route.key) else {
                report.problem(&path, route.line, "SAM takes $connect, $disconnect, $default and route keys of letters and digits");
                continue;
            };
            let entry = Generated::Route { api: id.clone(), route_key: route.key.clone() };
            if declared.contains_key(&route_id) || generated.insert(route_id.clone(), entry).is_some() {
                report.problem(&path, route.line, format!("SAM makes the id {route_id} for this route, and something else has it already"));
            }
        }
    }
    generated
}
