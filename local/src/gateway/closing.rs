//! How a connection ended: the close frame, whose code and reason the `$disconnect` event has, too. Codes 1005 and 1006 are never on the
//! wire.

use tokio_tungstenite::tungstenite::{
    Utf8Bytes,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

const fn frame(code: CloseCode, reason: &'static str) -> CloseFrame {
    CloseFrame { code, reason: Utf8Bytes::from_static(reason) }
}

/// The management API's DELETE.
pub(super) const DELETED: CloseFrame = frame(CloseCode::Normal, "Connection Closed Normally");
/// The idle limit, the lifetime or a shutdown.
pub(super) const GOING_AWAY: CloseFrame = frame(CloseCode::Away, "Going away");
pub(super) const PROTOCOL_ERROR: CloseFrame = frame(CloseCode::Protocol, "Protocol error");
pub(super) const BINARY: CloseFrame = frame(CloseCode::Unsupported, "Binary messages are not supported");
/// The client closed without a code.
pub(super) const WITHOUT_STATUS: CloseFrame = frame(CloseCode::Status, "Client-side close frame status not set");
/// The socket ended without a close.
pub(super) const ABNORMAL: CloseFrame = frame(CloseCode::Abnormal, "Connection Closed Abnormally");
pub(super) const NOT_UTF8: CloseFrame = frame(CloseCode::Invalid, "Text is not UTF-8");
pub(super) const TOO_BIG: CloseFrame = frame(CloseCode::Size, "Message is too big");
