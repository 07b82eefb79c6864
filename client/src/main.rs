//! The terminal player: `cargo run -p muster-client -- alice` connects to the local stack, takes commands, and prints what arrives.

mod terminal;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = terminal::Arguments::parse();
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(terminal::run(arguments));
            // A token that is just being fetched is no reason to stay.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            eprintln!("cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}
