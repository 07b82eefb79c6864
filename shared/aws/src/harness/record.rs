//! Stream records, each read by itself, so that one that is not as it should be spoils none of the others.

use aws_lambda_events::dynamodb::EventRecord;
use serde::{Deserialize, de::DeserializeOwned};
use serde_dynamo::AttributeValue;
use serde_json::value::RawValue;

use crate::Fault;

/// A stream's event, its records not looked into.
#[derive(Debug, Deserialize)]
pub(super) struct Batch {
    #[serde(rename = "Records")]
    pub(super) records: Vec<Box<RawValue>>,
    /// Whether a letter is replayed: then a failure is the answer, with its reason, and nothing is written down a second time.
    #[serde(default)]
    pub(super) replay: bool,
}

/// One record, byte for byte.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) text: Box<RawValue>,
    /// Its place in the stream: what a failure is reported by.
    pub(super) sequence_number: Option<String>,
    /// When it was written, in epoch milliseconds, to the second.
    pub(super) written_at: Option<u64>,
    /// The row's keys, as they came: what a line in the log names it by.
    pub(super) keys: Option<String>,
}

/// A row that was written.
#[derive(Clone, Debug)]
pub struct Row<T> {
    /// The row.
    pub row: T,
    /// Its record's place in the batch.
    pub(super) index: usize,
    /// The request that led to it.
    pub(super) cause: String,
    /// The request that made this write of it, where that is another one.
    pub(super) by: Option<String>,
}

impl<T> Row<T> {
    /// The request that led to it.
    #[must_use]
    pub fn cause(&self) -> &str {
        &self.cause
    }

    /// The request that made this write of it.
    #[must_use]
    pub fn by(&self) -> &str {
        self.by.as_deref().unwrap_or(&self.cause)
    }
}

/// Which writes a consumer is handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writes {
    /// Those of rows that were not there.
    Inserts,
    /// Those that changed rows, too.
    All,
}

impl Record {
    pub(super) fn new(text: Box<RawValue>) -> Self {
        #[derive(Deserialize)]
        struct Numbered {
            dynamodb: Change,
        }
        #[derive(Deserialize)]
        struct Change {
            #[serde(rename = "SequenceNumber")]
            sequence_number: String,
            #[serde(rename = "ApproximateCreationDateTime")]
            created: Option<f64>,
            #[serde(rename = "Keys")]
            keys: Option<Box<RawValue>>,
        }
        let change = serde_json::from_str(text.get()).ok().map(|record: Numbered| record.dynamodb);
        let written_at = change.as_ref().and_then(|change| change.created).map(|seconds| (seconds * 1_000.0) as u64);
        let (sequence_number, keys) = change.map(|change| (change.sequence_number, change.keys)).unzip();
        Self { text, sequence_number, written_at, keys: keys.flatten().map(|keys| keys.get().to_owned()) }
    }

    /// The request that made this write, as far as a record says so that may be anything.
    pub(super) fn by(&self) -> Option<String> {
        let record: serde_json::Value = serde_json::from_str(self.text.get()).ok()?;
        let image = &record["dynamodb"]["NewImage"];
        ["by", "cause"].into_iter().find_map(|name| image[name]["S"].as_str()).map(str::to_owned)
    }

    /// The row of this record, which is the batch's `index`th; `None` if it tells of none of these writes.
    ///
    /// # Errors
    /// A [`Fault`] if this is no row of the table. Reading it again cannot help.
    pub(super) fn written<T: DeserializeOwned>(&self, index: usize, writes: Writes) -> Result<Option<Row<T>>, Fault> {
        let record: EventRecord =
            serde_json::from_str(self.text.get()).map_err(|error| Fault::new("understanding the stream record", error))?;
        match record.event_name.as_str() {
            "INSERT" => {}
            "MODIFY" if writes == Writes::All => {}
            _ => return Ok(None),
        }
        let image = record.change.new_image;
        let text = |name: &str| match image.get(name) {
            Some(AttributeValue::S(text)) => Some(text.clone()),
            _ => None,
        };
        let (cause, by) = (text("cause"), text("by"));
        match (serde_dynamo::from_item(image), cause) {
            (Ok(row), cause) => Ok(Some(Row { row, index, cause: cause.unwrap_or_default(), by })),
            (Err(error), Some(cause)) => Err(Fault::new("understanding the row", error).of_request(cause)),
            (Err(error), None) => Err(Fault::new("understanding the row", error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Message {
        message_id: String,
    }

    fn record(name: &str, image: Value) -> Record {
        let record = json!({
            "eventID": "e", "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "us-east-1",
            "dynamodb": {"ApproximateCreationDateTime": 1_480_642_020, "Keys": {}, "NewImage": image, "SequenceNumber": "7",
                "SizeBytes": 54, "StreamViewType": "NEW_IMAGE"},
            "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/T/stream/2016-12-01T00:00:00.000"
        });
        Record::new(serde_json::value::to_raw_value(&record).unwrap())
    }

    #[test]
    fn only_rows_that_are_there_are_handed_over() {
        let inserted = record("INSERT", json!({"messageId": {"S": "m1"}, "cause": {"S": "c1"}}))
            .written::<Message>(3, Writes::Inserts)
            .unwrap()
            .unwrap();
        assert_eq!((inserted.row.message_id.as_str(), inserted.index, inserted.cause.as_str()), ("m1", 3, "c1"));
        let modified = record("MODIFY", json!({"messageId": {"S": "m1"}}));
        assert!(modified.written::<Message>(0, Writes::Inserts).unwrap().is_none());
        assert!(modified.written::<Message>(0, Writes::All).unwrap().is_some());
        assert!(record("REMOVE", json!(null)).written::<Message>(0, Writes::All).unwrap().is_none());
    }

    #[test]
    fn a_row_that_is_not_one_of_the_table_says_what_is_wrong_and_whose_it_is() {
        let record = record("INSERT", json!({"messageId": {"N": "5"}, "cause": {"S": "c1"}}));
        let fault = record.written::<Message>(0, Writes::Inserts).unwrap_err();
        assert_eq!(fault.cause(), Some("c1"));
        assert!(fault.chain().starts_with("understanding the row: "), "{}", fault.chain());
        assert_eq!(record.sequence_number.as_deref(), Some("7"));
    }

    #[test]
    fn a_record_that_is_none_spoils_no_other() {
        let event = r#"{"Records":[{"odd":1},{"dynamodb":{"SequenceNumber":"8"}}]}"#;
        let batch: Batch = serde_json::from_slice(event.as_bytes()).unwrap();
        let records: Vec<Record> = batch.records.into_iter().map(Record::new).collect();
        assert_eq!(records.iter().map(|record| record.sequence_number.as_deref()).collect::<Vec<_>>(), [None, Some("8")]);
        for (index, record) in records.iter().enumerate() {
            let fault = record.written::<Message>(index, Writes::Inserts).unwrap_err();
            assert!(fault.chain().starts_with("understanding the stream record: "), "{}", fault.chain());
        }
    }
}
