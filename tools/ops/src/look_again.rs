//! `look-again`: a timer that is lost, set to fire at once.

use muster_protocol::operators::Ask;
use serde_json::Value;

use crate::{
    Result,
    access::{Access, Task},
    output::Output,
};

/// What is to be looked at.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Args {
    /// A placement that nobody looks after
    #[arg(long, value_name = "ID")]
    placement: Option<String>,
    /// A match whose clock does not act
    #[arg(long = "match", value_name = "ID")]
    in_match: Option<String>,
}

/// Sets the timer. It only looks, so that one which is not needed does nothing.
pub(crate) async fn run(args: &Args, access: &Access, output: &mut Output<'_>) -> Result<()> {
    let ask = Ask::LookAgain { placement_id: args.placement.clone(), match_id: args.in_match.clone() };
    let answer: Value = access.ask(Task::Operate, &ask).await?;
    output.document(&answer)?;
    output.say("its timer is set")
}
