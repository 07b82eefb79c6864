//! Fetching the issuer's keys: its discovery document says where they are, and is asked each time, because they may move.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde::Deserialize;
use thiserror::Error;

use super::{
    issuer_url::IssuerUrl,
    jwks::{KeySet, KeySetError},
};

/// For both documents together: a handshake is waiting.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Real documents have a few kilobytes.
const DOCUMENT_BYTES: usize = 1024 * 1024;

/// A connection serves the two requests of one fetch. Kept for longer, it would be found dead after the environment has been frozen.
const IDLE: Duration = Duration::from_secs(5);

/// Where the keys of one issuer come from.
#[derive(Debug)]
pub struct KeySource {
    issuer: IssuerUrl,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

/// Why the keys cannot be had.
#[derive(Debug, Error)]
pub enum FetchError {
    /// Both documents together took too long.
    #[error("{0} and its keys took longer than {limit} seconds", limit = TIMEOUT.as_secs())]
    Timeout(Uri),
    /// There is no answer, or only a part of one, or too much.
    #[error("asking {0} failed")]
    Request(Uri, #[source] Box<dyn Error + Send + Sync>),
    /// The answer is not the document. Redirects are not followed, as no issuer needs them and they could lead anywhere.
    #[error("{0} answered with status {status} instead of 200", status = .1.as_u16())]
    Status(Uri, StatusCode),
    /// The discovery document has another shape.
    #[error("{0} is not a discovery document")]
    Discovery(Uri, #[source] serde_json::Error),
    /// OpenID Connect Discovery 1.0, section 4.3 asks for this check.
    #[error("{0} is the discovery document of another issuer, '{1}'")]
    Issuer(Uri, String),
    /// The address of the keys cannot be used.
    #[error("{0} refers to keys at '{1}', which is not an https address")]
    KeysAddress(Uri, String),
    /// The keys are of no use.
    #[error("{0} has no keys")]
    Keys(Uri, #[source] KeySetError),
}

/// What is read of a discovery document.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl KeySource {
    /// Builds the client once. It trusts the roots that browsers trust, because issuers are not all on AWS.
    pub fn new(issuer: IssuerUrl) -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .expect("ring supports the safe default versions of TLS")
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).build(connector);
        Self { issuer, client }
    }

    /// Fetches the keys.
    ///
    /// # Errors
    /// A [`FetchError`] that names the address.
    pub async fn fetch(&self) -> Result<KeySet, FetchError> {
        let timed_out = |_| Err(FetchError::Timeout(self.issuer.configuration().clone()));
        tokio::time::timeout(TIMEOUT, self.discover()).await.unwrap_or_else(timed_out)
    }

    async fn discover(&self) -> Result<KeySet, FetchError> {
        let address = self.issuer.configuration().clone();
        let document = self.get(&address).await?;
        let discovery: Discovery = match serde_json::from_slice(&document) {
            Ok(discovery) => discovery,
            Err(error) => return Err(FetchError::Discovery(address, error)),
        };
        if discovery.issuer != self.issuer.as_str() {
            return Err(FetchError::Issuer(address, discovery.issuer));
        }
        let keys = match discovery.jwks_uri.parse::<Uri>() {
            Ok(keys) if self.issuer.may_refer_to(&keys) => keys,
            _ => return Err(FetchError::KeysAddress(address, discovery.jwks_uri)),
        };
        let document = self.get(&keys).await?;
        KeySet::parse(&document).map_err(|error| FetchError::Keys(keys, error))
    }

