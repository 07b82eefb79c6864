//! What API Gateway itself answers where no function does: frames, which do not close the socket, and the bodies of refused handshakes.

use crate::report::report;

/// No route has the message's key and there is no `$default`, or the policy denies the handshake.
pub(super) const FORBIDDEN: &str = "Forbidden";
/// The function failed, or its answer is not understood. The terminal says why.
pub(super) const INTERNAL_SERVER_ERROR: &str = "Internal server error";
/// The function took longer than an integration may.
pub(super) const TIMED_OUT: &str = "Endpoint request timed out";
/// The stage's throttle.
pub(super) const TOO_MANY_REQUESTS: &str = "Too Many Requests";

/// Reports why `place` failed, such as `authorizer`, and answers all that clients hear of it.
pub(super) fn fault(place: &str, why: &str) -> &'static str {
    report("gateway", format_args!("{place}: {why}"));
    INTERNAL_SERVER_ERROR
}

/// The JSON, to the byte: AWS puts a space behind the first colon and the commas only.
pub(super) fn error_json(message: &str, connection_id: &str, request_id: &str) -> String {
    format!(r#"{{"message": "{message}", "connectionId":"{connection_id}", "requestId":"{request_id}"}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_is_aws_own() {
        assert_eq!(
            error_json(INTERNAL_SERVER_ERROR, "ZmDx-dJ4FiACFkQ=", "ZmDyDGyFliAFhVQ="),
            r#"{"message": "Internal server error", "connectionId":"ZmDx-dJ4FiACFkQ=", "requestId":"ZmDyDGyFliAFhVQ="}"#
        );
    }
}
