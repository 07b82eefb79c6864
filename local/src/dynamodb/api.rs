//! DynamoDB's protocol: which operation a request asks for, and how it is answered.
//!
//! The engine is called in process. Every request on items is made to tell the capacity that it uses up, for the meter; an answer says so only
//! to those who have asked.

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, StatusCode},
    response::{IntoResponse, Response},
};
use dynoxide::{
    DynoxideError, Item,
    actions::{
        batch_get_item::BatchGetItemRequest, batch_write_item::BatchWriteItemRequest, delete_item::DeleteItemRequest,
        get_item::GetItemRequest, put_item::PutItemRequest, query::QueryRequest, scan::ScanRequest,
        transact_get_items::TransactGetItemsRequest, transact_write_items::TransactWriteItemsRequest, update_item::UpdateItemRequest,
    },
    errors::CancellationReason,
    streams::{LOCAL_ACCOUNT, LOCAL_REGION},
    types::item_size,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    Room,
    capacity::{count, count_cancelled, count_refused},
    operations::Operation,
    streams_api,
};
use crate::{account, aws_json, meter::Meter, weather::Mishap};

/// The checksum of an answer, which some SDKs check.
const CRC32: HeaderName = HeaderName::from_static("x-amz-crc32");
const NAMESPACE: &str = "com.amazonaws.dynamodb.v20120810";
const CONFLICT: &str = "Transaction is ongoing for the item";

/// How a request is answered.
pub(super) struct Answer {
    status: StatusCode,
    json: String,
}

impl Answer {
    /// An error of this type of DynamoDB's.
    pub(super) fn error(kind: &str, message: &str) -> Answer {
        let json = json!({"__type": format!("{NAMESPACE}#{kind}"), "message": message}).to_string();
        Answer { status: StatusCode::BAD_REQUEST, json }
    }
}

impl<T: Serialize> From<dynoxide::Result<T>> for Answer {
    fn from(result: dynoxide::Result<T>) -> Answer {
        let written =
            result.and_then(|answer| serde_json::to_string(&answer).map_err(|error| DynoxideError::InternalServerError(error.to_string())));
        match written {
            Ok(json) => Answer { status: StatusCode::OK, json },
            Err(error) => {
                let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Answer { status, json: error.to_json() }
            }
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut request_id = format!("{:X}{:X}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        request_id.truncate(52);
        let checksum = crc32fast::hash(self.json.as_bytes()).to_string();
        let headers = [(CRC32, checksum), (HeaderName::from_static("x-amzn-requestid"), request_id)];
        (self.status, [aws_json::CONTENT_TYPE], headers, Bytes::from(self.json)).into_response()
    }
}

/// Answers one request. May block for as long as the engine takes.
pub(super) fn answer(room: &Room, headers: &HeaderMap, body: &[u8]) -> Answer {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let items = Items { room, meter: room.meter.of_caller(headers), body };
    let database = &room.database;
    match target.split_once('.').unwrap_or_default() {
        ("DynamoDB_20120810", operation) => match operation {
            "GetItem" => items.run::<GetItemRequest>(),
            "Query" => items.run::<QueryRequest>(),
            "Scan" => items.run::<ScanRequest>(),
            "BatchGetItem" => items.run::<BatchGetItemRequest>(),
            "TransactGetItems" => items.run::<TransactGetItemsRequest>(),
            "PutItem" => items.run::<PutItemRequest>(),
            "UpdateItem" => items.run::<UpdateItemRequest>(),
            "DeleteItem" => items.run::<DeleteItemRequest>(),
            "BatchWriteItem" => items.run::<BatchWriteItemRequest>(),
            "TransactWriteItems" => items.run::<TransactWriteItemsRequest>(),
            "ListTables" => read(body).and_then(|request| database.list_tables(request)).into(),
            "DescribeTimeToLive" => read(body).and_then(|request| database.describe_time_to_live(request)).into(),
            "DescribeTable" => described(read(body).and_then(|request| database.describe_table(request)).into()),
            _ => unknown(target),
        },
        ("DynamoDBStreams_20120810", operation) => streams_api::answer(room, operation, body).unwrap_or_else(|| unknown(target)),
        _ => unknown(target),
    }
}

fn unknown(target: &str) -> Answer {
    let message = format!(
        "{target} is not implemented: the tables of this stack are those of its template, and their operations those of its functions"
    );
    let json = json!({"__type": "com.amazon.coral.service#UnknownOperationException", "message": message}).to_string();
    Answer { status: StatusCode::BAD_REQUEST, json }
}

/// A table's description with ARNs and the view type as they are here. No item is in it.
fn described(mut answer: Answer) -> Answer {
    let engines = format!("arn:aws:dynamodb:{LOCAL_REGION}:{LOCAL_ACCOUNT}:");
    answer.json = answer.json.replace(&engines, &account::arn("dynamodb", "")).replace("NEW_AND_OLD_IMAGES", super::record::VIEW_TYPE);
    answer
}

/// Reads a request. Where the engine finds its members wrong, rather than their types, it marks the error.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> dynoxide::Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
        match text.split_once(':') {
            Some(("VALIDATION" | "VALIDATION_REQUEST" | "VALIDATION_AS_READ", text)) => DynoxideError::ValidationException(text.to_owned()),
            Some(("SERIALIZATION" | "SERIALIZATION_AS_READ", text)) => DynoxideError::SerializationException(text.to_owned()),
            _ if text.contains("missing field") || text.contains("AttributeValue") => DynoxideError::ValidationException(text.to_owned()),
            _ => DynoxideError::SerializationException(text.to_owned()),
        }
    })
}

