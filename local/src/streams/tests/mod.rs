//! The rules on their own, and mappings from a table's write to a function's invocation.

mod answer;
mod delivery;
mod delivery_laws;
mod filter;
mod mapping;
mod mapping_laws;
mod scripted;
