//! messages → push: a row inserted into an inbox is pushed to every device of its player.
//!
//! - Trigger: the stream of messages, inserted rows only, in batches.
//! - Reads: the connections of each distinct recipient, once a batch. Writes: deletes the rows of connections that are gone.
//! - Pushes: `message`, to each connection in the order of the stream. A row that fits into no frame becomes a dead letter.
//! - Safe to repeat: a push that is repeated carries the same messageId, by which clients drop it. What nobody is there to take
//!   stays in the inbox.

use lambda_runtime::Error;
use muster_aws::{MessageRow, Push, Read, deliver, harness, harness::Row, telemetry::Metrics};

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::stream(Push::from_config, async |push: &Push, batch: Vec<Row<MessageRow>>, metrics: &Metrics| {
        deliver(push, &batch, Read::Consistent, metrics).await
    })
    .await
}
