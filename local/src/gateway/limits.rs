//! The gateway's limits: API Gateway's quotas, of which tests and trials shorten some.

use std::time::Duration;

/// Bytes of one frame from the client; a longer one closes the socket with 1009.
pub(super) const FRAME_BYTES: usize = 32 * 1024;
/// Bytes of one message, either way; a longer one from the client closes the socket with 1009.
pub(super) const MESSAGE_BYTES: usize = 128 * 1024;
/// Bytes that may wait for a client that does not read. Beyond it, posts to it are refused with 429. AWS does not publish its figure.
pub(super) const SEND_BUFFER_BYTES: usize = 256 * 1024;

/// Limits of the gateway that can be set.
pub struct Limits {
    /// A socket without a message in either direction for this long is closed with 1001.
    pub idle: Duration,
    /// A socket this old is closed with 1001.
    pub lifetime: Duration,
    /// A function that has not answered by then has failed.
    pub integration_timeout: Duration,
    /// Messages of one client that may be in work at once; nothing more is read from its socket then. AWS does not publish its figure.
    pub messages_in_work: usize,
    /// How long a closing socket may take to say good-bye before it is dropped.
    pub closing: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            idle: Duration::from_secs(10 * 60),
            lifetime: Duration::from_secs(2 * 60 * 60),
            integration_timeout: Duration::from_secs(29),
            messages_in_work: 32,
            closing: Duration::from_secs(3),
        }
    }
}
