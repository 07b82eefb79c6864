//! Matches in rounds: from the second play to the push that shows both, and how late the clock of a match is.
//!
//! Times of plays are taken in this process alone: just before a round's second play is sent, and when each player's push has been received
//! and read. A play is quiet: it has no reply but that push. The first play of a round asks for one, so that it is known which play is the
//! second. The lateness of the clock is told by the clock, which is the same for all on one machine: a round that it has resolved says
//! when, since the next one is due so many seconds after it.

mod duo;
mod load;
mod timers;

use std::time::Duration;

use self::load::{Load, Round};
use crate::{
    Result, functions,
    samples::{ON_AWS, Samples, on_aws},
    stack::{Setup, Stack},
    table::Table,
};

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How long each of the loads is kept up.
    #[arg(long, default_value_t = 40)]
    seconds: u64,

    /// How many matches are left to their clocks at the same moment.
    #[arg(long, default_value_t = 200)]
    matches: usize,

    /// The profile of the functions: `release`, as they are deployed, or `fast`, as `cargo run` builds them.
    #[arg(long, default_value = "release")]
    profile: String,

    /// The stack's pace: `local`, or `aws`, with which streams are polled as Lambda polls them.
    #[arg(long, default_value = "local")]
    pace: String,
}

/// Runs the loads and prints a table of each.
pub async fn run(args: &Args) -> Result<()> {
    let mut table = Table::new(&["load", "rounds", "late", "rounds/s", "push p50", "p99", "longest", ON_AWS]);
    let (mut times, mut processors) = (functions::table(), functions::processor_table());
    let loads =
        [Load { matches: 1, per_second: Some(8.0) }, Load { matches: 20, per_second: Some(95.0) }, Load { matches: 20, per_second: None }];
    for load in loads {
        let setup = Setup {
            profile: Some(args.profile.clone()),
            unthrottled: load.per_second.is_none(),
            pace: Some(args.pace.clone()),
            ..Setup::default()
        };
        let (stack, name) = (Stack::start_with(setup).await?, load.to_string());
        let mut duos = load.connect(&stack).await?;
        let before = functions::processor_times(&stack)?;
        let (rounds, took) = load.run(&mut duos, Duration::from_secs(args.seconds)).await?;
        functions::add_processor_times(&mut processors, &name, rounds.len(), [before, functions::processor_times(&stack)?]);
        functions::add(&mut times, &name, &stack)?;
        table.row(row(name, &rounds, took));
    }
    table.print(
        "From just before a round's second play is sent to the push of the round's result, which both players get. The timers of the matches \
         fire meanwhile. A round that began only after its time was late:",
    );
    times.print(
        "Each function's own time, from the hand-over of an invocation to its answer, connecting and warming up included, and the peak memory \
         of its processes:",
    );
    processors.print("Processor time for each round, both plays and its part of the matches' timers included:");
    timers::run(&args.profile, args.matches).await
}

fn row(name: String, rounds: &[Round], took: Duration) -> Vec<String> {
    let late = rounds.iter().filter(|round| round.late).count();
    let pushes = Samples::new(rounds.iter().flat_map(|round| round.pushes).collect());
    let mut row = vec![name, rounds.len().to_string(), late.to_string(), format!("{:.0}", rounds.len() as f64 / took.as_secs_f64())];
    row.extend(pushes.cells().into_iter().chain([on_aws(1)]));
    row
}
