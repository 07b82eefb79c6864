//! What can be wrong with a token.

use thiserror::Error;

use super::jwks::NoKey;

/// Why a token is refused. The texts go into the logs, so none of them repeats the token.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// RFC 7515, section 3.1.
    #[error("it is not three parts with dots between them")]
    Parts,
    /// Of the named part.
    #[error("its {0} is not base64url without padding")]
    Encoding(&'static str),
    /// Of the named part.
    #[error("its {0} is not a JSON object")]
    Json(&'static str),
    /// We understand no extensions, so a token that insists on one must be refused (RFC 7515, section 4.1.11).
    #[error("its header has 'crit'")]
    Critical,
    /// Nothing but RS256 and ES256 is taken: no `none`, no shared secrets.
    #[error("its algorithm is neither RS256 nor ES256")]
    Algorithm,
    /// A `kid` of another type names no key.
    #[error("its key id is not a string")]
    KeyId,
    /// There is no key to check it with.
    #[error(transparent)]
    Key(#[from] NoKey),
    /// Someone else has signed it, or it has been changed.
    #[error("its signature is wrong")]
    Signature,
    /// The issuer has signed it, but not for this, or not for now.
    #[error("its claim '{0}' {1}")]
    Claim(&'static str, &'static str),
}
