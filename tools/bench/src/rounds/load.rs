//! The loads: rounds at a fixed rate, and as many as are played.

use std::{fmt, time::Duration};

use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep_until};

use super::duo::{Duo, Pushes};
use crate::{Result, stack::Stack};

/// Rounds that go before the measurement in each match, so that processes have started.
const WARM_UP: usize = 5;

/// How rounds are played.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many matches go on at once.
    pub matches: usize,
    /// Rounds, of all matches together; as many as can be, if it is not said.
    pub per_second: Option<f64>,
}

/// A round that was played.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Whether it could only begin after its time.
    pub late: bool,
    /// How long the pushes of its second play took.
    pub pushes: Pushes,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let matches = if self.matches == 1 { "1 match".to_owned() } else { format!("{} matches", self.matches) };
        match self.per_second {
            Some(rate) => write!(f, "{matches}, {rate} rounds/s"),
            None => write!(f, "{matches}, flood without throttle"),
        }
    }
}

impl Load {
    /// Connects the players and warms the functions up.
    pub async fn connect(&self, stack: &Stack) -> Result<Vec<Duo>> {
        let mut duos = Vec::new();
        for number in 0..self.matches {
            duos.push(Duo::connect(stack, number).await?);
        }
        try_join_all(duos.iter_mut().map(async |duo| {
            duo.begin().await?;
            for _ in 0..WARM_UP {
                duo.play().await?;
            }
            Ok::<_, crate::Fault>(())
        }))
        .await?;
        Ok(duos)
    }

    /// Has them play for so long. What was measured, and how long it took.
    pub async fn run(&self, duos: &mut [Duo], duration: Duration) -> Result<(Vec<Round>, Duration)> {
        let started = Instant::now();
        let rounds = duos.iter_mut().enumerate().map(|(number, duo)| self.play(duo, number, started, duration));
        let rounds = try_join_all(rounds).await?.into_iter().flatten().collect();
        Ok((rounds, started.elapsed()))
    }

    async fn play(&self, duo: &mut Duo, number: usize, started: Instant, duration: Duration) -> Result<Vec<Round>> {
        let mut rounds = Vec::new();
        for turn in 0_usize.. {
            let due = match self.per_second {
                Some(rate) => Duration::from_secs_f64((turn * self.matches + number) as f64 / rate),
                None => started.elapsed(),
            };
            if due >= duration {
                break;
            }
            duo.be_in_a_match().await?;
            let late = self.per_second.is_some() && started.elapsed() > due && turn > 0;
            sleep_until(started + due).await;
            rounds.push(Round { late, pushes: duo.play().await? });
        }
        Ok(rounds)
    }
}
