//! The environment of a function, read once at start.

use std::{collections::BTreeMap, num::ParseIntError, path::PathBuf, sync::OnceLock, time::Duration};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use muster_game::{MODES, Mode};
use thiserror::Error;

use crate::sdk;

/// The variables that the template and Lambda set. Whoever needs one names it once, when it is built at start, so that a missing
/// one ends the start with its name instead of surprising a later request.
#[derive(Clone, Debug)]
pub struct Config {
    variables: BTreeMap<String, String>,
    /// The one TLS client of all SDK clients: built when the first of them needs it.
    pub(crate) https: OnceLock<SharedHttpClient>,
    /// The one client of all tables.
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
}

/// What is wrong with the environment.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A variable is not set, or empty.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// A variable should be a whole number.
    #[error("the environment variable {name} should be a whole number, not '{value}'")]
    NotANumber {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// Why it cannot be read.
        source: ParseIntError,
    },
    /// A variable has a value that cannot be used.
    #[error("the environment variable {name} cannot be used: {problem}")]
    Unusable {
        /// Its name.
        name: &'static str,
        /// Why.
        problem: String,
    },
}

impl Config {
    /// The process's environment.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::from_variables(std::env::vars())
    }

    /// An environment made by hand. An empty value counts as absent, as a template cannot leave a variable out.
    pub fn from_variables<K: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (K, V)>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self {
            variables: variables.filter(|(_, value): &(String, String)| !value.is_empty()).collect(),
            https: OnceLock::new(),
            dynamodb: OnceLock::new(),
        }
    }

    /// The value of a variable that must be there.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] with its name.
    pub fn required(&self, name: &'static str) -> Result<&str, ConfigError> {
        self.optional(name).ok_or(ConfigError::Missing(name))
    }

    /// The value of a variable that may be absent.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The value of a variable that must be a whole number.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] or [`ConfigError::NotANumber`] with its name.
    pub fn number(&self, name: &'static str) -> Result<u64, ConfigError> {
        let value = self.required(name)?;
        value.parse().map_err(|source| ConfigError::NotANumber { name, value: value.to_owned(), source })
    }

    /// The name of the function, as Lambda sets it.
    #[must_use]
    pub fn function(&self) -> &str {
        self.optional("AWS_LAMBDA_FUNCTION_NAME").unwrap_or("unnamed")
    }

    /// Where a service is reached instead of at its own address: `AWS_ENDPOINT_URL_<SERVICE>`, else `AWS_ENDPOINT_URL`, the
    /// variables that every AWS SDK knows. A lean configuration does not read them by itself.
    #[must_use]
    pub fn endpoint(&self, service: &str) -> Option<&str> {
        self.optional(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| self.optional("AWS_ENDPOINT_URL"))
    }

    /// The modes that this deployment offers: all but those whose queue it does not name.
    pub fn offered_modes(&self) -> impl Iterator<Item = &'static Mode> + '_ {
        MODES.iter().filter(|mode| mode.as_hosted().is_none_or(|hosted| self.optional(hosted.queue).is_some()))
    }

    /// How long the end of a placement is waited for: `PLACEMENT_TIMEOUT_SECONDS`, GameLift's, and `PLACEMENT_GRACE_SECONDS`.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] or [`ConfigError::NotANumber`] with the variable's name.
    pub fn placement_patience(&self) -> Result<Duration, ConfigError> {
        Ok(Duration::from_secs(self.number("PLACEMENT_TIMEOUT_SECONDS")? + self.number("PLACEMENT_GRACE_SECONDS")?))
    }

    /// The client of all tables, built when the first of them asks for it.
    pub(crate) fn dynamodb(&self) -> Result<aws_sdk_dynamodb::Client, ConfigError> {
        if let Some(client) = self.dynamodb.get() {
            return Ok(client.clone());
        }
        let client = aws_sdk_dynamodb::Client::new(&sdk::sdk_config(self, self.endpoint("DYNAMODB"), RetryConfig::standard())?);
        Ok(self.dynamodb.get_or_init(|| client).clone())
    }

    /// A file of further root certificates, for networks that inspect TLS: `AWS_CA_BUNDLE`, as every AWS SDK knows it.
    pub(crate) fn ca_bundle(&self) -> Option<PathBuf> {
        self.optional("AWS_CA_BUNDLE").map(PathBuf::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_no_number_is_named() {
        let config = Config::from_variables([("RETENTION_HOURS", "a day")]);
        assert_eq!(config.required("PLAYERS_TABLE").unwrap_err().to_string(), "the environment variable PLAYERS_TABLE is not set");
        assert_eq!(
            config.number("RETENTION_HOURS").unwrap_err().to_string(),
            "the environment variable RETENTION_HOURS should be a whole number, not 'a day'"
        );
    }

    #[test]
    fn a_services_own_endpoint_comes_before_the_common_one() {
        let config = Config::from_variables([("AWS_ENDPOINT_URL", "http://all"), ("AWS_ENDPOINT_URL_DYNAMODB", "http://rows")]);
        assert_eq!(config.endpoint("DYNAMODB"), Some("http://rows"));
        assert_eq!(config.endpoint("SQS"), Some("http://all"));
    }
}
