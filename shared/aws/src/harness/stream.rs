//! The harness of a stream consumer: rows that were written come in batches, and each is answered for by itself.
//!
//! A row can fail in two ways. What may succeed later is reported to Lambda, which repeats the batch from there and gives it up by its own
//! rules. What can never succeed (a record that is no row of the table, or one that the handler calls impossible) is sent to the
//! dead-letter queue at once, and is done with.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent};
use serde::de::DeserializeOwned;
use tokio::time::timeout_at;

use super::{
    BURIAL, Config, ConfigError, Fault, Metric, Metrics,
    answer::Answer,
    record::{Batch, Record, Row, Writes},
    run, work_deadline,
};
use crate::{clock, dead_letters::DeadLetters};

/// Age above which the rows of a batch have waited.
const WAITING: Duration = Duration::from_secs(2);

/// A row that was not dealt with.
#[derive(Debug)]
pub struct FailedRow {
    /// Its place in the batch.
    index: usize,
    fault: Fault,
    /// The request that made this write of it, if it is known.
    by: Option<String>,
    /// Whether trying again can help.
    again: bool,
}

impl FailedRow {
    /// `row` failed with `fault`, and is to be tried again with everything behind it in its shard.
    #[must_use]
    pub fn new<T>(row: &Row<T>, fault: Fault) -> Self {
        Self { index: row.index, fault: fault.of_request(&row.cause), by: row.by.clone(), again: true }
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
    consume(Writes::Inserts, state, handler).await
}

/// Runs a consumer of rows that were inserted or changed, each as it was then. The rest is as for [`stream`].
///
/// # Errors
/// If the function cannot start.
pub async fn changes<S, T, H>(state: impl FnOnce(&Config) -> Result<S, ConfigError>, handler: H) -> Result<(), Error>
where
    T: DeserializeOwned,
    H: AsyncFn(&S, Vec<Row<T>>, &Metrics) -> Vec<FailedRow>,
{
    consume(Writes::All, state, handler).await
}

async fn consume<S, T, H>(writes: Writes, state: impl FnOnce(&Config) -> Result<S, ConfigError>, handler: H) -> Result<(), Error>
where
    T: DeserializeOwned,
    H: AsyncFn(&S, Vec<Row<T>>, &Metrics) -> Vec<FailedRow>,
{
    let state = |config: &Config| Ok((state(config)?, DeadLetters::from_config(config)?));
    run(state, async |(state, dead_letters): &(S, DeadLetters), event: LambdaEvent<Batch>, metrics: &Metrics| {
        let deadline = work_deadline(event.context.deadline);
        let is_replay = event.payload.replay;
        let records: Vec<Record> = event.payload.records.into_iter().map(Record::new).collect();
        let oldest = records.iter().filter_map(|record| record.written_at).min();
        let age = oldest.map_or(Duration::ZERO, |oldest| Duration::from_millis(clock::now_milliseconds().saturating_sub(oldest)));
        // The time of a record is told to the second, so that less than two say nothing.
        if age > WAITING {
            metrics.record(Metric::BatchAgeMilliseconds, age.as_millis() as u64);
        }
        let handled = async {
            let (mut rows, mut failed) = (Vec::with_capacity(records.len()), Vec::new());
            for (index, record) in records.iter().enumerate() {
                match record.written(index, writes) {
                    Ok(row) => rows.extend(row),
                    Err(fault) => failed.push(FailedRow { index, fault, by: record.by(), again: false }),
                }
            }
            // What can never succeed is to be written down also after a handler that took all its time.
            let late = timeout_at(deadline - BURIAL, handler(state, rows, metrics)).await;
            failed.extend(late.map_err(|late| Fault::new("handling the batch in time", late))?);
            Ok::<_, Fault>(if is_replay { failed } else { bury(dead_letters, &records, failed).await })
        };
        let failed = timeout_at(deadline, handled).await.map_err(|late| Fault::new("writing down dead letters in time", late))??;
        let mut answer = Answer::default();
        for FailedRow { index, fault, by, .. } in failed {
            let Record { sequence_number, keys, .. } = &records[index];
            if is_replay {
                answer.fail_replay(sequence_number.clone(), &fault);
                continue;
            }
            tracing::error!(cause = fault.cause(), by, keys, sequenceNumber = sequence_number, error = fault.chain(), "a row failed");
            metrics.record(Metric::Faults, 1);
            answer.fail(sequence_number.clone());
        }
        Ok::<_, Fault>(answer)
    })
    .await
}

/// Splits the rows that failed: first those that can never succeed and are to be written down now, then those to be tried again.
///
/// Lambda repeats everything from the first row that it is told of, so an impossible one behind that comes again, and is left for then:
/// otherwise each repetition would write another letter.
fn sort(mut failed: Vec<FailedRow>) -> (Vec<FailedRow>, Vec<FailedRow>) {
    failed.sort_by_key(|row| row.index);
    let first = failed.iter().position(|row| row.again).unwrap_or(failed.len());
    let mut again = failed.split_off(first);
    again.retain(|row| row.again);
    (failed, again)
}

/// Sends what can never succeed to the dead-letter queue, and returns what is to be tried again. From one that cannot be written down on,
/// that is everything: it comes again, and those behind it with it.
async fn bury(dead_letters: &DeadLetters, records: &[Record], failed: Vec<FailedRow>) -> Vec<FailedRow> {
    let (impossible, again) = sort(failed);
    for row in impossible {
        let (reason, cause) = (row.fault.chain(), row.fault.cause().unwrap_or_default().to_owned());
        match dead_letters.send(&records[row.index].text, &row.fault).await {
            Ok(()) => {
                let Record { sequence_number, keys, .. } = &records[row.index];
                tracing::error!(cause, by = row.by, keys, sequenceNumber = sequence_number, error = reason, "a row became a dead letter");
            }
            Err(fault) => {
                let fault = Fault::new(format!("writing down a row that can never succeed ({reason})"), fault).of_request(cause);
                return std::iter::once(FailedRow { fault, again: true, ..row }).chain(again).collect();
            }
        }
    }
    again
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_row_is_written_down_only_if_it_does_not_come_again(rows in prop::collection::btree_map(0_usize..50, any::<bool>(), 0..20)) {
            let failed = rows.iter().rev().map(|(index, again)| FailedRow {
                index: *index,
                fault: Fault::because("x"),
                by: None,
                again: *again,
            });
            let (impossible, again) = sort(failed.collect());
            let checkpoint = rows.iter().find(|(_, again)| **again).map(|(index, _)| *index);
            let wanted: Vec<usize> = rows.keys().copied().take_while(|index| Some(*index) != checkpoint).collect();
            prop_assert_eq!(impossible.iter().map(|row| row.index).collect::<Vec<_>>(), wanted);
            prop_assert!(again.iter().all(|row| row.again));
            prop_assert_eq!(again.first().map(|row| row.index), checkpoint);
            prop_assert_eq!(again.len(), rows.values().filter(|again| **again).count());
        }
    }
}
