//! How long it takes to match a pool, by its size and by how hard its tickets make it.
//!
//! This is arithmetic on one core, without a stack: all that a matcher does between reading tickets and writing matches. It reads a few
//! hundred; the larger pools show how the time grows.

mod crowds;

use std::{fs, hint::black_box, time::Duration};

use muster_game::matchmaking::{Matched, match_tickets};

use self::crowds::{CROSSED, CROWDS, Crowd, NOW, PARTIES};
use crate::{
    Result,
    samples::{Samples, milliseconds},
    table::Table,
};

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each pool is matched.
    #[arg(long, default_value_t = 5)]
    runs: usize,
}

/// Tickets of games of two.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// Tickets of teams, which are searched for: the first is what a matcher reads.
const TEAM_SIZES: [usize; 3] = [300, 1_000, 10_000];
/// Players of such a team.
const TEAM: usize = 5;
/// Tickets of which every one has to be searched for in vain.
const CROSSED_SIZES: [usize; 3] = [100, 300, 1_000];
/// Players of their teams.
const CROSSED_TEAM: usize = 11;

/// The shortest time that is measured, in which small pools are matched again and again: the kernel counts by its ticks, of some milliseconds.
const LEAST: Duration = Duration::from_millis(100);

/// Matches pools of every kind and size.
pub fn run(args: &Args) -> Result<()> {
    print(args, "games of two", 2, SIZES, CROWDS)?;
    print(args, &format!("teams of {TEAM}"), TEAM, TEAM_SIZES, PARTIES)?;
    print(args, &format!("teams of {CROSSED_TEAM}"), CROSSED_TEAM, CROSSED_SIZES, CROSSED)
}

fn print(args: &Args, what: &str, team: usize, sizes: [usize; 3], crowds: &[Crowd]) -> Result<()> {
    let [small, middle, large] = sizes.map(|size| format!("{size} tickets"));
    let mut table = Table::new(&["tickets", &small, &middle, "growth", &large, "growth", "matched"]);
    for crowd in crowds {
        let [small, middle, large] = sizes.map(|size| measure(args, team, size, crowd));
        let ((small, _), (middle, _), (large, share)) = (small?, middle?, large?);
        let growth = |from: Duration, to: Duration| format!("{:.1}", to.as_secs_f64() / from.as_secs_f64());
        let (first, second, matched) = (growth(small, middle), growth(middle, large), format!("{:.0} %", share * 100.0));
        let [small, middle, large] = [small, middle, large].map(milliseconds);
        table.row([crowd.name.to_owned(), small, middle, first, large, second, matched]);
    }
    table.print(&format!("Matching {what}, medians of {} on a core; growth is the time's from one size to the next:", args.runs.max(1)));
    Ok(())
}

/// The median time, and the share of the tickets that were matched.
fn measure(args: &Args, team: usize, size: usize, crowd: &Crowd) -> Result<(Duration, f64)> {
    let players = (crowd.players)(size);
    let tickets: Vec<_> = players.iter().map(crowds::Player::ticket).collect();
    let mut matched = Matched::default();
    let mut times = Vec::new();
    for _ in 0..args.runs.max(1) {
        let (start, mut times_matched) = (on_core()?, 0);
        let spent = loop {
            matched = black_box(match_tickets(black_box(&tickets), team, &crowd.windows, NOW));
            times_matched += 1;
            let spent = on_core()?.saturating_sub(start);
            if spent >= LEAST {
                break spent;
            }
        };
        times.push(spent / times_matched);
    }
    let share = matched.matches.iter().map(Vec::len).sum::<usize>() as f64 / size as f64;
    Ok((Samples::new(times).median(), share))
}

/// How long this thread has had a core: what others do on it meanwhile does not count.
fn on_core() -> Result<Duration> {
    let times = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = times.split_whitespace().next().ok_or("/proc/thread-self/schedstat is empty")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}
