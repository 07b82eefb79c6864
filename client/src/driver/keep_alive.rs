//! Keeps a quiet connection alive, and notices one that is dead.

use std::time::{Duration, Instant};

use muster_protocol::{Request, limits, routes::Ping};
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use uuid::Uuid;

use crate::{
    Options, RequestError,
    open_requests::{OpenRequest, OpenRequests, Outcome},
    outgoing,
};

/// When to ping, and how long to wait for the answer.
pub(super) struct KeepAlive<'a> {
    interval: Duration,
    patience: Duration,
    last_sent: Instant,
    probe: Option<Probe<'a>>,
}

/// A ping of our own, sent after a quiet time.
struct Probe<'a> {
    /// Holds the slot open.
    _request: OpenRequest<'a>,
    outcome: oneshot::Receiver<Outcome>,
    sent: Instant,
}

impl<'a> KeepAlive<'a> {
    pub(super) fn new(options: &Options, now: Instant) -> Self {
        Self { interval: options.keep_alive, patience: options.request_timeout, last_sent: now, probe: None }
    }

    /// Something was sent, so that the connection is not idle.
    pub(super) fn sent(&mut self, now: Instant) {
        self.last_sent = now;
    }

    /// When there is something to do.
    pub(super) fn due_at(&mut self) -> Instant {
        // Any answer, even a rejection or the gateway's complaint, shows that the connection lives.
        self.probe.take_if(|probe| !matches!(probe.outcome.try_recv(), Err(TryRecvError::Empty)));
        self.probe.as_ref().map_or(self.last_sent + self.interval, |probe| probe.sent + self.patience)
    }

    /// Whether the last ping has no answer yet.
    pub(super) fn is_probing(&self) -> bool {
        self.probe.is_some()
    }

    /// Opens a ping; its text is to be sent on this connection.
    pub(super) fn probe(&mut self, open: &'a OpenRequests, connection: u32, now: Instant) -> Result<Utf8Bytes, RequestError> {
        let id = Uuid::new_v4();
        let text = outgoing::encode(id, Ping::ROUTE.name(), None, Ping { protocol: Some(limits::PROTOCOL) })?;
        let (request, outcome) = open.open(id, None)?;
        open.mark_sent(id, connection);
        self.probe = Some(Probe { _request: request, outcome, sent: now });
        self.last_sent = now;
        Ok(text)
    }
}
