//! What the gateway serves: one WebSocket API with its stage, as the template describes it.

use std::collections::BTreeMap;

/// One WebSocket API and its one stage.
#[derive(Clone, Debug, PartialEq)]
pub struct WebSocketApi {
    /// The API's id: `apiId` in events, and part of the method ARN that the authorizer decides on.
    pub api_id: String,
    /// The stage's name, which is also the path that sockets are opened at.
    pub stage: String,
    /// Such as `$request.body.route`.
    pub route_selection_expression: String,
    /// Decides on `$connect`; without one, everybody may connect.
    pub authorizer: Option<Authorizer>,
    /// The routes by route key, `$connect`, `$disconnect` and `$default` among them where the API has them.
    pub routes: BTreeMap<String, Route>,
    /// The stage's throttle; without one, nothing is refused.
    pub throttle: Option<Throttle>,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The function that answers it.
    pub function_arn: String,
    /// Whether the function's answer goes to the client: the route has a `RouteResponseSelectionExpression` and a
    /// `RouteResponse`, both `$default`.
    pub route_response: bool,
}

/// The REQUEST authorizer of `$connect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorizer {
    /// The function that decides.
    pub function_arn: String,
    /// Such as `route.request.header.Authorization` or `route.request.querystring.token`. All of them must be there, or
    /// the answer is 401 without a call of the function.
    pub identity_sources: Vec<String>,
}

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throttle {
    /// Tokens added each second (`ThrottlingRateLimit`).
    pub rate_per_second: f64,
    /// Tokens the bucket can hold (`ThrottlingBurstLimit`).
    pub burst: u32,
}

/// What of an API's description this gateway cannot serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Only a path into the body is understood.
    #[error("RouteSelectionExpression {0:?} is not understood: use $request.body.NAME, with as many names as needed")]
    RouteSelectionExpression(String),
    /// Only headers and query parameters are understood.
    #[error("identity source {0:?} is not understood: use route.request.header.NAME or route.request.querystring.NAME")]
    IdentitySource(String),
}
