//! The streams room: event source mappings, which hand a table's stream records to a function in batches.
//!
//! [`filter`] decides which records the function wants, [`answer`] reads what it said of a batch, and [`delivery`] decides what to do next;
//! these three are pure. [`mapping`] does what they say, in one or more [`lane`]s, each with a way of its own through the stream, which
//! [`progress`] joins; and [`dead_letter`] is the message for what was given up.

mod answer;
mod config;
mod dead_letter;
mod delivery;
mod filter;
mod lane;
mod mapping;
mod payload;
mod progress;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    answer::reported,
    filter::Subject,
    payload::{LARGEST_PAYLOAD, payload},
};
pub use self::{
    config::{MappingConfig, MappingError},
    filter::{FilterError, Filters},
    mapping::Mapping,
};
