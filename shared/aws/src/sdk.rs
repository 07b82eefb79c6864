//! Lean SDK clients: no profile files, no metadata service, one TLS client that trusts Amazon's roots only.
//!
//! The SDK's own defaults read files and load the system's certificates at every cold start, which costs more than the request.

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::{rt::sleep::TokioSleep, time::SystemTimeSource};
use aws_smithy_http_client::{
    Builder,
    tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{behavior_version::BehaviorVersion, http::SharedHttpClient};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};

use crate::{Config, ConfigError};

/// Amazon Root CA 1 to 4 and Starfield Services G2: <https://www.amazontrust.com/repository/>.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

/// The configuration of a client that reaches its service at `endpoint`, or at AWS's own address.
pub(crate) fn sdk_config(config: &Config, endpoint: Option<&str>, retries: RetryConfig) -> Result<SdkConfig, ConfigError> {
    let credentials = Credentials::new(
        config.required("AWS_ACCESS_KEY_ID")?,
        config.required("AWS_SECRET_ACCESS_KEY")?,
        config.optional("AWS_SESSION_TOKEN").map(str::to_owned),
        None,
        "environment",
    );
    // Each attempt is short, so that a lost packet does not use up a function's few seconds.
    let timeouts =
        TimeoutConfig::builder().connect_timeout(Duration::from_secs(1)).operation_attempt_timeout(Duration::from_secs(3)).build();
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(config.required("AWS_REGION")?.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client(config, endpoint)?)
        .retry_config(retries)
        .sleep_impl(TokioSleep::new())
        .time_source(SystemTimeSource::new())
        .timeout_config(timeouts);
    if let Some(endpoint) = endpoint {
        builder = builder.endpoint_url(endpoint);
    }
    Ok(builder.build())
}

/// The same for what may take long: a function that is invoked and waited for. It is tried once, since whoever asked will ask again.
pub(crate) fn patient(config: &SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder().connect_timeout(Duration::from_secs(1)).operation_timeout(Duration::from_secs(35)).build();
    config.to_builder().timeout_config(timeouts).retry_config(RetryConfig::disabled()).build()
}

/// A plain client for a plain endpoint, which saves parsing certificates; for everything else the one TLS client.
fn http_client(config: &Config, endpoint: Option<&str>) -> Result<SharedHttpClient, ConfigError> {
    if endpoint.is_some_and(|url| url.starts_with("http://")) {
        return Ok(Builder::new().build_http());
    }
    if let Some(client) = config.https.get() {
        return Ok(client.clone());
    }
    let client = https_client(config)?;
    Ok(config.https.get_or_init(|| client).clone())
}

fn https_client(config: &Config) -> Result<SharedHttpClient, ConfigError> {
    let unusable = |problem: String| ConfigError::Unusable { name: "AWS_CA_BUNDLE", problem };
    let mut trust = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    if let Some(path) = config.ca_bundle() {
        let bundle = std::fs::read(&path).map_err(|error| unusable(format!("{}: {error}", path.display())))?;
        trust = trust.with_pem_certificate(bundle);
    }
    let context = TlsContext::builder().with_trust_store(trust).build().map_err(|error| unusable(error.to_string()))?;
    Ok(Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https())
}
