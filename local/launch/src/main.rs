//! `cargo run`: builds everything, then becomes the local stack.

use std::{
    env,
    process::{Command, ExitCode},
};

use muster_launch::{Built, build};

fn main() -> ExitCode {
    eprintln!("muster: building the local stack, the functions and a game server; the first time takes some minutes");
    let error = match build() {
        Ok(built) => start(&built),
        Err(error) => error.to_string(),
    };
    eprintln!("muster: {error}");
    ExitCode::FAILURE
}

/// Starts the stack in place of this process, so that it gets the terminal and its signals itself. Returns only if that fails.
fn start(built: &Built) -> String {
    let mut command = built.command();
    command.args(env::args_os().skip(1));
    replace(command).map_or_else(|error| format!("{} cannot be started: {error}", built.stack.display()), |never| match never {})
}

#[cfg(unix)]
fn replace(mut command: Command) -> std::io::Result<std::convert::Infallible> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

#[cfg(not(unix))]
fn replace(mut command: Command) -> std::io::Result<std::convert::Infallible> {
    let status = command.status()?;
    std::process::exit(status.code().unwrap_or(1))
}
