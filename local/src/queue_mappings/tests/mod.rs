//! The rules on their own, and mappings from a message to a function's invocation.

mod mapping;
mod rules;
