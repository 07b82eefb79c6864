//! The gateway's limits. The defaults are API Gateway's quotas; tests and trials shorten them.

use std::time::Duration;

/// Limits of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A socket without a message in either direction for this long is closed with 1001. Default 10 minutes.
    pub idle: Duration,
    /// A socket this old is closed with 1001. Default 2 hours.
    pub lifetime: Duration,
    /// A function that has not answered by then has failed. Default 29 seconds.
    pub integration_timeout: Duration,
    /// Bytes of one frame from the client; a longer one closes the socket with 1009. Default 32 KB.
    pub frame_bytes: usize,
    /// Bytes of one message, either way; a longer one from the client closes the socket with 1009. Default 128 KB.
    pub message_bytes: usize,
    /// Bytes that may wait for a client that does not read. Beyond it, posts to it are refused with 429. Default 256 KB
    /// (AWS does not publish its figure).
    pub send_buffer_bytes: usize,
    /// Messages of one client that may be in work at once; beyond it, nothing more is read from its socket until one is
    /// answered. Default 32 (AWS does not publish its figure).
    pub messages_in_work: usize,
    /// How long a closing socket may take to say good-bye before it is dropped. Default 3 seconds.
    pub closing: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            idle: Duration::from_secs(10 * 60),
            lifetime: Duration::from_secs(2 * 60 * 60),
            integration_timeout: Duration::from_secs(29),
            frame_bytes: 32 * 1024,
            message_bytes: 128 * 1024,
            send_buffer_bytes: 256 * 1024,
            messages_in_work: 32,
            closing: Duration::from_secs(3),
        }
    }
}
