//! The loads: placements at a fixed rate, and as many as are fulfilled.

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// How placements are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Load {
    /// At this rate of all players together, each at its own times.
    Paced {
        /// How many players ask.
        players: usize,
        /// Of all of them together.
        per_second: f64,
        /// For how long.
        duration: Duration,
    },
    /// Each player asks again as soon as it was told.
    Flood {
        /// How many players ask.
        players: usize,
        /// Of all of them together.
        placements: usize,
    },
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Load::Paced { players: 1, per_second, .. } => write!(f, "1 player, {per_second}/s"),
            Load::Paced { players, per_second, .. } => write!(f, "{players} players, {per_second}/s"),
            Load::Flood { players, .. } => write!(f, "{players} players, flood without throttle"),
        }
    }
}

impl Load {
    /// How many players it takes.
    pub fn players(&self) -> usize {
        match *self {
            Load::Paced { players, .. } | Load::Flood { players, .. } => players,
        }
    }

    /// When the `round`th request of `player` is due, if it has a time and there is one.
    fn due(&self, player: usize, round: usize) -> Option<Duration> {
        let Load::Paced { players, per_second, duration } = *self else { return None };
        let due = Duration::from_secs_f64((round * players + player) as f64 / per_second);
        (due < duration).then_some(due)
    }
}

/// When each player is to ask.
#[derive(Debug)]
pub struct Schedule {
    load: Load,
    started: Instant,
    asked: AtomicUsize,
}

impl Schedule {
    /// It begins now.
    pub fn new(load: Load) -> Self {
        Self { load, started: Instant::now(), asked: AtomicUsize::new(0) }
    }

    /// Waits until it is time for the `round`th request of `player`, and answers whether that has passed already. `None` if there is none.
    pub async fn next(&self, player: usize, round: usize) -> Option<bool> {
        let Some(due) = self.load.due(player, round) else {
            let Load::Flood { placements, .. } = self.load else { return None };
            return (self.asked.fetch_add(1, Ordering::Relaxed) < placements).then_some(false);
        };
        let late = self.started.elapsed() > due && round > 0;
        sleep_until(self.started + due).await;
        Some(late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn players_take_turns_at_the_rate() {
        let load = Load::Paced { players: 2, per_second: 10.0, duration: Duration::from_millis(350) };
        let due = [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2)].map(|(player, round)| load.due(player, round).map(|due| due.as_millis()));
        assert_eq!(due, [Some(0), Some(100), Some(200), Some(300), None]);
    }

    #[tokio::test]
    async fn a_flood_is_over_after_so_many() {
        let schedule = Schedule::new(Load::Flood { players: 2, placements: 2 });
        assert_eq!([schedule.next(0, 0).await, schedule.next(0, 1).await, schedule.next(1, 0).await], [Some(false), Some(false), None]);
    }
}
