//! What `Ref` and `Fn::GetAtt` give for a resource. Where AWS would make a name or an id up, it is made from the stack's name and the
//! logical id, so that it is the same at every start.

use uuid::Uuid;

use super::{
    declarations::{API, Declaration, FUNCTION, GAME_SESSION_QUEUE, MANAGED_POLICY, QUEUE, TABLE, TOPIC},
    error::Problem,
    intrinsics::Scope,
};
use crate::account;

/// The alias that a function may publish, and its versions with it.
const ALIAS: &str = "live";

/// For a type of resource: the property with its name, what `Ref` gives, and what `Fn::GetAtt` gives for which attribute. `{name}` is the
/// name, `{id}` an identifier that AWS would make up, and `{here}` the Region and the account.
type Identity = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const IDENTITIES: &[Identity] = &[
    ("AWS::ApiGatewayV2::DomainName", "DomainName", "{name}", &[("RegionalDomainName", "{name}"), ("RegionalHostedZoneId", "{id}")]),
    ("AWS::CloudWatch::Alarm", "AlarmName", "{name}", &[("Arn", "arn:aws:cloudwatch:{here}:alarm:{name}")]),
    ("AWS::CloudWatch::Dashboard", "DashboardName", "{name}", &[]),
    (
        TABLE,
        "TableName",
        "{name}",
        // AWS's label is the time of creation. Rooms ask for streams by table.
        &[
            ("Arn", "arn:aws:dynamodb:{here}:table/{name}"),
            ("StreamArn", "arn:aws:dynamodb:{here}:table/{name}/stream/1970-01-01T00:00:00.000"),
        ],
    ),
    (GAME_SESSION_QUEUE, "Name", "{name}", &[("Arn", "arn:aws:gamelift:{here}:gamesessionqueue/{name}")]),
    (MANAGED_POLICY, "ManagedPolicyName", "arn:aws:iam::{account}:policy/{name}", &[]),
    ("AWS::Logs::LogGroup", "LogGroupName", "{name}", &[("Arn", "arn:aws:logs:{here}:log-group:{name}:*")]),
    (TOPIC, "TopicName", "arn:aws:sns:{here}:{name}", &[("Arn", "arn:aws:sns:{here}:{name}"), ("TopicName", "{name}")]),
    (
        QUEUE,
        "QueueName",
        "https://sqs.{region}.amazonaws.com/{account}/{name}",
        &[("Arn", "arn:aws:sqs:{here}:{name}"), ("QueueName", "{name}")],
    ),
    (FUNCTION, "FunctionName", "{name}", &[("Arn", "arn:aws:lambda:{here}:function:{name}")]),
];

/// Gives the resource its name, or else its id, and puts into the scope what others may refer to. A name may be made of parameters only.
pub(super) fn name(declaration: &mut Declaration, stack_name: &str, scope: &Scope) -> Result<Vec<(String, String)>, Problem> {
    let logical_id = declaration.logical_id.as_str();
    let id = identifier(stack_name, logical_id);
    let Some((_, property, reference, attributes)) = IDENTITIES.iter().find(|(kind, ..)| *kind == declaration.kind) else {
        declaration.name.clone_from(&id);
        let routes = declaration.properties.get("Routes").and_then(|routes| routes.as_object()).filter(|_| declaration.kind == API);
        // The id of a route is used in this template alone, so that it can be the logical one.
        let routes = routes.into_iter().flat_map(|routes| routes.keys()).map(|key| route_id(logical_id, key));
        return Ok(routes.map(|route| (route.clone(), route)).chain([(logical_id.to_owned(), id)]).collect());
    };
    declaration.name = match declaration.properties.remove(*property) {
        Some(name) => scope.text(&name).map_err(|problem| problem.within(property).within("Properties"))?,
        None => format!("{stack_name}-{logical_id}-{id}"),
    };
    let form = |form: &str| {
        let form = form.replace("{here}", "{region}:{account}").replace("{region}", account::REGION).replace("{account}", account::ACCOUNT);
        form.replace("{id}", &id).replace("{name}", &declaration.name)
    };
    let mut references = vec![(logical_id.to_owned(), form(reference))];
    references.extend(attributes.iter().map(|(attribute, value)| (format!("{logical_id}.{attribute}"), form(value))));
    if declaration.properties.contains_key("AutoPublishAlias") {
        let arn = qualified(declaration);
        // The second is the id that SAM gives to the alias.
        references.extend([format!("{logical_id}.Alias"), format!("{logical_id}Alias{ALIAS}")].map(|name| (name, arn.clone())));
    }
    Ok(references)
}

/// The ARN of a function's alias, or of the function if it publishes none.
pub(super) fn qualified(function: &Declaration) -> String {
    let arn = account::function_arn(&function.name);
    if function.properties.contains_key("AutoPublishAlias") { format!("{arn}:{ALIAS}") } else { arn }
}

/// The logical id that SAM gives to a route: the route key with its first letter upper and all others lower. Seen in the output of
/// aws-sam-translator 1.115.
pub(super) fn route_id(api: &str, route_key: &str) -> String {
    let key = route_key.trim_start_matches('$').to_ascii_lowercase();
    let first = key.chars().next().map(|first| first.to_ascii_uppercase());
    format!("{api}{}{}Route", first.unwrap_or_default(), key.chars().skip(1).collect::<String>())
}

/// Ten lower-case letters and digits that belong to this stack and resource alone.
fn identifier(stack_name: &str, logical_id: &str) -> String {
    let number = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{stack_name}/{logical_id}").as_bytes()).as_u128();
    let digit = |place| char::from_digit((number / 36_u128.pow(place) % 36) as u32, 36).unwrap_or('0');
    (0..10).map(digit).collect()
}

/// The references that every template has.
pub(super) fn of_aws(stack_name: &str) -> [(String, String); 5] {
    [
        ("AWS::AccountId", account::ACCOUNT),
        ("AWS::Partition", "aws"),
        ("AWS::Region", account::REGION),
        ("AWS::StackName", stack_name),
        ("AWS::URLSuffix", "amazonaws.com"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
}
