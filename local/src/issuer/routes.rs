//! The issuer over HTTP.

use axum::{
    Json, Router,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header::CACHE_CONTROL};
use serde_json::{Value, json};

use super::{Issuer, IssuerError, parameters};

/// Where the issuer is, below the stack's own address.
pub(crate) const ROOT: &str = "/issuer";
/// Where its keys are, below the issuer.
const KEYS: &str = "/jwks.json";
/// Where its tokens are, below the issuer.
const TOKEN: &str = "/token";

pub(super) fn router(issuer: Issuer) -> Router {
    Router::new()
        .route(&format!("{ROOT}/.well-known/openid-configuration"), get(discovery))
        .route(&format!("{ROOT}{KEYS}"), get(async |State(issuer): State<Issuer>| Json(json!({"keys": [issuer.signer.jwk()]}))))
        .route(&format!("{ROOT}{TOKEN}"), get(token).post(token))
        .with_state(issuer)
}

/// The members that OpenID Connect Discovery 1.0, section 3 requires, as far as they have a meaning here.
async fn discovery(State(issuer): State<Issuer>) -> Json<Value> {
    let url = &issuer.url;
    Json(json!({
        "issuer": url,
        "jwks_uri": format!("{url}{KEYS}"),
        "token_endpoint": format!("{url}{TOKEN}"),
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
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

fn refusal(status: StatusCode, error: &str, problem: &str) -> Response {
    (status, Json(json!({"error": error, "error_description": problem}))).into_response()
}
