//! `AWS::Serverless::WebSocketApi` and the `AWS::ApiGatewayV2::RouteResponse`s that belong to it.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-websocketapi.html>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    manifest::{Authorizer, Route, Throttle, WebSocketApi},
    scalars::Parsed,
};

/// The properties of an API.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ApiProperties {
    stage_name: String,
    #[serde(rename = "RouteSelectionExpression")]
    _route_selection_expression: RouteSelection,
    auth: Auth,
    routes: BTreeMap<String, RouteProperties>,
    default_route_settings: RouteSettings,
}

#[derive(Deserialize)]
enum RouteSelection {
    #[serde(rename = "$request.body.route")]
    Route,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Auth {
    #[serde(rename = "AuthType")]
    _auth_type: AuthType,
    auth_arn: String,
    #[serde(default)]
    identity_source: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum AuthType {
    Custom,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RouteProperties {
    function_arn: String,
    route_response_selection_expression: Option<ResponseKey>,
}

#[derive(Deserialize)]
enum ResponseKey {
    #[serde(rename = "$default")]
    Default,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RouteSettings {
    throttling_rate_limit: Parsed<f64>,
    throttling_burst_limit: Parsed<u32>,
}

/// The properties of a route response.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RouteResponseProperties {
    #[serde(rename = "ApiId")]
    _api_id: String,
    pub(super) route_id: String,
    #[serde(rename = "RouteResponseKey")]
    _route_response_key: ResponseKey,
}

impl ApiProperties {
    /// The API, with a response on every route that selects one.
    pub(super) fn api(self, logical_id: String, api_id: String) -> WebSocketApi {
        let route = |(key, route): (String, RouteProperties)| {
            (key, Route { function_arn: route.function_arn, route_response: route.route_response_selection_expression.is_some() })
        };
        WebSocketApi {
            logical_id,
            api_id,
            stage: self.stage_name,
            authorizer: Authorizer { function_arn: self.auth.auth_arn, identity_sources: self.auth.identity_source },
            routes: self.routes.into_iter().map(route).collect(),
            throttle: Throttle {
                rate_limit: self.default_route_settings.throttling_rate_limit.0,
                burst_limit: self.default_route_settings.throttling_burst_limit.0,
            },
        }
    }
}

/// The logical id that SAM gives to a route: the route key with its first letter upper and all others lower. Seen in the output of
/// aws-sam-translator 1.115.
pub(super) fn route_id(api: &str, route_key: &str) -> String {
    let key = route_key.trim_start_matches('$').to_ascii_lowercase();
    let first = key.chars().next().map(|first| first.to_ascii_uppercase());
    format!("{api}{}{}Route", first.unwrap_or_default(), key.chars().skip(1).collect::<String>())
}
