//! Muster on one machine: the same functions, booted from the same template.
//!
//! Each AWS service has a room of its own, which speaks its service's protocol and implements what `template.yaml` uses: [`gateway`],
//! [`lambda`], [`dynamodb`], [`sqs`], [`mappings`], [`sns`], [`gamelift`], and an [`issuer`] of tokens; the [`meter`] counts what they would
//! cost, and [`web`] is the page to play at. `template` reads the template, [`stack`] starts and stops them, and [`front_door`] is the port
//! they share, where `guard` keeps foreign pages away, [`iam`] says who may do what, and [`operators`] answers those who look after the
//! stack. [`keep`] is what outlives a run, and [`weather`] what goes wrong on purpose. What several rooms need besides has a file each:
//! `account`, `aws_json`, `clock`, `lock`, `port`, `report`.

mod account;
pub mod addresses;
pub mod args;
mod aws_json;
pub mod banner;
pub mod clock;
pub mod dynamodb;
pub mod front_door;
pub mod gamelift;
pub mod gateway;
mod guard;
pub mod iam;
pub mod issuer;
pub mod keep;
pub mod lambda;
mod lock;
pub mod mappings;
pub mod meter;
pub mod operators;
mod port;
#[cfg(test)]
mod readme;
pub mod report;
pub mod sns;
pub mod sqs;
pub mod stack;
pub mod status;
mod template;
pub mod weather;
pub mod web;
