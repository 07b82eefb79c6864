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
    sync::broadcast::{Receiver, error::TryRecvError},
    time::{Instant, sleep_until},
};

use super::Console;
use crate::{
    events::{Event, WAITING},
    report::report,
};

/// Between two batches.
const INTERVAL: Duration = Duration::from_millis(200);
/// A comment, which says nothing. It is sent at the beginning, and when nothing has happened for a while, so that a browser that is gone is
/// noticed.
const SILENCE: &str = ":\n\n";
const LONGEST_SILENCE: Duration = Duration::from_secs(15);

/// One who watches.
struct Watcher {
    console: Arc<Console>,
    told: Receiver<Event>,
    /// When the next batch may be sent.
    due: Instant,
}

impl Watcher {
    /// The next batch in the order of time, with how many events have been missed before it.
    async fn next(&mut self) -> String {
        let silent_until = Instant::now() + LONGEST_SILENCE;
        while Instant::now() < silent_until {
            sleep_until(self.due).await;
            self.due = Instant::now() + INTERVAL;
            // Rows are looked for here, so that no write waits for those who watch.
            if let Err(error) = self.console.status.dynamodb.tell_changes().await {
                report("console", error);
            }
            let (mut events, mut dropped) = (Vec::new(), 0);
            while events.len() < WAITING {
                match self.told.try_recv() {
                    Ok(event) => events.push(event),
                    Err(TryRecvError::Lagged(missed)) => dropped += missed,
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
            if !events.is_empty() || dropped > 0 {
                events.sort_by_key(|(at, _)| *at);
                let events: Vec<_> = events.iter().map(|(_, event)| &**event).collect();
                return format!("data: {{\"events\":[{}],\"dropped\":{dropped}}}\n\n", events.join(","));
            }
        }
        SILENCE.to_owned()
    }
}

pub(super) async fn live(State(console): State<Arc<Console>>) -> Response {
    if !console.events.is_watched()
        && let Err(error) = console.status.dynamodb.begin_telling()
    {
        return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
    }
    let watcher = Watcher { told: console.events.watch(), due: Instant::now(), console };
    let batches = stream::unfold(watcher, async |mut watcher| Some((watcher.next().await, watcher)));
    let texts = stream::iter([SILENCE.to_owned()]).chain(batches).map(Ok::<_, Infallible>);
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    (headers, Body::from_stream(texts)).into_response()
}
