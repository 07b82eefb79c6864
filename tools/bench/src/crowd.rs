//! Thousands of players at once.

use std::{ops::Range, sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use muster_client::{Client, Events};
use tokio::time::{Instant, sleep_until};

use crate::{Result, stack::Stack};

/// New sockets per second: a little less than the stage's throttle lets in.
const PER_SECOND: f64 = 900.0;
/// Handshakes at once.
const AT_ONCE: usize = 64;

/// A player on its connection.
pub struct Player {
    pub client: Client,
    pub events: Events,
}

/// Allows so many sockets: each is a file of the stack and one of this process, and the stack inherits the limit.
pub fn allow_sockets(sockets: usize) -> Result<()> {
    let wanted = sockets as u64 + 1_000;
    let limit = rlimit::increase_nofile_limit(wanted)?;
    if limit < wanted {
        return Err(format!("{wanted} open files are needed and {limit} allowed: raise the hard limit, or take fewer players").into());
    }
    Ok(())
}

/// Connects the players of these numbers at a steady rate.
pub async fn connect(stack: &Arc<Stack>, numbers: Range<usize>) -> Result<Vec<Player>> {
    let (started, first) = (Instant::now(), numbers.start);
    let connections = stream::iter(numbers).map(|number| {
        let stack = Arc::clone(stack);
        let open = async move {
            sleep_until(started + Duration::from_secs_f64((number - first) as f64 / PER_SECOND)).await;
            let (client, events) = stack.connect(&name(number)).await?;
            Ok(Player { client, events })
        };
        async { tokio::spawn(open).await? }
    });
    connections.buffered(AT_ONCE).try_collect().await
}

/// The id of the player of this number.
pub fn name(number: usize) -> String {
    format!("player-{number}")
}
