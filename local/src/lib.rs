//! Muster on one machine: the same function binaries, booted from the same template.
//!
//! Each AWS service has a room of its own, which speaks its service's protocol and implements what `template.yaml` names: [`gateway`],
//! [`lambda`], [`dynamodb`], [`sqs`], [`mappings`], [`sns`], [`gamelift`], and an [`issuer`] of tokens; the [`meter`]
//! counts what they would cost, and [`web`] is the page to play at. `template` reads the template, [`stack`] starts and stops them, and
//! [`front_door`] is the port they share, where [`iam`] says who may do what and [`operators`] answers those who look after the stack. What several rooms need has a file each: `account`, `aws_json`, `clock`, `lock`, `port`, `report`.

mod account;
mod addresses;
pub mod args;
mod aws_json;
pub mod banner;
mod clock;
mod dynamodb;
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
pub mod report;
mod sns;
mod sqs;
pub mod stack;
mod status;
mod template;
mod weather;
mod web;
