//! What happens now, as server-sent events: in batches, at most five a second, to a browser that may read as slowly as it likes.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use tokio::{
    sync::broadcast::{
        Receiver,
        error::{RecvError, TryRecvError},
    },
    time::{Instant, sleep_until, timeout},
};

use super::Console;
use crate::events::WAITING;

/// Between two batches.
const INTERVAL: Duration = Duration::from_millis(200);
/// A comment, which says nothing. It is sent at the beginning, and when nothing has happened for a while, so that a browser that is gone is
/// noticed.
const SILENCE: &str = ":\n\n";
const LONGEST_SILENCE: Duration = Duration::from_secs(15);

/// One who watches.
struct Watcher {
    told: Receiver<Arc<str>>,
    /// When the next batch may be sent.
    due: Instant,
}

impl Watcher {
    /// The next batch, with how many events have been missed before it. `None` once nothing more is told.
    async fn next(&mut self) -> Option<String> {
        let Ok(first) = timeout(LONGEST_SILENCE, self.told.recv()).await else { return Some(SILENCE.to_owned()) };
        sleep_until(self.due).await;
        self.due = Instant::now() + INTERVAL;
        let (mut events, mut dropped) = match first {
            Ok(event) => (vec![event], 0),
            Err(RecvError::Lagged(missed)) => (Vec::new(), missed),
            Err(RecvError::Closed) => return None,
        };
        while events.len() < WAITING {
            match self.told.try_recv() {
                Ok(event) => events.push(event),
                Err(TryRecvError::Lagged(missed)) => dropped += missed,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        Some(format!("data: {{\"events\":[{}],\"dropped\":{dropped}}}\n\n", events.join(",")))
    }
}

pub(super) async fn live(State(console): State<Arc<Console>>) -> Response {
    if !console.events.is_watched()
        && let Err(error) = console.status.dynamodb.begin_telling()
    {
        return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
    }
    let watcher = Watcher { told: console.events.watch(), due: Instant::now() };
    let batches = stream::unfold(watcher, async |mut watcher| Some((watcher.next().await?, watcher)));
    let texts = stream::iter([SILENCE.to_owned()]).chain(batches).map(Ok::<_, Infallible>);
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    (headers, Body::from_stream(texts)).into_response()
}
