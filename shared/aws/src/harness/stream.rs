//! The harness of a stream consumer: inserted rows come in batches, and each is answered for by itself.
//!
//! A row can fail in two ways. What may succeed later is reported to Lambda, which repeats the batch from there and gives it up by its own
//! rules. What can never succeed (a record that is no row of the table, or one that the handler calls impossible) is sent to the
//! dead-letter queue at once, and is done with.

use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use lambda_runtime::{Error, LambdaEvent};
use serde::de::DeserializeOwned;

use super::{
    Config, ConfigError, Fault, Metric, Metrics,
    record::{Batch, Record, Row},
    run, work_deadline,
};
use crate::dead_letters::DeadLetters;

/// A row that was not dealt with.
#[derive(Debug)]
pub struct FailedRow {
    /// Its place in the batch.
    index: usize,
    fault: Fault,
    /// Whether trying again can help.
    again: bool,
}

impl FailedRow {
    /// `row` failed with `fault`, and is to be tried again with everything behind it in its shard.
    #[must_use]
    pub fn new<T>(row: &Row<T>, fault: Fault) -> Self {
        Self { index: row.index, fault: fault.of_request(&row.cause), again: true }
    }

    /// `row` can never succeed, because of `fault`.
    #[must_use]
    pub fn impossible<T>(row: &Row<T>, fault: Fault) -> Self {
        Self { again: false, ..Self::new(row, fault) }
    }
}

/// Runs a consumer of inserted rows. The handler answers with the rows that failed; those it leaves out are done with. Reads
/// `DEAD_LETTERS_URL`, besides what the handler's state reads.
///
/// The event source filters, too; but a filter that is missing or changed must not turn a removal into a delivery.
///
/// # Errors
/// If the function cannot start.
pub async fn stream<S, T, H>(state: impl FnOnce(&Config) -> Result<S, ConfigError>, handler: H) -> Result<(), Error>
where
    T: DeserializeOwned,
    H: AsyncFn(&S, Vec<Row<T>>, &Metrics) -> Vec<FailedRow>,
{
    let state = |config: &Config| Ok((state(config)?, DeadLetters::from_config(config)?));
    run(state, async |(state, dead_letters): &(S, DeadLetters), event: LambdaEvent<Batch>, metrics: &Metrics| {
        let deadline = work_deadline(event.context.deadline);
        let records: Vec<Record> = event.payload.records.into_iter().map(Record::new).collect();
        let handled = async {
            let (mut rows, mut failed) = (Vec::with_capacity(records.len()), Vec::new());
            for (index, record) in records.iter().enumerate() {
                match record.inserted(index) {
                    Ok(row) => rows.extend(row),
                    Err(fault) => failed.push(FailedRow { index, fault, again: false }),
                }
            }
            failed.extend(handler(state, rows, metrics).await);
            bury(dead_letters, &records, failed).await
        };
        let failed = tokio::time::timeout_at(deadline, handled).await.map_err(|late| Fault::new("handling the batch in time", late))?;
        let mut response = DynamoDbEventResponse::default();
        for FailedRow { index, fault, .. } in failed {
            let sequence_number = records[index].sequence_number.as_ref();
            tracing::error!(cause = fault.cause(), sequenceNumber = sequence_number, error = fault.chain(), "a row failed");
            metrics.record(Metric::Faults, 1);
            let mut report = DynamoDbBatchItemFailure::default();
            // A record without a number cannot be reported alone: then the empty identifier repeats the whole batch.
            report.item_identifier = Some(sequence_number.cloned().unwrap_or_default());
            response.batch_item_failures.push(report);
        }
        Ok::<_, Fault>(response)
    })
    .await
}

/// Sends what can never succeed to the dead-letter queue, and returns what is to be tried again.
///
/// Lambda repeats everything from the first row that it is told of, so an impossible one behind that comes again, and is left for then:
/// otherwise each repetition would write another letter. One that cannot be written down is to be tried again itself.
async fn bury(dead_letters: &DeadLetters, records: &[Record], mut failed: Vec<FailedRow>) -> Vec<FailedRow> {
    failed.sort_by_key(|row| row.index);
    let mut again = Vec::new();
    for row in failed {
        if row.again {
            again.push(row);
        } else if again.is_empty() {
            match dead_letters.send(&records[row.index].text, &row.fault).await {
                Ok(()) => {
                    let (cause, sequence_number) = (row.fault.cause(), records[row.index].sequence_number.as_ref());
                    tracing::error!(cause, sequenceNumber = sequence_number, error = row.fault.chain(), "a row became a dead letter");
                }
                Err(fault) => {
                    let cause = row.fault.cause().unwrap_or_default().to_owned();
                    again.push(FailedRow { fault: fault.of_request(cause), again: true, ..row });
                }
            }
        }
    }
    again
}
