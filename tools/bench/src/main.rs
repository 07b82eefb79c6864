//! Measures Muster on this machine. It prints tables and, but for the drill, judges nothing: what the figures ought to be is in the README.
//!
//! Linux only, since it reads `/proc`.

mod cold_start;
mod crowd;
mod drill;
mod functions;
mod machine;
mod matchmaking;
mod pipeline;
mod placements;
mod pools;
mod process;
mod rounds;
mod samples;
mod sizes;
mod sockets;
mod stack;
mod table;
mod units;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

/// Whatever goes wrong ends the program, which says so.
type Fault = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Fault> = std::result::Result<T, E>;

/// Measures Muster on this machine.
#[derive(Debug, Parser)]
#[command(name = "muster-bench", about = "Measures Muster on this machine and prints tables.")]
struct Args {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    /// From the start of a function's process to its first answer, against a function written with the SDK's defaults.
    ColdStart(cold_start::Args),
    /// From sendMessage to the push, and each function's own time.
    Pipeline(pipeline::Args),
    /// From sessionPlacementRequest to the way to a game server, and each function's own time.
    Placements(placements::Args),
    /// Memory and latency with thousands of open sockets.
    Sockets(sockets::Args),
    /// What each operation is billed for on AWS.
    Units(units::Args),
    /// What a match of a mode is billed for, played by what its game says can be tried.
    Price(units::PriceArgs),
    /// The time to match a pool of tickets, by its size and by how hard the tickets make it.
    Matchmaking(matchmaking::Args),
    /// Thousands of players who join a pool at once, until all are in matches.
    Pools(pools::Args),
    /// From the second play of a round to the push of its result, and how late the clock of a match is.
    Rounds(rounds::Args),
    /// A mixed load in rough weather, after which every letter is replayed and every promise is looked at. It alone judges.
    Drill(drill::Args),
    /// The binaries that are deployed.
    Sizes,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    if cfg!(debug_assertions) {
        eprintln!("muster-bench: a debug build measures itself: use `cargo run -p muster-bench --profile fast`");
        return ExitCode::FAILURE;
    }
    let ended = tokio::select! {
        ended = run(args.benchmark) => ended,
        interrupted = interrupted() => interrupted,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("muster-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(benchmark: Benchmark) -> Result<()> {
    machine::describe()?;
    match benchmark {
        Benchmark::ColdStart(args) => cold_start::run(&args).await?,
        Benchmark::Pipeline(args) => pipeline::run(&args).await?,
        Benchmark::Placements(args) => placements::run(&args).await?,
        Benchmark::Sockets(args) => sockets::run(&args).await?,
        Benchmark::Units(args) => units::run(&args).await?,
        Benchmark::Price(args) => units::price(&args).await?,
        Benchmark::Matchmaking(args) => matchmaking::run(&args)?,
        Benchmark::Pools(args) => pools::run(&args).await?,
        Benchmark::Rounds(args) => rounds::run(&args).await?,
        Benchmark::Drill(args) => drill::run(&args).await?,
        Benchmark::Sizes => sizes::run()?,
    }
    machine::load("At the end")
}

/// The stack has a process group of its own and does not hear the terminal's signals: it ends when its handle is dropped.
async fn interrupted() -> Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Err("interrupted".into())
}
