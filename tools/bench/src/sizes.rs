//! The sizes of the binaries that are deployed.

use std::fs;

use crate::{Result, table::Table};

/// Builds the functions as SAM ships them and prints how large they are.
pub fn run() -> Result<()> {
    let mut programs = muster_launch::cargo_build("muster-functions", &["--package", "muster-functions", "--release", "--locked"])?;
    programs.sort();
    let mut table = Table::new(&["binary", "MB"]);
    for program in programs {
        let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        table.row([name, format!("{:.2}", fs::metadata(&program)?.len() as f64 / 1e6)]);
    }
    table.print("Sizes of the `release` binaries (MB of 1,000,000 bytes):");
    Ok(())
}
