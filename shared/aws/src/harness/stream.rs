//! The harness of a stream consumer: inserted rows come in batches, and each is answered for by itself.

use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use lambda_runtime::{Error, LambdaEvent};
use serde::de::DeserializeOwned;
use serde_dynamo::AttributeValue;

use super::{Config, ConfigError, Fault, Metric, Metrics, run, work_deadline};

/// A row that was inserted.
#[derive(Clone, Debug)]
pub struct Row<T> {
    /// The row.
    pub row: T,
    /// Its place in the stream: what a failure is reported by.
    sequence_number: String,
    /// The request that led to it.
    cause: String,
}

/// A row that is to be tried again, with everything behind it in its shard.
#[derive(Debug)]
pub struct FailedRow {
    sequence_number: String,
    fault: Fault,
}

impl FailedRow {
    /// `row` failed with `fault`.
    #[must_use]
    pub fn new<T>(row: &Row<T>, fault: Fault) -> Self {
        Self { sequence_number: row.sequence_number.clone(), fault: fault.of_request(&row.cause) }
    }

    /// How Lambda is told.
    fn report(self) -> DynamoDbBatchItemFailure {
        let mut report = DynamoDbBatchItemFailure::default();
        report.item_identifier = Some(self.sequence_number);
        report
    }
}

/// Runs a consumer of inserted rows. The handler answers with the rows that failed; those it leaves out are done with.
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
    run(state, async |state: &S, event: LambdaEvent<Event>, metrics: &Metrics| {
        let deadline = work_deadline(event.context.deadline);
        let (rows, mut failed) = inserted(event.payload.records)?;
        let handled = tokio::time::timeout_at(deadline, handler(state, rows, metrics)).await;
        failed.extend(handled.map_err(|error| Fault::new("handling the batch in time", error))?);
        for failure in &failed {
            let (sequence_number, fault) = (&failure.sequence_number, &failure.fault);
            tracing::error!(cause = fault.cause(), sequenceNumber = sequence_number, error = fault.chain(), "a row failed");
            metrics.record(Metric::Faults, 1);
        }
        let mut response = DynamoDbEventResponse::default();
        response.batch_item_failures = failed.into_iter().map(FailedRow::report).collect();
        Ok::<_, Fault>(response)
    })
    .await
}

/// The rows that were inserted, and the records that are not rows of this table.
fn inserted<T: DeserializeOwned>(records: Vec<EventRecord>) -> Result<(Vec<Row<T>>, Vec<FailedRow>), Fault> {
    let (mut rows, mut failed) = (Vec::with_capacity(records.len()), Vec::new());
    for record in records.into_iter().filter(|record| record.event_name == "INSERT") {
        let number = record.change.sequence_number;
        let sequence_number = number.ok_or_else(|| Fault::because("a stream record has no sequence number"))?;
        let image = record.change.new_image;
        let cause = match image.get("cause") {
            Some(AttributeValue::S(cause)) => cause.clone(),
            _ => String::new(),
        };
        match serde_dynamo::from_item(image) {
            Ok(row) => rows.push(Row { row, sequence_number, cause }),
            Err(error) => {
                let fault = Fault::new("understanding the row", error).of_request(cause);
                failed.push(FailedRow { sequence_number, fault });
            }
        }
    }
    Ok((rows, failed))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Message {
        message_id: String,
    }

    fn record(name: &str, sequence_number: &str, image: Value) -> Value {
        json!({
            "eventID": "e", "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "us-east-1",
            "dynamodb": {"ApproximateCreationDateTime": 1_480_642_020, "Keys": {}, "NewImage": image, "SequenceNumber": sequence_number,
                "SizeBytes": 54, "StreamViewType": "NEW_IMAGE"},
            "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/T/stream/2016-12-01T00:00:00.000"
        })
    }

    #[test]
    fn only_inserted_rows_are_handed_over_and_a_malformed_one_fails_alone() {
        let records = json!({"Records": [
            record("INSERT", "1", json!({"messageId": {"S": "m1"}})),
            record("MODIFY", "2", json!({"messageId": {"S": "m1"}})),
            record("REMOVE", "3", json!(null)),
            record("INSERT", "4", json!({"messageId": {"N": "5"}})),
            record("INSERT", "5", json!({"messageId": {"S": "m2"}})),
        ]});
        let event: Event = serde_json::from_value(records).unwrap();
        let (rows, failed) = inserted::<Message>(event.records).unwrap();
        assert_eq!(rows.iter().map(|row| row.row.message_id.as_str()).collect::<Vec<_>>(), ["m1", "m2"]);
        assert_eq!(failed.iter().map(|row| row.sequence_number.as_str()).collect::<Vec<_>>(), ["4"]);
    }
}
