//! The operations on items as the engine has them: what the room asks of their requests and answers.

use dynoxide::{
    Database, Item,
    actions::{
        batch_get_item::{BatchGetItemRequest, BatchGetItemResponse},
        batch_write_item::{BatchWriteItemRequest, BatchWriteItemResponse},
        delete_item::{DeleteItemRequest, DeleteItemResponse},
        get_item::{GetItemRequest, GetItemResponse},
        put_item::{PutItemRequest, PutItemResponse},
        query::{QueryRequest, QueryResponse},
        scan::{ScanRequest, ScanResponse},
        transact_get_items::{TransactGetItemsRequest, TransactGetItemsResponse},
        transact_write_items::{TransactWriteItem, TransactWriteItemsRequest, TransactWriteItemsResponse},
        update_item::{UpdateItemRequest, UpdateItemResponse},
    },
    types::ConsumedCapacity,
};
use serde::{Serialize, de::DeserializeOwned};

use super::capacity::Axis;

/// A table, and the item that is put there or the key of one that is changed, deleted or checked.
pub(super) type Part<'a> = (&'a str, &'a Item);

/// A request on items.
pub(super) trait Operation: DeserializeOwned {
    type Answer: Serialize;
    const AXIS: Axis;
    const IS_TRANSACTION: bool = false;

    fn call(self, database: &Database) -> dynoxide::Result<Self::Answer>;

    /// `ReturnConsumedCapacity`.
    fn mode(&mut self) -> &mut Option<String>;

    /// `ConsumedCapacity`.
    fn consumed(answer: &mut Self::Answer) -> &mut dyn Consumed;

    /// `ReturnValuesOnConditionCheckFailure`, where a single write has a condition.
    fn item_if_refused(&mut self) -> Option<&mut Option<String>> {
        None
    }

    /// What it writes or, in a transaction, checks.
    fn parts(&self) -> Vec<Part<'_>> {
        Vec::new()
    }

    /// Whether it may read what was a moment ago.
    fn is_eventually_consistent(&self) -> bool {
        false
    }
}

/// What an answer says that was used up, of one table or of several.
pub(super) trait Consumed {
    fn tables(&self) -> &[ConsumedCapacity];
    fn forget(&mut self);
}

impl Consumed for Option<ConsumedCapacity> {
    fn tables(&self) -> &[ConsumedCapacity] {
        self.as_slice()
    }

    fn forget(&mut self) {
        *self = None;
    }
}

impl Consumed for Option<Vec<ConsumedCapacity>> {
    fn tables(&self) -> &[ConsumedCapacity] {
        self.as_deref().unwrap_or_default()
    }

    fn forget(&mut self) {
        *self = None;
    }
}

macro_rules! operation {
    ($request:ty, $answer:ty, $axis:ident, $call:ident { $($more:tt)* }) => {
        impl Operation for $request {
            type Answer = $answer;
            const AXIS: Axis = Axis::$axis;

            fn call(self, database: &Database) -> dynoxide::Result<$answer> {
                database.$call(self)
            }

            fn mode(&mut self) -> &mut Option<String> {
                &mut self.return_consumed_capacity
            }

            fn consumed(answer: &mut $answer) -> &mut dyn Consumed {
                &mut answer.consumed_capacity
            }

            $($more)*
        }
    };
}

macro_rules! read {
    ($request:ty, $answer:ty, $call:ident) => {
        operation!($request, $answer, Read, $call {
            fn is_eventually_consistent(&self) -> bool {
                self.consistent_read != Some(true)
            }
        });
    };
}

macro_rules! single_write {
    ($request:ty, $answer:ty, $call:ident, $attributes:ident) => {
        operation!($request, $answer, Write, $call {
            fn item_if_refused(&mut self) -> Option<&mut Option<String>> {
                self.condition_expression.is_some().then_some(&mut self.return_values_on_condition_check_failure)
            }

            fn parts(&self) -> Vec<Part<'_>> {
                vec![(&self.table_name, &self.$attributes)]
            }
        });
    };
}

read!(GetItemRequest, GetItemResponse, get_item);
read!(QueryRequest, QueryResponse, query);
read!(ScanRequest, ScanResponse, scan);
operation!(BatchGetItemRequest, BatchGetItemResponse, Read, batch_get_item {
    fn is_eventually_consistent(&self) -> bool {
        self.request_items.values().all(|keys| keys.consistent_read != Some(true))
    }
});
operation!(TransactGetItemsRequest, TransactGetItemsResponse, Read, transact_get_items {});
single_write!(PutItemRequest, PutItemResponse, put_item, item);
single_write!(UpdateItemRequest, UpdateItemResponse, update_item, key);
single_write!(DeleteItemRequest, DeleteItemResponse, delete_item, key);
operation!(BatchWriteItemRequest, BatchWriteItemResponse, Write, batch_write_item {
    fn parts(&self) -> Vec<Part<'_>> {
        let writes = self.request_items.iter().flat_map(|(table, writes)| writes.iter().map(move |write| (table, write)));
        let parts = writes.flat_map(|(table, write)| {
            let (put, delete) = (write.put_request.as_ref(), write.delete_request.as_ref());
            put.map(|put| &put.item).or(delete.map(|delete| &delete.key)).map(|attributes| (table.as_str(), attributes))
        });
        parts.collect()
    }
});
operation!(TransactWriteItemsRequest, TransactWriteItemsResponse, Write, transact_write_items {
    const IS_TRANSACTION: bool = true;

    fn parts(&self) -> Vec<Part<'_>> {
        fn part(item: &TransactWriteItem) -> Option<Part<'_>> {
            let put = item.put.as_ref().map(|put| (put.table_name.as_str(), &put.item));
            let update = item.update.as_ref().map(|update| (update.table_name.as_str(), &update.key));
            let delete = item.delete.as_ref().map(|delete| (delete.table_name.as_str(), &delete.key));
            put.or(update).or(delete).or(item.condition_check.as_ref().map(|check| (check.table_name.as_str(), &check.key)))
        }
        self.transact_items.iter().filter_map(part).collect()
    }
});
