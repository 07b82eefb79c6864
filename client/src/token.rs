//! Where the token comes from. It is asked for at every attempt to connect, since the one of the last connection may have expired.

use std::{error::Error, fmt, pin::Pin, sync::Arc};

/// Why a token could not be had.
pub type TokenError = Box<dyn Error + Send + Sync>;

type TokenFuture = Pin<Box<dyn Future<Output = Result<String, TokenError>> + Send>>;

/// A source of tokens of the issuer that the server trusts.
#[derive(Clone)]
pub struct Token(Source);

#[derive(Clone)]
enum Source {
    Fixed(Arc<str>),
    Renewed(Arc<dyn Fn() -> TokenFuture + Send + Sync>),
}

impl Token {
    /// One token for ever. When the server refuses it, the client gives up.
    pub fn fixed(token: impl Into<Arc<str>>) -> Self {
        Self(Source::Fixed(token.into()))
    }

    /// A function that gets a token, called at every attempt to connect. It is its own business to keep one that is still good.
    pub fn renewed<F, R>(source: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<String, TokenError>> + Send + 'static,
    {
        Self(Source::Renewed(Arc::new(move || Box::pin(source()))))
    }

    /// Whether another token may come, so that one that was refused is not the end.
    #[must_use]
    pub fn is_renewed(&self) -> bool {
        matches!(self.0, Source::Renewed(_))
    }

    /// A token for the next attempt to connect.
    pub(crate) async fn get(&self) -> Result<String, TokenError> {
        match &self.0 {
            Source::Fixed(token) => Ok(token.to_string()),
            Source::Renewed(source) => source().await,
        }
    }
}

impl From<&str> for Token {
    fn from(token: &str) -> Self {
        Self::fixed(token)
    }
}

impl From<String> for Token {
    fn from(token: String) -> Self {
        Self::fixed(token)
    }
}

impl fmt::Debug for Token {
    /// Says what kind of source it is; a token is a secret and is never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_renewed() { "Token(renewed)" } else { "Token(fixed)" })
    }
}
