//! The operators' command: `cargo run -p muster-ops -- --help`.

use std::{io, process::ExitCode};

use clap::Parser;

/// It could not be done, as where the command line is wrong.
const FAILED: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    match muster_ops::run(muster_ops::Args::parse(), &mut io::stdout()).await {
        Ok(muster_ops::Exit::Done) => ExitCode::SUCCESS,
        Ok(muster_ops::Exit::Remaining) => ExitCode::FAILURE,
        // Whoever reads has enough, such as `head`.
        Err(fault) if fault.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("muster-ops: {fault}");
            FAILED.into()
        }
    }
}
