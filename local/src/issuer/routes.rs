//! The issuer over HTTP.

use axum::{
    Json, Router,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header::CACHE_CONTROL};
use serde_json::json;

use super::{Issuer, IssuerError, parameters};

/// Where the issuer is, below the stack's own address.
pub(crate) const ROOT: &str = "/issuer";
/// Where its keys are, below the issuer.
pub(super) const KEYS: &str = "/jwks.json";
/// Where its tokens are, below the issuer.
pub(super) const TOKEN: &str = "/token";
const DISCOVERY: &str = "/.well-known/openid-configuration";

pub(super) fn router(issuer: Issuer) -> Router {
    Router::new()
        .route(&format!("{ROOT}{DISCOVERY}"), get(async |State(issuer): State<Issuer>| Json(issuer.discovery())))
        .route(&format!("{ROOT}{KEYS}"), get(async |State(issuer): State<Issuer>| Json(issuer.keys())))
        .route(&format!("{ROOT}{TOKEN}"), get(token).post(token))
        .route(&format!("{ROOT}/{{*path}}"), any(missing))
        .with_state(issuer)
}

/// The answer is that of an OAuth 2.0 token endpoint (RFC 6749, sections 5.1 and 5.2), so that ordinary clients understand it.
async fn token(State(issuer): State<Issuer>, RawQuery(query): RawQuery, headers: HeaderMap, body: Bytes) -> Response {
    let (player, lifetime) = match parameters::read(query.as_deref(), &headers, &body) {
        Ok(asked) => asked,
        Err(problem) => return refusal(StatusCode::BAD_REQUEST, "invalid_request", &problem),
    };
    match issuer.token_for(&player, lifetime) {
        Ok(token) => {
            let answer = json!({"access_token": token, "token_type": "Bearer", "expires_in": lifetime.as_secs()});
            ([(CACHE_CONTROL, "no-store")], Json(answer)).into_response()
        }
        Err(error @ IssuerError::Player(_)) => refusal(StatusCode::BAD_REQUEST, "invalid_request", &error.to_string()),
        Err(error @ IssuerError::Key) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error", &error.to_string()),
    }
}

async fn missing() -> Response {
    let problem = format!("the issuer has {ROOT}{DISCOVERY}, {ROOT}{KEYS} and {ROOT}{TOKEN}?player=NAME");
    refusal(StatusCode::NOT_FOUND, "not_found", &problem)
}

fn refusal(status: StatusCode, error: &str, problem: &str) -> Response {
    (status, Json(json!({"error": error, "error_description": problem}))).into_response()
}
