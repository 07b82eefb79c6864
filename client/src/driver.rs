//! The one task of a client: from connection to connection until it is closed or gives up.

mod serve;

use std::{sync::Arc, time::Instant};

use tokio::{sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::{
    ConnectError, Event, Options,
    events::EventSender,
    handshake::{self, Socket},
    open_requests::OpenRequests,
    outgoing::Outgoing,
};

/// What a client's task works with.
pub(crate) struct Driver {
    pub(crate) options: Options,
    pub(crate) events: EventSender,
    pub(crate) outgoing: mpsc::Receiver<Outgoing>,
    pub(crate) open: Arc<OpenRequests>,
    pub(crate) closing: CancellationToken,
    pub(crate) closed: CancellationToken,
}

/// Why a connection ended.
enum End {
    /// The program closed it.
    Closed,
    /// It was lost, for this reason.
    Lost(String),
}

impl Drop for Driver {
    /// However the task ends, even by the end of its runtime, nobody is left waiting.
    fn drop(&mut self) {
        self.open.close();
        self.closed.cancel();
    }
}

impl Driver {
    /// Runs until the client is closed or gives up.
    pub(crate) async fn run(mut self, mut socket: Socket) {
        let mut failures = 0;
        loop {
            let connected_at = Instant::now();
            let end = self.serve(socket).await;
            let End::Lost(reason) = end else { return };
            self.open.disconnected();
            // A connection that ends soon after it was made is a failure, too: otherwise a server that accepts and drops would be
            // asked again and again without a pause.
            if self.options.backoff.is_some_and(|backoff| connected_at.elapsed() > backoff.cap) {
                failures = 0;
            }
            match self.reconnect(reason, &mut failures).await {
                Some(next) => socket = next,
                None => return,
            }
        }
    }

    /// Waits and connects until there is a connection; `None` if there will be none.
    async fn reconnect(&mut self, reason: String, failures: &mut u32) -> Option<Socket> {
        let delay = |failures: u32| self.options.backoff.map(|backoff| backoff.delay(failures, fastrand::f64()));
        let mut retry_in = delay(*failures);
        self.events.send(Event::Disconnected { reason, retry_in });
        let mut attempts = 0;
        loop {
            let closing = self.closing.cancelled();
            let connected = tokio::select! {
                () = closing => return None,
                connected = async {
                    sleep(retry_in?).await;
                    Some(handshake::connect(&self.options).await)
                } => connected?,
            };
            attempts += 1;
            *failures = failures.saturating_add(1);
            match connected {
                Ok(socket) => {
                    self.events.send(Event::Connected { attempts });
                    return Some(socket);
                }
                Err(error) => {
                    let hopeless = error.is_refusal() && !self.options.token.is_renewed();
                    retry_in = if hopeless || matches!(error, ConnectError::InvalidUrl { .. }) { None } else { delay(*failures) };
                    self.events.send(Event::ConnectFailed { error, retry_in });
                }
            }
        }
    }
}
