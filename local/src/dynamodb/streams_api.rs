//! What callers of the front door are told of streams, where the engine knows it otherwise.
//!
//! The engine keeps both images of every record, since only they tell whether a write changed anything (see [`super::record`]). Callers see
//! the view type that the table was made with, and no record of a write that changed nothing. And the engine does not say when what is
//! asked for has been trimmed.

use std::{path::Path, sync::Mutex};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    DynamoDbError,
    record::{Images, SEQUENCE_NUMBER_OFFSET, item_size},
    rows::Rows,
};
use crate::{clock, lock::lock};

/// What the engine is told to keep.
pub(super) const BOTH_IMAGES: &str = "NEW_AND_OLD_IMAGES";

pub(super) struct StreamsApi {
    rows: Mutex<Rows>,
}

/// A call that is about streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// Its answer describes a table under this name.
    Table(&'static str),
    DescribeStream,
    GetShardIterator,
    GetRecords,
}

impl Call {
    /// The call with this `x-amz-target`.
    pub(super) fn of(target: &str) -> Option<Call> {
        match target {
            "DynamoDB_20120810.DescribeTable" => Some(Call::Table("Table")),
            "DynamoDB_20120810.CreateTable" | "DynamoDB_20120810.UpdateTable" | "DynamoDB_20120810.DeleteTable" => {
                Some(Call::Table("TableDescription"))
            }
            "DynamoDBStreams_20120810.DescribeStream" => Some(Call::DescribeStream),
            "DynamoDBStreams_20120810.GetShardIterator" => Some(Call::GetShardIterator),
            "DynamoDBStreams_20120810.GetRecords" => Some(Call::GetRecords),
            _ => None,
        }
    }
}

impl StreamsApi {
    pub(super) fn open(file: &Path) -> Result<StreamsApi, DynamoDbError> {
        Ok(StreamsApi { rows: Mutex::new(Rows::open(file)?) })
    }

    /// Whether a `GetShardIterator` asks for a record that has been trimmed, and not for one that is there or is still to come.
    pub(super) fn asks_for_what_was_trimmed(&self, request: &Value) -> Result<bool, DynamoDbError> {
        let table = request["StreamArn"].as_str().and_then(|arn| arn.split('/').nth(1));
        let number = request["SequenceNumber"].as_str().and_then(|number| number.parse::<i128>().ok());
        let (Some(table), Some(number)) = (table, number) else { return Ok(false) };
        // The engine numbers by the clock, in microseconds: where no record is left, everything up to now is gone.
        let oldest = lock(&self.rows).oldest(table)?.map_or_else(|| i128::from(clock::now()) * 1_000, i128::from);
        Ok((SEQUENCE_NUMBER_OFFSET + 1..SEQUENCE_NUMBER_OFFSET + oldest).contains(&number))
    }

    /// Makes `answer`, to `request`, what AWS would say. Answers whether anything is changed.
    pub(super) fn present(&self, call: Call, request: &Value, answer: &mut Value) -> Result<bool, DynamoDbError> {
        match call {
            Call::Table(member) => self.present_description(&mut answer[member], "LatestStreamLabel"),
            Call::DescribeStream => self.present_description(&mut answer["StreamDescription"], "StreamLabel"),
            Call::GetRecords => self.present_records(request, answer),
            Call::GetShardIterator => Ok(false),
        }
    }

    fn present_description(&self, description: &mut Value, label: &str) -> Result<bool, DynamoDbError> {
        let (Some(table), Some(label)) = (description["TableName"].as_str(), description[label].as_str()) else { return Ok(false) };
        let Some(view) = lock(&self.rows).view(table, label)? else { return Ok(false) };
        let place = ["/StreamSpecification/StreamViewType", "/StreamViewType"].into_iter();
        for place in place {
            if let Some(there) = description.pointer_mut(place) {
                *there = json!(view);
            }
        }
        Ok(true)
    }

    fn present_records(&self, request: &Value, answer: &mut Value) -> Result<bool, DynamoDbError> {
        let iterator = request["ShardIterator"].as_str().and_then(|iterator| BASE64_STANDARD.decode(iterator).ok());
        let iterator = iterator.and_then(|iterator| serde_json::from_slice::<Value>(&iterator).ok()).unwrap_or_default();
        let Some(table) = iterator["table_name"].as_str() else { return Ok(false) };
        let Some(description) = lock(&self.rows).describe(table)? else { return Ok(false) };
        let Some(records) = answer["Records"].as_array_mut() else { return Ok(false) };
        records.retain_mut(|record| {
            let modified = record["eventName"] == "MODIFY";
            let Some(stream) = record["dynamodb"].as_object_mut() else { return true };
            let (new, old) = (stream.remove("NewImage"), stream.remove("OldImage"));
            let images = Images { new, old };
            if modified && images.are_the_same() {
                return false;
            }
            let images = images.seen_as(&description.view_type);
            let size = [stream.get("Keys"), images.new.as_ref(), images.old.as_ref()].into_iter().flatten().map(item_size).sum::<usize>();
            stream.insert("SizeBytes".to_owned(), json!(size));
            stream.insert("StreamViewType".to_owned(), json!(description.view_type));
            images.put_into(stream);
            true
        });
        Ok(true)
    }
}
