//! What `Ref` and `Fn::GetAtt` give for a resource. Where AWS would make a name or an id up, it is the same at every start.

use super::{
    declarations::{
        API, DOMAIN_NAME, Declaration, FUNCTION, GAME_SESSION_QUEUE, LOG_GROUP, MANAGED_POLICY, QUEUE, STATE_MACHINE, TABLE, TOPIC,
    },
    error::{Problem, Within},
    intrinsics::Scope,
};
use crate::account::{self, ACCOUNT, REGION, arn, function_arn, queue_arn};

/// The alias that a function may publish, and its versions with it.
const ALIAS: &str = "live";

/// The id of the one API that a stack serves.
const API_ID: &str = "localsocks";

/// Gives the resource its name, or else its id, and answers what others may refer to. A name may be made of parameters only.
pub(super) fn name(declaration: &mut Declaration, scope: &Scope) -> Result<Vec<(String, String)>, Problem> {
    let Declaration { logical_id, name, kind, properties } = declaration;
    let property = match kind.as_str() {
        DOMAIN_NAME => "DomainName".to_owned(),
        GAME_SESSION_QUEUE | STATE_MACHINE => "Name".to_owned(),
        kind => format!("{}Name", kind.rsplit(':').next().unwrap_or_default()),
    };
    *name = match properties.remove(&property) {
        Some(name) => scope.text(&name).within(property).within("Properties")?,
        None if kind == API => API_ID.to_owned(),
        None => format!("muster-local-{logical_id}"),
    };
    let (reference, attributes) = match kind.as_str() {
        DOMAIN_NAME => (name.clone(), vec![("RegionalDomainName", name.clone())]),
        FUNCTION => {
            let (name, arn, qualified) = (name.clone(), function_arn(name), qualified(declaration));
            let alias = (qualified != arn).then_some(("Alias", qualified));
            (name, [("Arn", arn)].into_iter().chain(alias).collect())
        }
        GAME_SESSION_QUEUE => (name.clone(), vec![("Arn", arn("gamelift", &format!("gamesessionqueue/{name}")))]),
        // With a star for the group's streams.
        LOG_GROUP => (name.clone(), vec![("Arn", arn("logs", &format!("log-group:{name}:*")))]),
        MANAGED_POLICY => (format!("arn:aws:iam::{ACCOUNT}:policy/{name}"), Vec::new()),
        QUEUE => {
            let url = format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}");
            (url, vec![("Arn", queue_arn(name)), ("QueueName", name.clone())])
        }
        STATE_MACHINE => {
            let arn = arn("states", &format!("stateMachine:{name}"));
            (arn.clone(), vec![("Arn", arn), ("Name", name.clone())])
        }
        // AWS's label is the time of creation. Rooms ask for streams by table.
        TABLE => {
            let stream = account::stream_arn(name, account::STREAM_LABEL);
            (name.clone(), vec![("Arn", arn("dynamodb", &format!("table/{name}"))), ("StreamArn", stream)])
        }
        TOPIC => (arn("sns", name), vec![("Arn", arn("sns", name))]),
        _ => (name.clone(), Vec::new()),
    };
    let logical_id = &declaration.logical_id;
    let attributes = attributes.into_iter().map(|(attribute, value)| (format!("{logical_id}.{attribute}"), value));
    // The id of a route is used in the template alone, so that it can be the logical one.
    let routes = declaration.properties.get("Routes").and_then(|routes| routes.as_object()).into_iter().flatten();
    let routes = routes.map(|(key, _)| route_id(logical_id, key)).map(|route| (route.clone(), route));
    Ok(attributes.chain(routes).chain([(logical_id.clone(), reference)]).collect())
}

/// The ARN of a function's alias, or of the function if it publishes none.
pub(super) fn qualified(function: &Declaration) -> String {
    let arn = function_arn(&function.name);
    if function.properties.contains_key("AutoPublishAlias") { format!("{arn}:{ALIAS}") } else { arn }
}

/// The logical id that SAM gives to a route: the route key with its first letter upper and all others lower. Seen in the output of
/// aws-sam-translator 1.115.
pub(super) fn route_id(api: &str, route_key: &str) -> String {
    let key = route_key.trim_start_matches('$').to_ascii_lowercase();
    let first = key.chars().next().map(|first| first.to_ascii_uppercase());
    format!("{api}{}{}Route", first.unwrap_or_default(), key.chars().skip(1).collect::<String>())
}

/// The references that every template has.
pub(super) fn of_aws() -> [(String, String); 4] {
    [("AccountId", ACCOUNT), ("Partition", "aws"), ("Region", REGION), ("URLSuffix", "amazonaws.com")]
        .map(|(name, value)| (format!("AWS::{name}"), value.to_owned()))
}
