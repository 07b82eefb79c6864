//! The program: it starts the stack, says where it is, and stops it when it is told to.

use std::{path::Path, process::ExitCode};

use clap::Parser;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::{args::Args, banner::banner, report, stack::Stack};

/// Runs the stack as the command line says, until it is told to stop.
#[tokio::main]
pub async fn main() -> ExitCode {
    let args = Args::parse();
    let result = run(&args).await;
    if let Err(error) = &result {
        report::report("muster", error);
    }
    report::flush();
    result.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

async fn run(args: &Args) -> Result<(), Box<dyn std::error::Error>> {
    // All are listened for from the start, so that an early Ctrl-C is not lost. A terminal whose window is closed sends a hangup.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut hangup = signal(SignalKind::hangup())?;
    let stack = Stack::start(args).await?;
    report::print(banner(&stack.addresses, &stack.manifest));
    if let Some(file) = &args.ready {
        let announced = announce(file, &json!(stack.addresses).to_string());
        announced.map_err(|error| format!("--ready {}: {error}", file.display()))?;
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    report::print("\nmuster: stopping".to_owned());
    let usage = stack.stop().await;
    report::print(format!("muster: {usage}"));
    Ok(())
}

/// Writes the file whole or not at all, since somebody is waiting for it.
fn announce(file: &Path, text: &str) -> std::io::Result<()> {
    let unfinished = file.with_extension("unfinished");
    std::fs::write(&unfinished, text)?;
    std::fs::rename(unfinished, file)
}
