//! Each function's own time, as the stack measures it.

use std::time::Duration;

use serde_json::Value;

use crate::{Result, process, samples::milliseconds, stack::Stack, table::Table};

/// An empty table of functions.
pub fn table() -> Table {
    Table::new(&["load", "function", "invocations", "p50", "p99", "processes", "peak memory"])
}

/// Adds the functions that `load` has invoked.
pub fn add(table: &mut Table, load: &str, stack: &Stack) -> Result<()> {
    for (name, status) in stack.functions()?.into_iter().filter(|(_, status)| status["invocations"] != 0) {
        let time = |percentile: &str| milliseconds(Duration::from_micros(status["microseconds"][percentile].as_u64().unwrap_or_default()));
        let processes: Vec<_> = status["processes"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
        let mut peak = 0;
        for &pid in &processes {
            peak = peak.max(process::peak_kb(u32::try_from(pid)?)?);
        }
        let (invocations, memory) = (status["invocations"].to_string(), format!("{:.1} MB", peak as f64 * 1.024 / 1e3));
        table.row([load.to_owned(), name, invocations, time("p50"), time("p99"), processes.len().to_string(), memory]);
    }
    Ok(())
}
