//! What the kernel says of a process.

use std::{fs, time::Duration};

use crate::Result;

/// Kilobytes of memory that a process has now.
pub fn resident_kb(pid: u32) -> Result<u64> {
    status(pid, "VmRSS:")
}

/// The most kilobytes of memory that a process has had.
pub fn peak_kb(pid: u32) -> Result<u64> {
    status(pid, "VmHWM:")
}

/// The processor time that a process has used, in steps of 10 ms: Linux tells it in hundredths of a second to every program (proc(5)).
pub fn processor_time(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    // The second field, in brackets, is a name that may hold anything; utime and stime are the 14th and 15th.
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().skip(11).take(2);
    let ticks: Vec<u64> = fields.map(str::parse).collect::<Result<_, _>>()?;
    Ok(Duration::from_millis(10 * ticks.iter().sum::<u64>()))
}

fn status(pid: u32, name: &str) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
    Ok(value.ok_or_else(|| format!("{path} has no {name}"))?.parse()?)
}