    async fn get(&self, address: &Uri) -> Result<Bytes, FetchError> {
        let failed = |error: Box<dyn Error + Send + Sync>| FetchError::Request(address.clone(), error);
        let request = Request::get(address.clone())
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "muster")
            .body(Empty::new())
            .map_err(|error| failed(error.into()))?;
        let response = self.client.request(request).await.map_err(|error| failed(error.into()))?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(address.clone(), response.status()));
        }
        Ok(Limited::new(response.into_body(), DOCUMENT_BYTES).collect().await.map_err(failed)?.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::test_issuer::TestIssuer, *};

    const DISCOVERY: &str = "/.well-known/openid-configuration";

    async fn failure(issuer: &TestIssuer) -> String {
        muster_aws::Fault::new("fetching", issuer.key_source().fetch().await.unwrap_err()).chain()
    }

    #[tokio::test]
    async fn keys_are_found_by_way_of_the_discovery_document() {
        let issuer = TestIssuer::start();
        issuer.key_source().fetch().await.unwrap();
        assert_eq!((issuer.requests(DISCOVERY), issuer.requests("/keys")), (1, 1));
    }

    #[tokio::test]
    async fn an_answer_that_is_not_the_document_is_named() {
        let issuer = TestIssuer::start();
        for (status, body, problem) in [
            (404, "", "answered with status 404 instead of 200"),
            (302, "", "answered with status 302 instead of 200"),
            (200, "<html>", "is not a discovery document: expected value"),
            (200, "{}", "is not a discovery document: missing field `issuer`"),
        ] {
            issuer.serve(DISCOVERY, status, body);
            let chain = failure(&issuer).await;
            assert!(chain.contains(&format!("{}{DISCOVERY} {problem}", issuer.url())), "{chain}");
        }
        assert_eq!(issuer.requests("/keys"), 0);
    }

    #[tokio::test]
    async fn a_document_of_another_issuer_or_with_keys_elsewhere_in_the_clear_is_refused() {
        let issuer = TestIssuer::start();
        let keys = format!("{}/keys", issuer.url());
        issuer.serve(DISCOVERY, 200, &json!({"issuer": format!("{}/", issuer.url()), "jwks_uri": keys}).to_string());
        assert!(failure(&issuer).await.contains("is the discovery document of another issuer"));
        for keys in ["http://issuer.example/keys", "/keys", "file:///keys", ""] {
            issuer.serve(DISCOVERY, 200, &json!({"issuer": issuer.url(), "jwks_uri": keys}).to_string());
            assert!(failure(&issuer).await.contains(&format!("refers to keys at '{keys}', which is not an https address")), "{keys}");
        }
        assert_eq!(issuer.requests("/keys"), 0);
    }

    #[tokio::test]
    async fn keys_that_are_nonsense_or_of_no_use_are_a_failure() {
        let issuer = TestIssuer::start();
        for (body, problem) in [("nonsense", "it is not a key set"), (r#"{"keys":[]}"#, "it has no key that signs as RS256 or ES256")] {
            issuer.serve("/keys", 200, body);
            assert!(failure(&issuer).await.contains(problem));
        }
    }

    #[tokio::test]
    async fn a_document_beyond_all_measure_is_not_read_to_its_end() {
        let issuer = TestIssuer::start();
        issuer.serve("/keys", 200, &" ".repeat(DOCUMENT_BYTES + 1));
        assert!(failure(&issuer).await.contains("length limit exceeded"));
    }

    #[tokio::test]
    async fn an_issuer_that_cannot_be_reached_is_named() {
        let issuer = TestIssuer::start();
        let source = issuer.key_source();
        let url = issuer.url().to_owned();
        drop(issuer);
        assert!(source.fetch().await.unwrap_err().to_string().contains(&url));
    }

    #[tokio::test]
    async fn an_issuer_that_says_nothing_is_given_up_after_three_seconds() {
        // Connections to a listener that never accepts are made by the system, and nobody answers.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let started = std::time::Instant::now();
        let error = KeySource::new(IssuerUrl::parse(&issuer).unwrap()).fetch().await.unwrap_err();
        assert!(matches!(error, FetchError::Timeout(_)), "{error}");
        assert!(error.to_string().ends_with("took longer than 3 seconds"));
        assert!(started.elapsed() >= TIMEOUT);
    }
}
