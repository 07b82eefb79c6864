//! Why connecting or a request failed.

use muster_protocol::{Code, Rejection};
use thiserror::Error;

use crate::TokenError;

/// Why there is no connection.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// 401: the handshake carried no token.
    #[error("unauthorized (401): the server saw no token")]
    Unauthorized,
    /// 403: the authorizer does not accept the token, or the function behind `$connect` does not accept the player.
    #[error("forbidden (403): the server does not accept this token")]
    Forbidden,
    /// 401 or 403, and the token's own `exp` says that it has expired.
    #[error("the token has expired")]
    TokenExpired,
    /// [`Options::after`](crate::Options::after) is no cursor.
    #[error("options.after: {0}")]
    InvalidCursor(Rejection),
    /// Any other answer to the handshake, such as 429 (too many connections) or 500 (the authorizer failed).
    #[error("the server answered the handshake with {status}")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// Nothing listens at that address.
    #[error("nothing listens at {url}")]
    NoListener {
        /// The URL that was asked for, without the token.
        url: String,
    },
    /// The network, TLS or the WebSocket handshake failed.
    #[error("the connection could not be made: {0}")]
    Network(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The attempt took longer than [`Options::connect_timeout`](crate::Options::connect_timeout).
    #[error("no connection within {} s", .0.as_secs_f32())]
    TimedOut(std::time::Duration),
    /// The token source failed, or its token cannot stand in a header.
    #[error("no token: {0}")]
    Token(#[source] TokenError),
    /// The URL is not one of a WebSocket.
    #[error("{url:?} is not a WebSocket URL: {problem}")]
    InvalidUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl ConnectError {
    /// Whether the server refused the token itself, so that trying again with the same one is useless.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Unauthorized | Self::Forbidden | Self::TokenExpired)
    }
}

/// Why a request has no reply.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// Muster refused it; the rejection says why. If an action came too late (`stale`), it has the match as it is.
    #[error("{0}")]
    Rejected(Rejection),
    /// The server does not speak this client's version of the protocol any more. No request is of use.
    #[error("this client is too old for the server: {0}")]
    Outdated(String),
    /// Another action in the same match is not acknowledged yet. This one was not sent.
    #[error("not sent: the action before it in this match is not acknowledged yet")]
    Unacknowledged,
    /// API Gateway answered instead of the function, with this message: `Forbidden`, `Too Many Requests`, `Internal server error` or
    /// `Endpoint request timed out`. Its frame does not say to which request it belongs, so this needs exactly one that is open.
    #[error("the gateway answered: {0}")]
    Gateway(String),
    /// It was sent, and no answer came in time.
    #[error("no answer in time")]
    TimedOut,
    /// There was no connection in time to send it.
    #[error("not sent: there was no connection in time")]
    NotSent,
    /// It was sent, and the connection was lost before the answer.
    #[error("the connection was lost before the answer")]
    Disconnected,
    /// The client was closed, or has given up connecting.
    #[error("the client is closed")]
    Closed {
        /// Whether the request had been sent by then.
        sent: bool,
    },
    /// It cannot be sent: its body is no JSON, or it is longer than the 128 KB for which API Gateway closes a connection.
    #[error("cannot be sent: {0}")]
    Unsendable(String),
    /// It was answered, but not with what this route answers.
    #[error("the reply cannot be read: {0}")]
    UnexpectedReply(String),
}

impl RequestError {
    /// Whether the request may have had its effect all the same. If not, sending it again is safe.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Rejected(rejection) => rejection.code == Code::Internal,
            Self::Gateway(message) => !matches!(message.as_str(), "Forbidden" | "Too Many Requests"),
            Self::TimedOut | Self::Disconnected | Self::UnexpectedReply(_) => true,
            Self::Closed { sent } => *sent,
            Self::NotSent | Self::Unsendable(_) | Self::Outdated(_) | Self::Unacknowledged => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_or_never_sent_has_not_happened() {
        assert!(!RequestError::Rejected(Rejection::new(Code::BadRequest, "no")).may_have_happened());
        assert!(!RequestError::Gateway("Too Many Requests".into()).may_have_happened());
        assert!(!RequestError::NotSent.may_have_happened());
        assert!(!RequestError::Closed { sent: false }.may_have_happened());
    }

    #[test]
    fn what_was_sent_and_not_answered_may_have_happened() {
        assert!(RequestError::Rejected(Rejection::internal()).may_have_happened());
        assert!(RequestError::Gateway("Endpoint request timed out".into()).may_have_happened());
        assert!(RequestError::TimedOut.may_have_happened());
        assert!(RequestError::Disconnected.may_have_happened());
        assert!(RequestError::Closed { sent: true }.may_have_happened());
    }
}
