//! Gets tokens from the issuer of a local stack.

use std::{io, time::Duration};

use muster_client::{Token, TokenError};
use serde::Deserialize;
use thiserror::Error;

/// How long the issuer, on the same machine, may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why the issuer gave no token.
#[derive(Debug, Error)]
enum IssuerError {
    #[error("no stack at {0}: start it with `cargo run`")]
    NoListener(String),
    #[error("{endpoint} answered {status}: {body}")]
    Status { endpoint: String, status: u16, body: String },
    #[error("no token from {endpoint}: {source}")]
    Http { endpoint: String, source: Box<ureq::Error> },
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
}

/// A source of fresh tokens for `player`.
pub(super) fn tokens(endpoint: String, player: String) -> Token {
    Token::renewed(move || {
        let (endpoint, player) = (endpoint.clone(), player.clone());
        async move {
            let fetched = tokio::task::spawn_blocking(move || fetch(&endpoint, &player)).await?;
            fetched.map_err(TokenError::from)
        }
    })
}

fn fetch(endpoint: &str, player: &str) -> Result<String, IssuerError> {
    // The issuer is on this machine, where a proxy has no place; its complaints are in the body.
    let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).proxy(None).http_status_as_error(false).build();
    let failed = |error: ureq::Error| match error {
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => IssuerError::NoListener(endpoint.to_owned()),
        error => IssuerError::Http { endpoint: endpoint.to_owned(), source: Box::new(error) },
    };
    let mut response = ureq::Agent::from(config).post(endpoint).query("player", player).send_empty().map_err(failed)?;
    let status = response.status().as_u16();
    if status != 200 {
        let body = response.body_mut().read_to_string().map_err(failed)?;
        return Err(IssuerError::Status { endpoint: endpoint.to_owned(), status, body: body.trim().to_owned() });
    }
    Ok(response.body_mut().read_json::<TokenAnswer>().map_err(failed)?.access_token)
}
