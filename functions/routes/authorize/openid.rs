//! Tokens of an OpenID issuer: JSON Web Tokens, signed with a key that the issuer publishes.
//!
//! The checks follow RFC 7519 (JWT), RFC 7515 (signatures) and RFC 8725 (best practice), and are written out here because that is
//! what makes them readable in one place: nothing of a token is believed before its signature is, the key decides what algorithm
//! is right for it, and the time is an argument.

mod claims;
mod fetch;
mod issuer_url;
mod jwks;
mod jwt;
mod key_cache;
#[cfg(test)]
mod mutation_tests;
mod refusal;
#[cfg(test)]
pub mod test_issuer;

use muster_aws::{Config, ConfigError, Fault};

use crate::routes::authorize::provider::{Identity, VerifyError};
use claims::Expected;
use fetch::KeySource;
use issuer_url::IssuerUrl;
use jwks::{KeySet, NoKey};
use jwt::Jwt;
use key_cache::KeyCache;
use refusal::Refusal;

/// How much of a key's name is logged: it is whatever the sender of the token likes.
const LOGGED_KEY_ID_CHARACTERS: usize = 64;

/// One issuer, and whom its tokens must be for.
#[derive(Debug)]
pub struct OpenId {
    expected: Expected,
    keys: KeyCache,
}

impl OpenId {
    /// Reads `ISSUER` and `AUDIENCE`. Nothing is fetched yet.
    ///
    /// # Errors
    /// A [`ConfigError`] if one is missing, or the issuer is not an https address (plain http is fine on loopback).
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let issuer = IssuerUrl::parse(config.required("ISSUER")?).map_err(|problem| ConfigError::Unusable { name: "ISSUER", problem })?;
        let expected = Expected { issuer: issuer.as_str().to_owned(), audience: config.required("AUDIENCE")?.to_owned() };
        Ok(Self { expected, keys: KeyCache::new(KeySource::new(issuer)) })
    }

    /// Whom `token` names at the time `now`, in epoch seconds.
    ///
    /// # Errors
    /// [`VerifyError::Refused`] if the token is wrong, [`VerifyError::Fault`] if the issuer's keys cannot be had.
    pub async fn verify(&self, token: &str, now: u64) -> Result<Identity, VerifyError> {
        let jwt = Jwt::parse(token).map_err(|refusal| refused(refusal, None))?;
        let fault = |error| VerifyError::Fault(Fault::new("fetching the issuer's keys", error));
        let keys = self.keys.current(now).await.map_err(fault)?;
        let mut result = self.identify(&jwt, &keys, now);
        // An unknown key may be a new one.
        if matches!(result, Err(Refusal::Key(NoKey::Unknown)))
            && let Some(newer) = self.keys.newer_than(&keys, now).await.map_err(fault)?
        {
            result = self.identify(&jwt, &newer, now);
        }
        result.map_err(|refusal| refused(refusal, jwt.key_id.as_deref()))
    }

    /// The signature comes first: claims that nobody has signed are not even parsed.
    fn identify(&self, jwt: &Jwt<'_>, keys: &KeySet, now: u64) -> Result<Identity, Refusal> {
        let candidates = keys.candidates(jwt.key_id.as_deref(), jwt.algorithm)?;
        if !candidates.iter().any(|key| key.verify(jwt.signed, &jwt.signature)) {
            return Err(Refusal::Signature);
        }
        self.expected.identity(&jwt.claims()?, now)
    }
}

fn refused(refusal: Refusal, key_id: Option<&str>) -> VerifyError {
    let key_id = key_id.map(|id| id.chars().take(LOGGED_KEY_ID_CHARACTERS).collect());
    VerifyError::Refused { reason: refusal.to_string(), key_id }
}

#[cfg(test)]
mod tests {
    use super::{test_issuer::TestIssuer, *};

    fn start(issuer: &str, audience: &str) -> Result<OpenId, String> {
        let config = Config::from_variables([("ISSUER", issuer), ("AUDIENCE", audience)]);
        OpenId::from_config(&config).map_err(|error| error.to_string())
    }

