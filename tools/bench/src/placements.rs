//! From `sessionPlacementRequest` to the way to a game server: at two fixed rates, and as fast as it goes.
//!
//! The pretended fleet answers at once and starts no game server, so that what is measured is Muster. Each load has a stack of its own, as
//! in `pipeline`, and that of the last load no throttle. A player waits for one placement at a time, so it asks again once it was told what
//! came of the one before, at its time or as soon as it can. Times are taken in this process alone: just before a request is sent, and when
//! its push has been received and read.

mod load;
mod players;

use std::time::Duration;

use serde_json::{Value, json};

use self::{
    load::Load,
    players::{Players, Report},
};
use crate::{
    Result, functions,
    samples::{ON_AWS, Samples, on_aws},
    stack::{Setup, Stack},
    table::Table,
};

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How long each of the fixed rates is kept up. The timers of placements, which fire after 150 seconds, are no part of this.
    #[arg(long, default_value_t = 40)]
    seconds: u64,

    /// How many players ask as fast as they can.
    #[arg(long, default_value_t = 40)]
    players: usize,

    /// How many placements these ask for, all together.
    #[arg(long, default_value_t = 8_000)]
    placements: usize,

    /// The profile of the functions: `release`, as they are deployed, or `fast`, as `cargo run` builds them.
    #[arg(long, default_value = "release")]
    profile: String,
}

/// The queue that the stack makes for its fleet, which fulfils every placement at once.
pub fn prompt_fleet() -> Value {
    json!({"muster-dev": {"delayMilliseconds": 0, "server": false}})
}

/// Runs the three loads and prints a table of each.
pub async fn run(args: &Args) -> Result<()> {
    let duration = Duration::from_secs(args.seconds);
    let mut table = Table::new(&[
        "load",
        "asked",
        "fulfilled",
        "otherwise",
        "late",
        "fulfilled/s",
        "reply p50",
        "p99",
        "longest",
        "session p50",
        "p99",
        "longest",
        ON_AWS,
    ]);
    let (mut times, mut processors) = (functions::table(), functions::processor_table());
    let loads = [
        Load::Paced { players: 1, per_second: 8.0, duration },
        Load::Paced { players: 20, per_second: 95.0, duration },
        Load::Flood { players: args.players, placements: args.placements },
    ];
    for load in loads {
        let unthrottled = matches!(load, Load::Flood { .. });
        let setup = Setup { profile: Some(args.profile.clone()), unthrottled, fleet: Some(prompt_fleet()), ..Setup::default() };
        let stack = Stack::start_with(setup).await?;
        let (name, mut players) = (load.to_string(), Players::connect(&stack, load.players()).await?);
        let before = functions::processor_times(&stack)?;
        let report = players.run(&load).await?;
        functions::add_processor_times(&mut processors, &name, report.asked(), [before, functions::processor_times(&stack)?]);
        functions::add(&mut times, &name, &stack)?;
        table.row(row(&name, &report)?);
    }
    table.print(
        "From `sessionPlacementRequest` to the `session` push. Whoever was not told of the placement before when it was time to ask again was \
         late with that, and its time begins when it asked:",
    );
    times.print(
        "Each function's own time, from the hand-over of an invocation to its answer, connecting and warming up included, and the peak memory \
         of its processes:",
    );
    processors.print("Processor time for each placement:");
    Ok(())
}

fn row(name: &str, report: &Report) -> Result<Vec<String>> {
    let mut row = vec![name.to_owned(), report.asked().to_string(), report.fulfilled().to_string(), report.otherwise()];
    row.extend([report.late().to_string(), format!("{:.0}", report.fulfilled_per_second()?)]);
    row.extend(Samples::new(report.replies().collect()).cells().into_iter().chain(Samples::new(report.sessions().collect()).cells()));
    // placements to GameLift, and player_sessions to the push; what GameLift and SNS take on the way comes on top.
    row.push(on_aws(2));
    Ok(row)
}
