//! Who vouches for players.
//!
//! A provider turns a token into an identity. Each has a file of its own and a variant here, so that a platform whose tokens are
//! not signed documents (a Steam ticket is checked by asking Steam) can stand beside OpenID.

use muster_aws::{Config, ConfigError, Fault};

use super::openid::OpenId;

/// How tokens are checked.
#[derive(Debug)]
pub enum Provider {
    /// The tokens are signed by an OpenID issuer: Cognito, Epic, or any other.
    OpenId(OpenId),
}

/// Whom a valid token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// 1 to 128 characters, none of them a control character.
    pub player_id: String,
    /// When the token expires, in whole epoch seconds.
    pub expires_at: u64,
}

/// Why a token names nobody.
#[derive(Debug)]
pub enum VerifyError {
    /// The token is wrong. The reason is for the logs: whoever sent it is told nothing.
    Refused {
        /// What is wrong with it.
        reason: String,
        /// The key that it names, shortened if need be.
        key_id: Option<String>,
    },
    /// It cannot be told.
    Fault(Fault),
}

impl Provider {
    /// The provider that the environment names.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the variable.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self::OpenId(OpenId::from_config(config)?))
    }

    /// Whom `token` names at the time `now`, in epoch seconds.
    ///
    /// # Errors
    /// [`VerifyError::Refused`] if the token is wrong, [`VerifyError::Fault`] if that cannot be told.
    pub async fn verify(&self, token: &str, now: u64) -> Result<Identity, VerifyError> {
        match self {
            Self::OpenId(openid) => openid.verify(token, now).await,
        }
    }
}
