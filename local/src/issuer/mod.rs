//! An OpenID issuer, so that the authorizer checks real signed tokens here, too, and needs no back door.
//!
//! It exists in the local stack only: it gives anyone a token for any player. It publishes what a verifier asks for (a discovery
//! document and a key set), and signs with ES256. The key is made at start and kept in memory, so tokens end with the stack.

mod routes;
mod signer;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ring::error::Unspecified;
use serde_json::json;

use crate::clock;
pub(crate) use routes::ROOT;
use signer::Signer;

/// The issuer. Cheap to clone.
#[derive(Clone)]
pub struct Issuer {
    url: String,
    audience: String,
    signer: Arc<Signer>,
}

impl Issuer {
    /// An issuer with a new key. `base_url` is where its router is reached, without a path, such as `http://127.0.0.1:6878`;
    /// `audience` is whom its tokens are for.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn new(base_url: &str, audience: &str) -> Result<Self, Unspecified> {
        Ok(Self { url: format!("{base_url}{ROOT}"), audience: audience.to_owned(), signer: Arc::new(Signer::generate()?) })
    }

    /// What its tokens say as `iss`: the functions' `ISSUER`.
    pub fn issuer_url(&self) -> &str {
        &self.url
    }

    /// A token for a player, which expires after so many seconds.
    fn token_for(&self, player: &str, seconds: u64) -> Result<String, Unspecified> {
        let now = clock::now() / 1000;
        self.signer.sign(&json!({"iss": self.url, "aud": self.audience, "sub": player, "iat": now, "exp": now + seconds}))
    }
}
