//! What the kernel says of a process.

use std::fs;

use crate::Result;

/// Kilobytes of memory that a process has now.
pub fn resident_kb(pid: u32) -> Result<u64> {
    status(pid, "VmRSS:")
}

/// The most kilobytes of memory that a process has had.
pub fn peak_kb(pid: u32) -> Result<u64> {
    status(pid, "VmHWM:")
}

fn status(pid: u32, name: &str) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
    Ok(value.ok_or_else(|| format!("{path} has no {name}"))?.parse()?)
}
