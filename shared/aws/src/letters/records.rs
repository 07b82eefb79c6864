//! Records of streams: read from a stream by their place in it, or made anew from the row, in the shape in which Lambda hands them over.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodbstreams::{
    error::ProvideErrorMetadata,
    types::{Record, ShardIteratorType},
};
use serde_json::{Map, Value, json};

use super::opened::Position;
use crate::{Fault, write::Item};

/// Most requests for the rows of one letter: a stream answers up to a thousand records with each, and may answer with none.
const PAGES: usize = 20;

/// The attributes by which rows are divided among partitions: the first that is a key is the partition's.
const PARTITION_KEYS: [&str; 5] = ["recipientId", "playerId", "pool", "matchId", "placementId"];

/// Reads the records from `position.first` to `position.last`; `None` if the stream has forgotten them.
///
/// # Errors
/// A [`Fault`] if the stream cannot be read.
pub(super) async fn read(client: &aws_sdk_dynamodbstreams::Client, position: &Position) -> Result<Option<Vec<Value>>, Fault> {
    let (Some(first), Some(last)) = (number(&position.first), number(&position.last)) else {
        return Err(Fault::because("the letter's sequence numbers are none"));
    };
    let iterator = client.get_shard_iterator().stream_arn(&position.stream).shard_id(&position.shard);
    let iterator = iterator.shard_iterator_type(ShardIteratorType::AtSequenceNumber).sequence_number(&position.first);
    let mut next = match iterator.send().await {
        Ok(answer) => answer.shard_iterator,
        Err(error) if is_forgotten(error.code()) => return Ok(None),
        Err(error) => return Err(Fault::new("finding the rows in their stream", error)),
    };
    let mut records = Vec::new();
    for _ in 0..PAGES {
        let Some(iterator) = next else { break };
        let page = match client.get_records().shard_iterator(iterator).send().await {
            Ok(page) => page,
            Err(error) if is_forgotten(error.code()) => return Ok(None),
            Err(error) => return Err(Fault::new("reading the rows from their stream", error)),
        };
        let mut is_past = false;
        for record in page.records.unwrap_or_default() {
            let place = record.dynamodb.as_ref().and_then(|change| number(change.sequence_number.as_deref()?));
            is_past |= place.is_some_and(|place| place >= last);
            if place.is_some_and(|place| (first..=last).contains(&place)) {
                records.push(event(record, &position.stream)?);
            }
        }
        if is_past {
            break;
        }
        next = page.next_shard_iterator;
    }
    Ok((!records.is_empty()).then_some(records))
}

/// Beyond 24 hours the records are gone, and later their shard.
fn is_forgotten(code: Option<&str>) -> bool {
    matches!(code, Some("TrimmedDataAccessException" | "ResourceNotFoundException"))
}

/// A record as Lambda hands it over.
fn event(record: Record, stream: &str) -> Result<Value, Fault> {
    let change = record.dynamodb.unwrap_or_else(|| aws_sdk_dynamodbstreams::types::StreamRecord::builder().build());
    let image = |image: Option<_>| image.map(|image: std::collections::HashMap<_, _>| plain(serde_dynamo::Item::from(image))).transpose();
    let mut dynamodb = json!({
        "ApproximateCreationDateTime": change.approximate_creation_date_time.map(|time| time.secs()),
        "Keys": image(change.keys)?,
        "SequenceNumber": change.sequence_number,
        "SizeBytes": change.size_bytes,
        "StreamViewType": "NEW_IMAGE",
    });
    if let Some(new) = image(change.new_image)? {
        dynamodb["NewImage"] = new;
    }
    Ok(json!({
        "eventID": record.event_id, "eventName": record.event_name.map(|name| name.as_str().to_owned()), "eventVersion": record.event_version,
        "eventSource": "aws:dynamodb", "awsRegion": record.aws_region, "dynamodb": dynamodb, "eventSourceARN": stream,
    }))
}

fn plain(item: serde_dynamo::Item) -> Result<Value, Fault> {
    serde_json::to_value(&item).map_err(|error| Fault::new("writing a row as JSON", error))
}

/// The record that a row would make now, for the one of these keys that is lost. Inserted rows are what every consumer takes.
///
/// # Errors
/// A [`Fault`] if it cannot be written as JSON.
pub(super) fn of_row(row: Item, lost: &Value) -> Result<Value, Fault> {
    let mut record = lost.clone();
    record["eventName"] = json!("INSERT");
    record["dynamodb"]["NewImage"] = plain(serde_dynamo::Item::from(row))?;
    Ok(record)
}

/// What says which row a record is about: everything but the images. They can be looked up, by the keys or in the stream.
pub(crate) fn without_images(record: &Value) -> Value {
    let mut kept = record.clone();
    if let Some(change) = kept.get_mut("dynamodb").and_then(Value::as_object_mut) {
        change.remove("NewImage");
        change.remove("OldImage");
    }
    kept
}

/// The key of the record's row.
///
/// # Errors
/// A [`Fault`] if the record has none.
pub(super) fn key(record: &Value) -> Result<Item, Fault> {
    let keys: serde_dynamo::Item =
        serde_json::from_value(record["dynamodb"]["Keys"].clone()).map_err(|error| Fault::new("understanding the record's keys", error))?;
    Ok(keys.into())
}

/// The name of the record's table.
pub(super) fn table(record: &Value) -> &str {
    table_of(record["eventSourceARN"].as_str().unwrap_or_default()).unwrap_or_default()
}

