//! How a connection ended: the code and the reason that go into the close frame and into the `$disconnect` event.

use std::borrow::Cow;

/// A close code with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closing {
    /// A close code of RFC 6455, 1005 and 1006 among them, which are never on the wire.
    pub(super) code: u16,
    /// At most 123 bytes, as a close frame holds.
    pub(super) reason: Cow<'static, str>,
}

impl Closing {
    const fn new(code: u16, reason: &'static str) -> Closing {
        Closing { code, reason: Cow::Borrowed(reason) }
    }

    /// The management API's DELETE.
    pub(super) const DELETED: Closing = Closing::new(1000, "Connection Closed Normally");
    /// The idle limit, the lifetime or a shutdown.
    pub(super) const GOING_AWAY: Closing = Closing::new(1001, "Going away");
    /// What came is not the WebSocket protocol.
    pub(super) const PROTOCOL_ERROR: Closing = Closing::new(1002, "Protocol error");
    /// A binary message came.
    pub(super) const BINARY: Closing = Closing::new(1003, "Binary messages are not supported");
    /// The client closed without a code.
    pub(super) const WITHOUT_STATUS: Closing = Closing::new(1005, "Client-side close frame status not set");
    /// The socket ended without a close.
    pub(super) const ABNORMAL: Closing = Closing::new(1006, "Connection Closed Abnormally");
    /// A text message was not UTF-8.
    pub(super) const NOT_UTF8: Closing = Closing::new(1007, "Text is not UTF-8");
    /// A frame or a message was longer than allowed.
    pub(super) const TOO_BIG: Closing = Closing::new(1009, "Message is too big");

    /// The client closed, with a code or without.
    pub(super) fn by_client(close: Option<(u16, String)>) -> Closing {
        close.map_or(Closing::WITHOUT_STATUS, |(code, reason)| Closing { code, reason: Cow::Owned(reason) })
    }
}
