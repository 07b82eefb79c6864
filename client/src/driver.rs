//! The one task of a client: from connection to connection until it is closed or gives up.

mod connection;
mod draining;
mod keep_alive;
mod receive;
mod resume;
mod roll_over;
mod serve;

use std::{sync::Arc, time::Instant};

use tokio::{sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;

use self::{draining::Draining, resume::pushed_into};
use crate::{
    ConnectError, Event, Options,
    events::EventSender,
    handshake::{self, Opened},
    inbox::Inbox,
    open_requests::OpenRequests,
    outgoing::{Outgoing, OwnIds},
    told::Told,
};

/// What a client's task works with.
pub(crate) struct Driver {
    pub(crate) options: Arc<Options>,
    pub(crate) events: EventSender,
    pub(crate) outgoing: mpsc::Receiver<Outgoing>,
    pub(crate) open: Arc<OpenRequests>,
    pub(crate) closing: CancellationToken,
    pub(crate) closed: CancellationToken,
    pub(crate) inbox: Inbox,
    pub(crate) told: Told,
    /// The number of the connection being served.
    pub(crate) connection: u32,
    /// The connection before, if it still has something to say.
    pub(crate) draining: Option<Box<Draining>>,
    /// Actions in matches that are to be sent again, since no push has acknowledged them when their connection was lost.
    pub(crate) again: Vec<Outgoing>,
    pub(crate) own_ids: OwnIds,
}

/// Why a connection is not served any more.
enum End {
    /// The program closed it.
    Closed,
    /// It was lost, for this reason.
    Lost(String),
    /// This one takes its place.
    RolledOver(Box<Opened>),
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
    pub(crate) async fn run(mut self, mut opened: Box<Opened>) {
        let mut failures = 0;
        let mut connected_at = Instant::now();
        loop {
            self.connection = self.connection.wrapping_add(1);
            let reason = match self.serve(opened).await {
                End::Closed => return,
                End::RolledOver(next) => {
                    self.events.send(Event::RolledOver);
                    opened = next;
                    continue;
                }
                End::Lost(reason) => reason,
            };
            self.lose_draining();
            self.inbox.disconnected();
            // The resume that pushes waited for is over, and the next one may be long in coming, or never come.
            self.inbox.let_through(&mut pushed_into(&self.events));
            self.lose(self.connection);
            // A connection that ends soon after it was made is a failure, too: otherwise a server that accepts and drops would be
            // asked again and again without a pause.
            if self.options.backoff.is_some_and(|backoff| connected_at.elapsed() > backoff.cap) {
                failures = 0;
            }
            match self.reconnect(reason, &mut failures).await {
                Some(next) => opened = next,
                None => return,
            }
            connected_at = Instant::now();
        }
    }

    /// A connection is lost, with what was not answered on it.
    fn lose(&mut self, connection: u32) {
        self.again.extend(self.open.disconnected(connection));
    }

    /// Waits and connects until there is a connection; `None` if there will be none.
    async fn reconnect(&mut self, reason: String, failures: &mut u32) -> Option<Box<Opened>> {
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
                Ok(opened) => {
                    self.events.send(Event::Connected { attempts });
                    return Some(opened);
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
