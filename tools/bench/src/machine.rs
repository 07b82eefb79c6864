//! The machine, and what else it is doing: a figure without them says little.

use std::fs;

use crate::Result;

/// Prints what machine this is and how busy.
pub fn describe() -> Result<()> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("unknown", |(_, name)| name);
    println!("{} cores ({model}).", std::thread::available_parallelism()?);
    load("At the start")
}

/// Prints how many processes wanted a core, on average over the last minute.
pub fn load(when: &str) -> Result<()> {
    let averages = fs::read_to_string("/proc/loadavg")?;
    println!("{when} the load of the last minute is {}.", averages.split_whitespace().next().unwrap_or("unknown"));
    Ok(())
}
