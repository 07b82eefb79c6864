//! The issuer over HTTP.

use axum::{
    Json, Router,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, header::CACHE_CONTROL};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Issuer;

/// Where the issuer is, below the stack's own address.
pub(crate) const ROOT: &str = "/issuer";
/// What the authorizer takes as a player's id (`sub`).
const PLAYER_CHARACTERS: usize = 128;
/// A year is enough to play locally.
const MAXIMUM_SECONDS: u64 = 365 * 24 * 60 * 60;

/// What a token is asked for with.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    player: String,
    /// In seconds.
    #[serde(default = "an_hour")]
    expires_in: u64,
}

fn an_hour() -> u64 {
    60 * 60
}

impl Issuer {
    /// `GET /issuer/.well-known/openid-configuration`, `GET /issuer/jwks.json`, and `GET` and `POST /issuer/token`.
    pub fn router(&self) -> Router {
        Router::new()
            .route(&format!("{ROOT}/.well-known/openid-configuration"), get(discovery))
            .route(&format!("{ROOT}/jwks.json"), get(async |State(issuer): State<Issuer>| Json(json!({"keys": [issuer.signer.jwk()]}))))
            .route(&format!("{ROOT}/token"), get(token).post(token))
            .with_state(self.clone())
    }
}

/// The members that OpenID Connect Discovery 1.0, section 3 requires, as far as they have a meaning here.
async fn discovery(State(issuer): State<Issuer>) -> Json<Value> {
    let url = &issuer.url;
    Json(json!({
        "issuer": url,
        "jwks_uri": format!("{url}/jwks.json"),
        "token_endpoint": format!("{url}/token"),
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

/// The answer is that of an OAuth 2.0 token endpoint (RFC 6749, sections 5.1 and 5.2), so that ordinary clients understand it.
async fn token(State(issuer): State<Issuer>, asked: Result<Query<Asked>, QueryRejection>) -> Response {
    let invalid = |problem: String| refusal(StatusCode::BAD_REQUEST, "invalid_request", problem);
    let Asked { player, expires_in } = match asked {
        Ok(Query(asked)) => asked,
        Err(problem) => return invalid(problem.body_text()),
    };
    let characters = player.chars().count();
    if !(1..=PLAYER_CHARACTERS).contains(&characters) || player.chars().any(char::is_control) {
        let rule = format!("'player' should have 1 to {PLAYER_CHARACTERS} characters and no control characters");
        return invalid(format!("{rule}; it has {characters} characters"));
    }
    if !(1..=MAXIMUM_SECONDS).contains(&expires_in) {
        return invalid(format!("'expiresIn' should be a number of seconds from 1 to {MAXIMUM_SECONDS}, not {expires_in}"));
    }
    match issuer.token_for(&player, expires_in) {
        Ok(token) => {
            let answer = json!({"access_token": token, "token_type": "Bearer", "expires_in": expires_in});
            ([(CACHE_CONTROL, "no-store")], Json(answer)).into_response()
        }
        Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error.to_string()),
    }
}

fn refusal(status: StatusCode, error: &str, problem: String) -> Response {
    (status, Json(json!({"error": error, "error_description": problem}))).into_response()
}
