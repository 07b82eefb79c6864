//! Requests that the engine answers in process: no second way through HTTP, and its consumed capacity at hand.
//!
//! Only what is the same either way is answered here. The engine's server checks and words what is wrong with a request, so one that cannot
//! be read or is refused has done nothing and is asked again there; so are requests with the members of before expressions.

use axum::http::StatusCode;
use dynoxide::{
    Database, DynoxideError,
    actions::{
        batch_write_item::{BatchWriteItemRequest, BatchWriteItemResponse},
        delete_item::{DeleteItemRequest, DeleteItemResponse},
        get_item::{GetItemRequest, GetItemResponse},
        put_item::{PutItemRequest, PutItemResponse},
        query::{QueryRequest, QueryResponse},
        transact_write_items::{TransactWriteItemsRequest, TransactWriteItemsResponse},
        update_item::{UpdateItemRequest, UpdateItemResponse},
    },
    types::{ConsumedCapacity, item_size},
};
use serde::{Serialize, de::DeserializeOwned};

use super::capacity::{self, Axis};
use crate::meter::Meter;

/// How the engine has answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) json: String,
}

/// Answers `operation`; none if the engine's server has to.
pub(super) fn answer(database: &Database, operation: &str, body: &[u8], meter: &Meter) -> Option<Answer> {
    // A table may be named by its ARN, which the engine knows in another Region.
    if capacity::contains(body, b"arn:aws:dynamodb:") {
        return None;
    }
    match operation {
        "GetItem" => run(body, meter, Axis::Read, |request| database.get_item(request)),
        "Query" => run(body, meter, Axis::Read, |request| database.query(request)),
        "PutItem" => run(body, meter, Axis::Write, |request| database.put_item(request)),
        "UpdateItem" => run(body, meter, Axis::Write, |request| database.update_item(request)),
        "DeleteItem" => run(body, meter, Axis::Write, |request| database.delete_item(request)),
        "BatchWriteItem" => run(body, meter, Axis::Write, |request| database.batch_write_item(request)),
        "TransactWriteItems" => run(body, meter, Axis::Write, |request| database.transact_write_items(request)),
        _ => None,
    }
}

fn run<Q: Request, A: Consumed>(
    body: &[u8],
    meter: &Meter,
    axis: Axis,
    operation: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> Option<Answer> {
    let mut request: Q = serde_json::from_slice(body).ok()?;
    if !request.is_plain() {
        return None;
    }
    let capacity_wanted = !matches!(request.mode().as_deref(), None | Some("NONE"));
    if !capacity_wanted {
        *request.mode() = Some("TOTAL".to_owned());
    }
    // The item that is in the way tells how much a refused write costs.
    let item_wanted = request.item_if_refused().is_none_or(|asked| asked.replace("ALL_OLD".to_owned()).as_deref() == Some("ALL_OLD"));
    let sizes = request.sizes();
    match operation(request) {
        Ok(mut answer) => {
            answer.each(&mut |consumed| capacity::count(meter, axis, consumed));
            if !capacity_wanted {
                answer.forget();
            }
            Some(Answer { status: StatusCode::OK, json: serde_json::to_string(&answer).ok()? })
        }
        Err(DynoxideError::ConditionalCheckFailedException(message, item)) => {
            capacity::count_refused(meter, item.as_ref().map(item_size));
            Some(refuse(&DynoxideError::ConditionalCheckFailedException(message, item.filter(|_| item_wanted))))
        }
        Err(error @ DynoxideError::TransactionCanceledException(..)) => {
            capacity::count_cancelled(meter, &sizes);
            Some(refuse(&error))
        }
        // Something is wrong with the engine; what it has done is not known, so it is not done again.
        Err(error) if error.status_code() >= 500 => Some(refuse(&error)),
        Err(_) => None,
    }
}

fn refuse(error: &DynoxideError) -> Answer {
    let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Answer { status, json: error.to_json() }
}

/// A request that uses up capacity.
trait Request: DeserializeOwned {
    /// `ReturnConsumedCapacity`.
    fn mode(&mut self) -> &mut Option<String>;

    /// Whether it has none of the members that the engine's server looks at before the engine does.
    fn is_plain(&self) -> bool {
        true
    }

    /// `ReturnValuesOnConditionCheckFailure`, where there is a condition.
    fn item_if_refused(&mut self) -> Option<&mut Option<String>> {
        None
    }

    /// The bytes of each item of a transaction, as far as they are known before it.
    fn sizes(&self) -> Vec<usize> {
        Vec::new()
    }
}

macro_rules! request {
    ($request:ty { $($more:tt)* }) => {
        impl Request for $request {
            fn mode(&mut self) -> &mut Option<String> {
                &mut self.return_consumed_capacity
            }
            $($more)*
        }
    };
}

macro_rules! conditional {
    () => {
        fn item_if_refused(&mut self) -> Option<&mut Option<String>> {
            self.condition_expression.is_some().then_some(&mut self.return_values_on_condition_check_failure)
        }
    };
}

request!(GetItemRequest {});
request!(BatchWriteItemRequest {});
request!(QueryRequest {
    fn is_plain(&self) -> bool {
        self.key_conditions.is_none() && self.query_filter.is_none()
    }
});
request!(PutItemRequest {
    conditional!();
    fn is_plain(&self) -> bool {
        self.expected.is_none()
    }
});
request!(DeleteItemRequest {
    conditional!();
    fn is_plain(&self) -> bool {
        self.expected.is_none()
    }
});
request!(UpdateItemRequest {
    conditional!();
    fn is_plain(&self) -> bool {
        self.expected.is_none() && self.attribute_updates.is_none()
    }
});
request!(TransactWriteItemsRequest {
    fn sizes(&self) -> Vec<usize> {
        self.transact_items.iter().map(|action| action.put.as_ref().map_or(0, |put| item_size(&put.item))).collect()
    }
});

/// An answer that says what it has used up.
trait Consumed: Serialize {
    /// Shows each table's.
    fn each(&self, see: &mut dyn FnMut(&ConsumedCapacity));
    /// Leaves it out.
    fn forget(&mut self);
}

macro_rules! consumed {
    ($($answer:ty),*) => {
        $(impl Consumed for $answer {
            fn each(&self, see: &mut dyn FnMut(&ConsumedCapacity)) {
                // One table's, or a list of them: both are walked alike.
                self.consumed_capacity.iter().flat_map(Tables::tables).for_each(see);
            }

            fn forget(&mut self) {
                self.consumed_capacity = None;
            }
        })*
    };
}

consumed!(
    GetItemResponse,
    QueryResponse,
    PutItemResponse,
    UpdateItemResponse,
    DeleteItemResponse,
    BatchWriteItemResponse,
    TransactWriteItemsResponse
);

trait Tables {
    fn tables(&self) -> &[ConsumedCapacity];
}

impl Tables for ConsumedCapacity {
    fn tables(&self) -> &[ConsumedCapacity] {
        std::slice::from_ref(self)
    }
}

impl Tables for Vec<ConsumedCapacity> {
    fn tables(&self) -> &[ConsumedCapacity] {
        self
    }
}
