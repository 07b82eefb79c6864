//! Each function's own time, as the stack measures it, and the processor time of everybody.

use std::{iter::once, time::Duration};

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
        let (mut peak, processes) = (0, processes(&status)?);
        for &pid in &processes {
            peak = peak.max(process::peak_kb(pid)?);
        }
        let (invocations, memory) = (status["invocations"].to_string(), format!("{:.1} MB", peak as f64 * 1.024 / 1e3));
        table.row([load.to_owned(), name, invocations, time("p50"), time("p99"), processes.len().to_string(), memory]);
    }
    Ok(())
}

fn processes(status: &Value) -> Result<Vec<u32>> {
    let processes = status["processes"].as_array().into_iter().flatten().filter_map(Value::as_u64);
    Ok(processes.map(u32::try_from).collect::<Result<_, _>>()?)
}

/// The processor time used so far by the stack, by the living processes of its functions together, and by this process.
pub fn processor_times(stack: &Stack) -> Result<[Duration; 3]> {
    let mut functions = Duration::ZERO;
    for status in stack.functions()?.values() {
        for pid in processes(status)? {
            functions += process::processor_time(pid)?;
        }
    }
    Ok([process::processor_time(stack.pid()?)?, functions, process::processor_time(std::process::id())?])
}

/// An empty table of processor times.
pub fn processor_table() -> Table {
    Table::new(&["load", "the stack", "the functions", "the clients", "together"])
}

/// Adds what each message of `load` cost between two looks.
pub fn add_processor_times(table: &mut Table, load: &str, messages: usize, looks: [[Duration; 3]; 2]) {
    let [before, after] = looks;
    let each: Vec<_> =
        before.iter().zip(after).map(|(before, after)| after.saturating_sub(*before).as_secs_f64() / messages as f64).collect();
    let cell = |seconds: f64| format!("{:.2} ms", seconds * 1e3);
    table.row(once(load.to_owned()).chain(each.iter().map(|&seconds| cell(seconds))).chain(once(cell(each.iter().sum()))));
}