/// The name of a stream's table.
pub(super) fn table_of(stream: &str) -> Option<&str> {
    stream.split_once(":table/").and_then(|(_, rest)| rest.split('/').next())
}

/// The record's place in its shard.
pub(super) fn place(record: &Value) -> Option<u128> {
    number(record["dynamodb"]["SequenceNumber"].as_str()?)
}

/// A sequence number, which has up to 40 digits of which the first are alike.
pub(super) fn number(text: &str) -> Option<u128> {
    text.parse().ok()
}

/// What a write of a match made of it: how often it was written, how often its players were told, and which write began its timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    revision: u64,
    version: u64,
    armed: u64,
}

impl Written {
    /// That of the row in a record, where it is a match.
    pub(super) fn of_record(record: &Value) -> Option<Self> {
        Self::of(|name| record["dynamodb"]["NewImage"][name]["N"].as_str()?.parse().ok())
    }

    /// That of a row.
    pub(super) fn of_row(row: &Item) -> Option<Self> {
        Self::of(|name| row.get(name)?.as_n().ok()?.parse().ok())
    }

    fn of(number: impl Fn(&str) -> Option<u64>) -> Option<Self> {
        Some(Self { revision: number("revision")?, version: number("version")?, armed: number("armed")? })
    }

    /// Whether there is nothing left to do for this write, now that the row is as it is: players were to be told of a newer one, which has
    /// a record of its own, and this one did not begin the timer that the row still has. A write of which nobody is told makes none
    /// pointless.
    pub(super) const fn is_superseded_by(self, now: Self) -> bool {
        let has_timer = self.armed == self.revision && now.armed == self.armed;
        now.version > self.version && !has_timer
    }
}

/// The record's table and partition: everything of one recipient, match or placement.
pub(super) fn partition(record: &Value) -> Option<String> {
    let keys = record["dynamodb"]["Keys"].as_object()?;
    let value = PARTITION_KEYS.into_iter().find_map(|name| keys.get(name)?.get("S")?.as_str())?;
    Some(format!("{} {value}", table(record)))
}

/// The record's keys, for people.
pub(super) fn keys(record: &Value) -> String {
    let empty = Map::new();
    let keys = record["dynamodb"]["Keys"].as_object().unwrap_or(&empty);
    let value = |value: &Value| value.as_object().and_then(|typed| typed.values().next()).map_or_else(String::new, text_of);
    keys.iter().map(|(name, typed)| format!("{name}={}", value(typed))).collect::<Vec<_>>().join(" ")
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A row as plain JSON, for people.
///
/// # Errors
/// A [`Fault`] if it cannot be written so.
pub(crate) fn plain_row(row: Item) -> Result<Value, Fault> {
    let row: std::collections::HashMap<String, AttributeValue> = row;
    serde_dynamo::from_item(row).map_err(|error| Fault::new("writing a row as JSON", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Value {
        json!({"eventName": "MODIFY", "eventSourceARN": "arn:aws:dynamodb:r:1:table/muster-dev-matches/stream/2026",
            "dynamodb": {"Keys": {"item": {"S": "match"}, "matchId": {"S": "ABC234"}}, "SequenceNumber": "300000000000000000007",
                "NewImage": {"revision": {"N": "5"}, "version": {"N": "4"}, "armed": {"N": "5"}, "matchId": {"S": "ABC234"}}}})
    }

    #[test]
    fn a_record_says_whose_it_is_and_how_new() {
        let record = record();
        assert_eq!((table(&record), partition(&record).as_deref()), ("muster-dev-matches", Some("muster-dev-matches ABC234")));
        assert_eq!(place(&record), Some(300_000_000_000_000_000_007));
        assert_eq!(Written::of_record(&record), Some(Written { revision: 5, version: 4, armed: 5 }));
        assert_eq!(keys(&record), "item=match matchId=ABC234");
        assert_eq!(key(&record).unwrap()["matchId"], AttributeValue::S("ABC234".to_owned()));
        assert!(key(&json!({})).is_err() && partition(&json!({})).is_none());
    }

    #[test]
    fn a_lost_record_is_made_anew_from_its_row() {
        let lost = without_images(&record());
        assert!(lost["dynamodb"].get("NewImage").is_none());
        let number = |name: &str, value: &str| (name.to_owned(), AttributeValue::N(value.to_owned()));
        let row = Item::from([number("revision", "9"), number("version", "8"), number("armed", "5")]);
        assert_eq!(Written::of_row(&row), Some(Written { revision: 9, version: 8, armed: 5 }));
        let made = of_row(row, &lost).unwrap();
        assert_eq!(
            (made["eventName"].as_str(), Written::of_record(&made)),
            (Some("INSERT"), Some(Written { revision: 9, version: 8, armed: 5 }))
        );
        assert_eq!(made["dynamodb"]["SequenceNumber"], record()["dynamodb"]["SequenceNumber"]);
    }

    #[test]
    fn a_write_is_superseded_unless_the_row_still_has_its_timer() {
        let written = |revision, version, armed| Written { revision, version, armed };
        for (then, now, superseded) in [
            (written(3, 3, 3), written(4, 4, 3), false),
            (written(3, 3, 3), written(4, 4, 4), true),
            (written(3, 3, 3), written(3, 3, 3), false),
            (written(3, 3, 2), written(4, 4, 2), true),
            // Of a secret play nobody is told.
            (written(3, 3, 2), written(4, 3, 2), false),
            (written(3, 3, 0), written(2, 2, 0), false),
        ] {
            assert_eq!(then.is_superseded_by(now), superseded, "{then:?} {now:?}");
        }
    }
}
