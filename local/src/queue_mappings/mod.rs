//! The queue mappings room: event source mappings, which hand a queue's messages to a function in batches.
//!
//! A mapping is a client of SQS, as Lambda is on AWS: it receives, invokes, and deletes what was handled. What was not handled is left
//! alone, so that it is visible again when its time is over, and in the end a dead letter, which is the queue's affair.
//!
//! [`filter`] decides which messages the function wants and [`event`] is what it gets; both are pure. [`poller`] gathers the batches and
//! [`batch`] is one of them on its way through the function.

mod batch;
mod config;
mod event;
mod filter;
mod mapping;
mod poller;
#[cfg(test)]
mod tests;

pub use self::{
    config::{QueueMappingConfig, QueueMappingError},
    mapping::QueueMapping,
};
