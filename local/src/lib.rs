//! Muster on one machine: the same functions, booted from the same template.
//!
//! Each AWS service has a room of its own, which speaks its service's protocol and implements what `template.yaml` names, and README.md
//! lists them. `stack` starts and stops them; what several of them need has a file each.

mod account;
mod addresses;
mod args;
mod aws_json;
mod banner;
mod clock;
mod command;
mod console;
mod dynamodb;
mod events;
mod front_door;
mod gamelift;
mod gateway;
mod guard;
mod iam;
mod issuer;
mod keep;
mod lambda;
mod lock;
mod mappings;
mod meter;
mod operators;
mod port;
#[cfg(test)]
mod readme;
mod report;
mod sns;
mod sqs;
mod stack;
mod status;
mod stepfunctions;
mod template;
mod weather;
mod web;

pub use self::command::main;
