//! What the drill has done, as tables.

use std::{collections::BTreeMap, sync::atomic::Ordering::Relaxed, time::Duration};

use super::{
    chaos::Killed,
    letters::Replays,
    load::{Load, lock},
};
use crate::table::Table;

/// Prints what was asked for, what went wrong on purpose, and what became of letters. `times` are those of the load and of settling.
pub fn print(load: &Load, times: [Duration; 2], replays: &Replays, killed: &Killed, outages: &BTreeMap<&'static str, usize>) {
    let mut table = Table::new(&["request", "answered", "refused", "not answered"]);
    let outcomes = lock(&load.outcomes).clone();
    for (route, counts) in &outcomes {
        table.row([(*route).to_owned()].into_iter().chain(counts.map(|count| count.to_string())));
    }
    table.print("What came of requests. Those that were not answered may have happened or not:");

    let mut table = Table::new(&["letters of", "replayed", "superseded", "failed attempts"]);
    for (queue, counts) in &replays.settled {
        table.row([(*queue).to_owned()].into_iter().chain(counts.map(|count| count.to_string())));
    }
    table.print("What became of letters:");
    for problem in &replays.problems {
        println!("the task could not be asked: {problem}");
    }

    let requests: usize = outcomes.values().flatten().sum();
    let [took, settled] = times.map(|time| time.as_secs_f64());
    let (cuts, absences) = (load.cuts.load(Relaxed), load.absences.load(Relaxed));
    let kills: usize = killed.values().sum();
    let away: Vec<String> = outages.iter().map(|(name, times)| format!("{name} {times}")).collect();
    println!(
        "\n{} operations in {took:.0} s ({:.0} a second) and {requests} requests in all; {cuts} sockets were cut and {absences} players went \
         away; {kills} processes of {} functions were killed; services were away: {}; all had ended {settled:.0} s later.",
        load.operations,
        load.operations as f64 / took,
        killed.len(),
        away.join(", "),
    );
}
