//! `AWS::Serverless::WebSocketApi` and the `AWS::ApiGatewayV2::RouteResponse`s that belong to it.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-websocketapi.html>

use std::collections::{BTreeMap, BTreeSet};

use super::{
    manifest::{Authorizer, Route, Throttle, WebSocketApi},
    notes,
    resolver::Resolver,
    resources::{FUNCTION, Generated, WEB_SOCKET_API},
    section::Section,
};

/// The stage that SAM makes when the template names none.
const DEFAULT_STAGE: &str = "default";
/// The one way in which routes are selected.
const ROUTE_SELECTION: &str = "$request.body.route";
/// What an account allows all its APIs together, where a stage sets no limit of its own.
const ACCOUNT: Throttle = Throttle { rate_limit: 10_000.0, burst_limit: 5_000 };

/// The logical id that SAM gives to a route: the route key with its first letter upper and all others lower. `None` for route keys that
/// SAM refuses. Seen in the output of aws-sam-translator 1.115.
pub(super) fn route_id(api: &str, route_key: &str) -> Option<String> {
    let special = ["$connect", "$disconnect", "$default"].contains(&route_key);
    let key = if special { &route_key[1..] } else { route_key };
    let mut letters = key.chars();
    let first = letters.next()?;
    if !key.chars().all(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    Some(format!("{api}{}{}Route", first.to_ascii_uppercase(), letters.as_str().to_ascii_lowercase()))
}

/// Reads an API. `responses` are the ids of routes that have a `RouteResponse`. `None` if it cannot be opened.
pub(super) fn read(id: &str, properties: Section<'_>, responses: &BTreeSet<String>, resolver: &Resolver<'_>) -> Option<WebSocketApi> {
    let stage = properties.text("StageName").unwrap_or(DEFAULT_STAGE.to_owned());
    if stage.is_empty() || stage.len() > 128 || !stage.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
        properties.problem("StageName", format!("`{stage}` is not a stage's name: 1 to 128 letters, digits, hyphens and underscores"));
    }
    if let Some(expression) = properties.required_text("RouteSelectionExpression")
        && expression != ROUTE_SELECTION
    {
        let message = format!("`{expression}` is not understood by the local stack; it knows {ROUTE_SELECTION}");
        properties.problem("RouteSelectionExpression", message);
    }
    properties.require("Auth");
    let authorizer = properties.section("Auth").and_then(|auth| authorizer(auth, resolver));
    let throttle = properties.section("DefaultRouteSettings").map_or(ACCOUNT, throttle);

    properties.require("Routes");
    let mut routes = BTreeMap::new();
    if let Some(section) = properties.section("Routes") {
        if section.members().is_empty() {
            properties.problem("Routes", "an API has at least one route");
        }
        for entry in section.members() {
            let has_response = route_id(id, &entry.key).is_some_and(|route| responses.contains(&route));
            if let Some(route) = section.section(&entry.key).and_then(|section| route(section, has_response, resolver)) {
                routes.insert(entry.key.clone(), route);
            }
        }
        if properties.has("Auth") && !section.has("$connect") {
            properties.problem("Auth", "SAM takes an authorizer only where there is a $connect route");
        }
    }
    properties.finish(notes::WEB_SOCKET_API);
    Some(WebSocketApi { logical_id: id.to_owned(), api_id: resolver.identifier(id, 10), stage, authorizer: authorizer?, routes, throttle })
}

fn authorizer(auth: Section<'_>, resolver: &Resolver<'_>) -> Option<Authorizer> {
    auth.require("AuthType");
    auth.choice("AuthType", &["CUSTOM"]);
    auth.require("AuthArn");
    let identity_sources = auth.texts("IdentitySource");
    let function_arn = function_arn(&auth, "AuthArn", resolver);
    auth.finish(notes::AUTH);
    Some(Authorizer { function_arn: function_arn?, identity_sources })
}

fn throttle(settings: Section<'_>) -> Throttle {
    let rate_limit = settings.text("ThrottlingRateLimit").and_then(|text| {
        let rate = text.parse::<f64>().ok().filter(|rate| rate.is_finite() && *rate >= 0.0);
        if rate.is_none() {
            settings.problem("ThrottlingRateLimit", format!("`{text}` is not a rate"));
        }
        rate
    });
    let burst_limit = settings.integer("ThrottlingBurstLimit", 0..=i64::from(u32::MAX)).and_then(|burst| u32::try_from(burst).ok());
    settings.finish(notes::ROUTE_SETTINGS);
    Throttle { rate_limit: rate_limit.unwrap_or(ACCOUNT.rate_limit), burst_limit: burst_limit.unwrap_or(ACCOUNT.burst_limit) }
}

fn route(section: Section<'_>, has_response: bool, resolver: &Resolver<'_>) -> Option<Route> {
    section.require("FunctionArn");
    let function_arn = function_arn(&section, "FunctionArn", resolver);
    let selects = section.choice("RouteResponseSelectionExpression", &["$default"]).is_some();
    if selects && !has_response {
        let reason = "no RouteResponse belongs to this route, so, as on AWS, the client does not get what the function returns";
        section.note("RouteResponseSelectionExpression", reason);
    }
    if has_response && !section.has("RouteResponseSelectionExpression") {
        let reason = "it has a RouteResponse but no RouteResponseSelectionExpression, so, as on AWS, the client does not get what the function returns";
        resolver.report.note(&section.path, section.line, reason);
    }
    section.finish(notes::ROUTE);
    Some(Route { function_arn: function_arn?, route_response: selects && has_response })
}

fn function_arn(section: &Section<'_>, key: &str, resolver: &Resolver<'_>) -> Option<String> {
    let arn = section.text(key)?;
    if resolver.owner(FUNCTION, "Arn", &arn).is_none() {
        section.problem(key, format!("{arn} is not a function of this template; use !GetAtt SomeFunction.Arn"));
        return None;
    }
    Some(arn)
}

/// Reads a route response and gives the logical id of the route that it belongs to.
pub(super) fn read_response(properties: Section<'_>, resolver: &Resolver<'_>) -> Option<String> {
    properties.require("RouteResponseKey");
    properties.choice("RouteResponseKey", &["$default"]);
    let api_id = properties.required_text("ApiId");
    let api = api_id.as_ref().and_then(|api_id| {
        let api = resolver.owner(WEB_SOCKET_API, "ApiId", api_id);
        if api.is_none() {
            properties.problem("ApiId", format!("{api_id} is not an API of this template; use !Ref SomeApi"));
        }
        api
    });
    let route = properties.required_text("RouteId").and_then(|route_id| {
        let belongs = |id: &&String| resolver.identifier(id, 7) == route_id;
        let mut routes = resolver.resources.generated.iter().filter_map(|(id, generated)| match generated {
            Generated::Route { api: of, .. } if Some(of.as_str()) == api => Some(id),
            _ => None,
        });
        let route = routes.find(belongs);
        if route.is_none() && api.is_some() {
            properties.problem(
                "RouteId",
                "this is not a route of the API; use !Ref with the id that SAM makes, such as WebSocketApiDefaultRoute",
            );
        }
        route.cloned()
    });
    properties.finish(&[]);
    route
}