/// A request on items.
struct Items<'a> {
    room: &'a Room,
    meter: Meter,
    body: &'a [u8],
}

impl Items<'_> {
    fn run<O: Operation>(&self) -> Answer {
        match read::<O>(self.body) {
            Ok(request) => self.carry_out(request),
            Err(error) => dynoxide::Result::<()>::Err(error).into(),
        }
    }

    fn carry_out<O: Operation>(&self, mut request: O) -> Answer {
        let capacity_wanted = !matches!(request.mode().as_deref(), None | Some("NONE"));
        if !capacity_wanted {
            *request.mode() = Some("TOTAL".to_owned());
        }
        let may_conflict = O::IS_TRANSACTION || request.item_if_refused().is_some();
        // The item that is in the way tells how much a refused write costs.
        let item_wanted = request.item_if_refused().is_none_or(|asked| asked.replace("ALL_OLD".to_owned()).as_deref() == Some("ALL_OLD"));
        let parts = request.parts();
        let sizes: Vec<usize> = if O::IS_TRANSACTION { parts.iter().map(|(_, item)| item_size(item)).collect() } else { Vec::new() };
        let mut written: Vec<String> = parts.iter().map(|(table, _)| (*table).to_owned()).collect();
        written.dedup();
        let result = if may_conflict && self.room.weather.happens(Mishap::Conflict) {
            if !O::IS_TRANSACTION {
                return Answer::error("TransactionConflictException", CONFLICT);
            }
            Err(conflict(sizes.len()))
        } else {
            match &self.room.replica {
                Some(replica) if !parts.is_empty() => {
                    let keys = replica.keys(&parts);
                    replica.write(&self.room.database, keys, || request.call(&self.room.database))
                }
                Some(replica) if request.is_eventually_consistent() => {
                    replica.read(self.room.weather.staleness(), |replica| request.call(replica))
                }
                _ => request.call(&self.room.database),
            }
        };
        if result.is_ok() {
            self.room.tell_readers(&written);
        }
        self.settle::<O>(result, capacity_wanted, item_wanted, &sizes)
    }

    /// Counts what was used up, and leaves out of the answer what was not asked for.
    fn settle<O: Operation>(
        &self,
        result: dynoxide::Result<O::Answer>,
        capacity_wanted: bool,
        item_wanted: bool,
        sizes: &[usize],
    ) -> Answer {
        match result {
            Ok(mut answer) => {
                let consumed = O::consumed(&mut answer);
                consumed.tables().iter().for_each(|table| count(&self.meter, O::AXIS, table));
                if !capacity_wanted {
                    consumed.forget();
                }
                Ok(answer).into()
            }
            Err(DynoxideError::ConditionalCheckFailedException(message, item)) => {
                count_refused(&self.meter, item.as_ref().map(item_size));
                let item: Option<Item> = item.filter(|_| item_wanted);
                dynoxide::Result::<()>::Err(DynoxideError::ConditionalCheckFailedException(message, item)).into()
            }
            Err(error) => {
                if matches!(error, DynoxideError::TransactionCanceledException(..)) {
                    count_cancelled(&self.meter, sizes.iter().copied());
                }
                dynoxide::Result::<()>::Err(error).into()
            }
        }
    }
}

/// What AWS says to a transaction that meets another one at one of its items.
fn conflict(items: usize) -> DynoxideError {
    let mut codes = vec!["None"; items];
    if items > 0 {
        codes[fastrand::usize(..items)] = "TransactionConflict";
    }
    let message = format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes.join(", "));
    let reason = |code: &str| {
        let message = (code != "None").then(|| CONFLICT.to_owned());
        CancellationReason { code: code.to_owned(), message, item: None }
    };
    DynoxideError::TransactionCanceledException(message, codes.into_iter().map(reason).collect())
}

/// The answer where the engine has come to an end, or a call of it has panicked.
pub(super) fn failed() -> Response {
    let message = "The request processing has failed because of an unknown error, exception or failure.".to_owned();
    Answer::from(dynoxide::Result::<()>::Err(DynoxideError::InternalServerError(message))).into_response()
}
