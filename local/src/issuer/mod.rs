//! An OpenID issuer, so that the authorizer checks real signed tokens here, too, and needs no back door.
//!
//! It exists in the local stack only: it gives anyone a token for any player. It publishes what a verifier asks for (a discovery
//! document and a key set), and signs with ES256. The key is made at start and kept in memory, so tokens end with the stack.

mod parameters;
mod routes;
mod signer;

use std::{sync::Arc, time::Duration};

use axum::Router;
use ring::error::Unspecified;
use serde_json::json;
use thiserror::Error;

use crate::clock;
pub(crate) use routes::ROOT;
use signer::Signer;

/// What the authorizer takes as a player's id (`sub`).
const PLAYER_CHARACTERS: usize = 128;

/// The issuer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Issuer {
    url: String,
    audience: String,
    signer: Arc<Signer>,
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

impl From<Unspecified> for IssuerError {
    fn from(Unspecified: Unspecified) -> Self {
        Self::Key
    }
}

impl Issuer {
    /// An issuer with a new key. `base_url` is where its router is reached, without a path, such as `http://127.0.0.1:6878`;
    /// `audience` is whom its tokens are for.
    ///
    /// # Errors
    /// [`IssuerError::Key`].
    pub fn new(base_url: String, audience: String) -> Result<Self, IssuerError> {
        let url = format!("{}{ROOT}", base_url.trim_end_matches('/'));
        Ok(Self { url, audience, signer: Arc::new(Signer::generate()?) })
    }

    /// What its tokens say as `iss`: the functions' `ISSUER`.
    #[must_use]
    pub fn issuer_url(&self) -> &str {
        &self.url
    }

    /// `GET /issuer/.well-known/openid-configuration`, `GET /issuer/jwks.json`, and `GET` and `POST /issuer/token`.
    pub fn router(&self) -> Router {
        routes::router(self.clone())
    }

    /// A token for a player, which expires after `lifetime`, in whole seconds.
    fn token_for(&self, player: &str, lifetime: Duration) -> Result<String, IssuerError> {
        let characters = player.chars().count();
        if !(1..=PLAYER_CHARACTERS).contains(&characters) || player.chars().any(char::is_control) {
            return Err(IssuerError::Player(characters));
        }
        let now = clock::now() / 1000;
        let expires_at = now.saturating_add(lifetime.as_secs());
        let claims = json!({"iss": self.url, "aud": self.audience, "sub": player, "iat": now, "exp": expires_at});
        Ok(self.signer.sign(&claims)?)
    }
}

#[cfg(test)]
mod tests;
