//! The frames that API Gateway itself sends when a message could not be answered. They do not close the socket.

/// Why a message has no answer of its route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameError {
    /// No route has the message's key, and there is no `$default`.
    Forbidden,
    /// The function failed, or its answer is not a proxy answer.
    InternalServerError,
    /// The function took longer than an integration may.
    EndpointTimedOut,
    /// The stage's throttle.
    TooManyRequests,
}

impl FrameError {
    /// The text of `message`.
    pub(super) fn message(self) -> &'static str {
        match self {
            FrameError::Forbidden => "Forbidden",
            FrameError::InternalServerError => "Internal server error",
            FrameError::EndpointTimedOut => "Endpoint request timed out",
            FrameError::TooManyRequests => "Too Many Requests",
        }
    }
}

/// The frame, or the body of a refused handshake, to the byte: AWS puts a space behind the first colon and the commas only.
pub(super) fn error_json(message: &str, connection_id: &str, request_id: &str) -> String {
    format!(r#"{{"message": "{message}", "connectionId":"{connection_id}", "requestId":"{request_id}"}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_is_aws_own() {
        assert_eq!(
            error_json(FrameError::InternalServerError.message(), "ZmDx-dJ4FiACFkQ=", "ZmDyDGyFliAFhVQ="),
            r#"{"message": "Internal server error", "connectionId":"ZmDx-dJ4FiACFkQ=", "requestId":"ZmDyDGyFliAFhVQ="}"#
        );
    }
}
