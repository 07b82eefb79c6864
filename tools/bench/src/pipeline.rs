//! From `sendMessage` to the push: at two fixed rates, and as fast as it goes.
//!
//! Each load has a stack of its own, so that the functions' times are those of this load, its connecting and warming up included. The
//! flood's stack has no throttle, which would refuse what is beyond 1,000 frames a second. Players sit in a ring and each sends to the
//! next one; a single player sends to itself. Times are taken in this process alone: just before a message is sent, and when its push
//! has been received and read.

mod load;
mod ring;

use std::{sync::Arc, time::Duration};

use self::{
    load::{Flood, Load, Paced},
    ring::{Outcome, Ring},
};
use crate::{
    Result, functions,
    samples::{ON_AWS, on_aws},
    stack::{Setup, Stack},
    table::Table,
};

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How long each of the fixed rates is kept up.
    #[arg(long, default_value_t = 40)]
    seconds: u64,

    /// How many messages the flood has.
    #[arg(long, default_value_t = 20_000)]
    messages: usize,

    /// How many messages of one connection may be unanswered in the flood.
    #[arg(long, default_value_t = 8)]
    window: usize,

    /// The profile of the functions: `release`, as they are deployed, or `fast`, as `cargo run` builds them.
    #[arg(long, default_value = "release")]
    profile: String,
}

/// Runs the three loads and prints a table of each.
pub async fn run(args: &Args) -> Result<()> {
    let duration = Duration::from_secs(args.seconds);
    let mut table =
        Table::new(&["load", "sent", "lost", "sent/s", "pushed/s", "reply p50", "p99", "longest", "push p50", "p99", "longest", ON_AWS]);
    let (mut times, mut processors) = (functions::table(), functions::processor_table());
    let loads = [
        Load::Paced(Paced { connections: 1, per_second: 8.0, duration }),
        Load::Paced(Paced { connections: 20, per_second: 95.0, duration }),
        Load::Flood(Flood { connections: 20, messages: args.messages, window: args.window }),
    ];
    for load in &loads {
        let unthrottled = matches!(load, Load::Flood(_));
        let stack = Stack::start_with(Setup { profile: Some(args.profile.clone()), unthrottled, ..Setup::default() }).await?;
        let (name, ring) = (load.to_string(), Arc::new(Ring::connect(&stack, load.connections()).await?));
        let before = functions::processor_times(&stack)?;
        load.run(&ring).await?;
        let outcome = ring.outcome().await?;
        functions::add_processor_times(&mut processors, &name, outcome.sent, [before, functions::processor_times(&stack)?]);
        functions::add(&mut times, &name, &stack)?;
        table.row(row(&name, &outcome));
    }
    table.print("From `sendMessage` to the push:");
    times.print(
        "Each function's own time, from the hand-over of an invocation to its answer, connecting and warming up included, and the peak memory \
         of its processes:",
    );
    processors.print("Processor time for each message:");
    Ok(())
}

fn row(name: &str, outcome: &Outcome) -> Vec<String> {
    let counts = [outcome.sent, outcome.lost].map(|count| count.to_string());
    let rates = [outcome.sent_per_second, outcome.pushed_per_second].map(|rate| format!("{rate:.0}"));
    [name.to_owned()]
        .into_iter()
        .chain(counts)
        .chain(rates)
        .chain(outcome.replies.cells())
        .chain(outcome.pushes.cells())
        .chain([on_aws(1)])
        .collect()
}
