//! An OpenID issuer, so that the authorizer checks real signed tokens here, too, and needs no back door.
//!
//! It exists in the local stack only: it gives anyone a token for any player. It publishes what a verifier asks for (a discovery
//! document and a key set), and signs with ES256. The key is made at start and kept in memory, so tokens end with the stack.

mod parameters;
mod routes;
mod signer;

use std::{sync::Arc, time::Duration};

use axum::Router;
use serde_json::{Value, json};
use thiserror::Error;

use crate::clock;
pub(crate) use routes::ROOT;
use signer::Signer;

/// What the authorizer takes as a player's id (`sub`).
const PLAYER_CHARACTERS: usize = 128;

/// The issuer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Issuer {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    url: String,
    audience: String,
    signer: Signer,
}

/// Why there is no token.
#[derive(Debug, Error)]
pub enum IssuerError {
    /// The name cannot be a player's id.
    #[error("'player' should have 1 to {PLAYER_CHARACTERS} characters and no control characters; it has {0} characters")]
    Player(usize),
    /// The system gives no random numbers, or the key cannot be used.
    #[error("the issuer's key cannot be made or used")]
    Key,
}

impl Issuer {
    /// An issuer with a new key. `base_url` is where its router is reached, without a path, such as `http://127.0.0.1:6878`;
    /// `audience` is whom its tokens are for.
    ///
    /// # Errors
    /// [`IssuerError::Key`].
    pub fn new(base_url: String, audience: String) -> Result<Self, IssuerError> {
        let url = format!("{}{}", base_url.trim_end_matches('/'), routes::ROOT);
        Ok(Self { parts: Arc::new(Parts { url, audience, signer: Signer::generate()? }) })
    }

    /// What its tokens say as `iss`: the functions' `ISSUER`.
    #[must_use]
    pub fn issuer_url(&self) -> &str {
        &self.parts.url
    }

    /// `GET /issuer/.well-known/openid-configuration`, `GET /issuer/jwks.json`, and `GET` and `POST /issuer/token`.
    pub fn router(&self) -> Router {
        routes::router(self.clone())
    }

    /// A token for a player, which expires after `lifetime`, in whole seconds.
    ///
    /// # Errors
    /// [`IssuerError::Player`] if that cannot be a player's id, [`IssuerError::Key`].
    pub fn token_for(&self, player: &str, lifetime: Duration) -> Result<String, IssuerError> {
        let characters = player.chars().count();
        if !(1..=PLAYER_CHARACTERS).contains(&characters) || player.chars().any(char::is_control) {
            return Err(IssuerError::Player(characters));
        }
        let now = clock::now() / 1000;
        let expires_at = now.saturating_add(lifetime.as_secs());
        let claims = json!({"iss": self.parts.url, "aud": self.parts.audience, "sub": player, "iat": now, "exp": expires_at});
        self.parts.signer.sign(&claims)
    }

    /// The members that OpenID Connect Discovery 1.0, section 3 requires, as far as they have a meaning here.
    fn discovery(&self) -> Value {
        let url = &self.parts.url;
        json!({
            "issuer": url,
            "jwks_uri": format!("{url}{}", routes::KEYS),
            "token_endpoint": format!("{url}{}", routes::TOKEN),
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        })
    }

    fn keys(&self) -> Value {
        json!({"keys": [self.parts.signer.jwk()]})
    }
}

#[cfg(test)]
mod tests;