    fn refusal(result: Result<Identity, VerifyError>) -> (String, Option<String>) {
        match result {
            Err(VerifyError::Refused { reason, key_id }) => (reason, key_id),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_variable_that_cannot_be_used_is_named_at_start() {
        assert_eq!(start("", "game").unwrap_err(), "the environment variable ISSUER is not set");
        assert_eq!(start("https://issuer.example", "").unwrap_err(), "the environment variable AUDIENCE is not set");
        let error = start("http://issuer.example", "game").unwrap_err();
        assert!(error.starts_with("the environment variable ISSUER cannot be used: "), "{error}");
        assert!(start("https://issuer.example/pool", "game").is_ok());
    }

    #[tokio::test]
    async fn a_key_that_has_been_added_is_fetched_but_not_more_than_once_a_minute() {
        let issuer = TestIssuer::start();
        let provider = issuer.provider();
        let now = issuer.now();
        let old = issuer.sign_es256(&issuer.claims("alice"));
        assert!(provider.verify(&old, now).await.is_ok());
        assert_eq!(issuer.requests("/keys"), 1);

        let rotated = TestIssuer::start_with_key_id("second");
        let new = rotated.sign_es256(&issuer.claims("alice"));
        issuer.serve("/keys", 200, &rotated.keys().to_string());
        assert_eq!(
            refusal(provider.verify(&new, now + 59).await),
            ("its key is not one of the issuer's".to_owned(), Some("second".to_owned()))
        );
        assert_eq!(issuer.requests("/keys"), 1);
        assert!(provider.verify(&new, now + 60).await.is_ok());
        assert_eq!(issuer.requests("/keys"), 2);
        // The old key is gone, and asking for it again has to wait.
        refusal(provider.verify(&old, now + 61).await);
        assert_eq!(issuer.requests("/keys"), 2);
    }

    #[tokio::test]
    async fn a_first_fetch_that_failed_is_tried_again_by_the_next_handshake() {
        let issuer = TestIssuer::start();
        let provider = issuer.provider();
        let token = issuer.sign_rs256(&issuer.claims("alice"));
        issuer.serve("/keys", 500, "");
        assert!(matches!(provider.verify(&token, issuer.now()).await, Err(VerifyError::Fault(_))));
        issuer.serve("/keys", 200, &issuer.keys().to_string());
        assert!(provider.verify(&token, issuer.now()).await.is_ok());
    }

    #[tokio::test]
    async fn an_unknown_key_while_the_issuer_is_away_is_a_fault_and_known_keys_still_work() {
        let issuer = TestIssuer::start();
        let provider = issuer.provider();
        let now = issuer.now();
        let known = issuer.sign_es256(&issuer.claims("alice"));
        let unknown = TestIssuer::start_with_key_id("second").sign_es256(&issuer.claims("alice"));
        assert!(provider.verify(&known, now).await.is_ok());
        issuer.serve("/keys", 503, "");
        for later in [60, 61, 119] {
            assert!(matches!(provider.verify(&unknown, now + later).await, Err(VerifyError::Fault(_))), "after {later} seconds");
            assert!(provider.verify(&known, now + later).await.is_ok());
        }
        assert_eq!(issuer.requests("/keys"), 2, "the failed fetch counts towards the minute, too");
    }

    #[tokio::test]
    async fn a_malformed_token_does_not_make_the_keys_be_fetched() {
        let issuer = TestIssuer::start();
        let (reason, key_id) = refusal(issuer.provider().verify("nonsense", issuer.now()).await);
        assert_eq!((reason.as_str(), key_id), ("it is not three parts with dots between them", None));
        assert_eq!(issuer.requests("/.well-known/openid-configuration"), 0);
    }

    #[tokio::test]
    async fn a_long_key_id_is_cut_before_it_is_logged() {
        let issuer = TestIssuer::start();
        let token = TestIssuer::start_with_key_id(&"k".repeat(5_000)).sign_es256(&issuer.claims("alice"));
        assert_eq!(refusal(issuer.provider().verify(&token, issuer.now()).await).1.unwrap().len(), 64);
    }
}
