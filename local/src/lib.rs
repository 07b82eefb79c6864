//! Muster on one machine: the same function binaries, booted from the same template.
//!
//! Each AWS service has a room of its own. A room speaks its service's protocol and implements what `template.yaml` names.

pub mod dynamodb;
pub mod gateway;
pub mod issuer;
pub mod lambda;
pub mod sqs;
pub mod streams;
pub mod template;
