//! The local stack. `cargo run` builds it and starts it: see the package muster-launch.

fn main() -> std::process::ExitCode {
    muster_local::main()
}
