//! The operators' command: `cargo run -p muster-ops -- --help`.

use std::process::ExitCode;

use clap::Parser;

/// It could not be done, as where the command line is wrong.
const FAILED: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    match muster_ops::run(muster_ops::Args::parse(), &mut std::io::stdout()).await {
        Ok(muster_ops::Exit::Done) => ExitCode::SUCCESS,
        Ok(muster_ops::Exit::Remaining) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("muster-ops: {fault}");
            FAILED.into()
        }
    }
}
