//! How late rounds are resolved in which nobody plays.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::try_join_all;
use muster_protocol::{MatchPush, MatchState};
use tokio::time::{Instant, sleep};

use super::duo::{Duo, SECONDS};
use crate::{
    Fault, Result,
    samples::{ON_AWS, Samples, on_aws},
    stack::{Setup, Stack},
    table::Table,
};

/// Matches that are begun one after another.
const SPREAD: usize = 20;
/// Between them.
const PAUSE: Duration = Duration::from_millis(250);

/// Matches that are left alone.
struct Left {
    name: &'static str,
    matches: usize,
    /// Between the beginnings of two.
    pause: Duration,
    /// Whether a round is played before, a while after the beginning, which is another one for each match. It puts the clock off, and a
    /// timer that was set before is sent on for whole seconds.
    played: bool,
}

/// How late a round was.
#[derive(Clone, Copy, Debug)]
struct Late {
    /// Until its row was written; only a round that another one follows tells.
    resolved: Option<Duration>,
    /// Until the result was pushed to each of the players.
    pushed: [Duration; 2],
}

/// Measures the clocks of matches that are left alone one after another, behind a played round, and of `matches` at the same moment.
pub async fn run(profile: &str, matches: usize) -> Result<()> {
    let mut table = Table::new(&["matches", "rounds", "resolved p50", "p99", "longest", "pushed p50", "p99", "longest", ON_AWS]);
    for left in [
        Left { name: "one after another", matches: SPREAD, pause: PAUSE, played: false },
        Left { name: "one after another, behind a played round", matches: SPREAD, pause: PAUSE, played: true },
        Left { name: "at the same moment", matches, pause: Duration::ZERO, played: false },
    ] {
        let stack = Stack::start_with(Setup { profile: Some(profile.to_owned()), unthrottled: true, ..Setup::default() }).await?;
        let mut duos = Vec::new();
        for number in 0..left.matches {
            duos.push(Duo::connect(&stack, number).await?);
        }
        // The functions are warm then, those of timers included.
        late_rounds(&mut duos, &Left { pause: Duration::ZERO, ..left }).await?;
        let late = late_rounds(&mut duos, &left).await?;
        let resolved = Samples::new(late.iter().filter_map(|late| late.resolved).collect());
        let pushed = Samples::new(late.iter().flat_map(|late| late.pushed).collect());
        let mut row = vec![format!("{} {}", left.matches, left.name), late.len().to_string()];
        row.extend(resolved.cells().into_iter().chain(pushed.cells()).chain([on_aws(1)]));
        table.row(row);
    }
    table.print(
        "How long after `dueAt` a round in which nobody plays is resolved, and its result pushed. The last round of a match does not tell when \
         it was resolved:",
    );
    Ok(())
}

/// Has all begin a match and wait until it is abandoned.
async fn late_rounds(duos: &mut [Duo], left: &Left) -> Result<Vec<Late>> {
    let waiting = duos.iter_mut().enumerate().map(async |(number, duo)| {
        sleep(left.pause * u32::try_from(number)?).await;
        let (mut late, mut open) = (Vec::new(), duo.begin().await?);
        if left.played {
            sleep(Duration::from_millis(100 + 137 * u64::try_from(number)?)).await;
            duo.play().await?;
            open = duo.due_at()?;
        }
        loop {
            let views = duo.wait().await?;
            let (now, clock) = (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH)?);
            let due = Duration::from_millis(open);
            let pushed = views.each_ref().map(|(received, _)| (clock - (now - *received)).saturating_sub(due));
            let [(_, view), _] = views;
            late.push(Late { resolved: resolved_at(&view).map(|at| Duration::from_millis(at.saturating_sub(open))), pushed });
            match view.due_at {
                Some(next) if view.state == MatchState::Playing => open = next,
                _ => return Ok::<_, Fault>(late),
            }
        }
    });
    Ok(try_join_all(waiting).await?.into_iter().flatten().collect())
}

/// When the round before the open one was resolved, in epoch milliseconds.
fn resolved_at(view: &MatchPush) -> Option<u64> {
    view.due_at.filter(|_| view.state == MatchState::Playing).map(|due_at| due_at - SECONDS * 1_000)
}
