//! Players who ask for placements, and what came of each.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use muster_client::{Client, Event, Events};
use muster_protocol::{Outcome, routes::SessionPlacementRequest};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};

use super::load::{Load, Schedule};
use crate::{Result, stack::Stack};

/// How long a push is awaited. A placement whose push has not come by then is lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// Placements of each player that go before the measurement, so that processes have started.
const WARM_UP: usize = 5;

/// The players.
pub struct Players(Vec<Player>);

/// A player on its connection.
struct Player {
    client: Client,
    events: Events,
}

/// One placement's times.
#[derive(Clone, Copy, Debug)]
struct Placed {
    asked: Instant,
    late: bool,
    reply: Duration,
    /// When it was told what came of it, and that; `None` if it never was.
    told: Option<(Instant, Outcome)>,
}

/// What came of all placements.
#[derive(Debug, Default)]
pub struct Report(Vec<Placed>);

impl Players {
    /// Connects so many players and warms the functions up.
    pub async fn connect(stack: &Stack, count: usize) -> Result<Self> {
        let connects = stream::iter(0..count).then(async |number| {
            let (client, events) = stack.connect(&format!("player-{number}")).await?;
            Ok::<_, crate::Fault>(Player { client, events })
        });
        let mut players = Self(connects.try_collect().await?);
        let report = players.run(&Load::Flood { players: count, placements: count * WARM_UP }).await?;
        if report.fulfilled() == report.asked() {
            Ok(players)
        } else {
            Err(format!("of the placements of the warm-up were not fulfilled: {}: {}", report.otherwise(), stack.complaints()?).into())
        }
    }

    /// Has them ask for placements as `load` says.
    pub async fn run(&mut self, load: &Load) -> Result<Report> {
        let schedule = Arc::new(Schedule::new(*load));
        let mut asking = JoinSet::new();
        for (number, mut player) in self.0.drain(..).enumerate() {
            let schedule = Arc::clone(&schedule);
            asking.spawn(async move {
                let placed = player.ask(number, &schedule).await?;
                Ok::<_, crate::Fault>((player, placed))
            });
        }
        let mut report = Report::default();
        while let Some(asked) = asking.join_next().await {
            let (player, placed) = asked??;
            self.0.push(player);
            report.0.extend(placed);
        }
        Ok(report)
    }
}

impl Player {
    async fn ask(&mut self, number: usize, schedule: &Schedule) -> Result<Vec<Placed>> {
        let mut all = Vec::new();
        while let Some(late) = schedule.next(number, all.len()).await {
            let placed = self.place(late).await?;
            all.push(placed);
            if placed.told.is_none() {
                // It is still seated, and would be refused.
                break;
            }
        }
        Ok(all)
    }

    /// Asks for a placement, and waits until it was told what came of it. The push may be faster than the reply.
    async fn place(&mut self, late: bool) -> Result<Placed> {
        let (request, asked) = (SessionPlacementRequest { mode: None, latencies: Vec::new() }, Instant::now());
        let replying = async {
            let requested = self.client.request_placement(&request).await.map_err(|error| format!("asking for a placement: {error}"))?;
            Ok::<_, crate::Fault>((requested.placement_id, asked.elapsed()))
        };
        let telling = async {
            match timeout(PATIENCE, told(&mut self.events)).await {
                Ok(told) => told.map(Some),
                Err(_) => Ok(None),
            }
        };
        let ((placement_id, reply), told) = futures_util::try_join!(replying, telling)?;
        match told {
            Some((id, ..)) if id != placement_id => Err(format!("the push of {id} came where that of {placement_id} was awaited").into()),
            told => Ok(Placed { asked, late, reply, told: told.map(|(_, time, outcome)| (time, outcome)) }),
        }
    }
}

/// The next that is told of a placement: which, when, and its outcome.
async fn told(events: &mut Events) -> Result<(String, Instant, Outcome)> {
    while let Some(event) = events.next().await {
        let now = Instant::now();
        match event {
            Event::Session(push) => return Ok((push.placement_id, now, Outcome::Fulfilled)),
            Event::Placement(push) => return Ok((push.placement_id, now, push.outcome)),
            Event::Disconnected { reason, .. } => return Err(format!("the connection was lost: {reason}").into()),
            Event::Missed(events) => return Err(format!("{events} events were not read in time").into()),
            _ => {}
        }
    }
    Err("the connection has ended".into())
}

impl Report {
    /// How many placements were asked for.
    pub fn asked(&self) -> usize {
        self.0.len()
    }

    /// How many of them found a game server.
    pub fn fulfilled(&self) -> usize {
        self.sessions().count()
    }

    /// How many had to wait for the one before.
    pub fn late(&self) -> usize {
        self.0.iter().filter(|placed| placed.late).count()
    }

    /// What came of the others, in words.
    pub fn otherwise(&self) -> String {
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        for placed in &self.0 {
            match placed.told {
                Some((_, Outcome::Fulfilled)) => {}
                Some((_, outcome)) => *outcomes.entry(format!("{outcome:?}")).or_default() += 1,
                None => *outcomes.entry("lost".to_owned()).or_default() += 1,
            }
        }
        let words: Vec<_> = outcomes.into_iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        if words.is_empty() { "0".to_owned() } else { words.join(", ") }
    }

    /// From the first request to the last push.
    pub fn fulfilled_per_second(&self) -> Result<f64> {
        let first = self.0.iter().map(|placed| placed.asked).min().ok_or("nothing was asked for")?;
        let last = self.0.iter().filter_map(|placed| Some(placed.told?.0)).max().ok_or("nobody was told anything")?;
        Ok(self.fulfilled() as f64 / (last - first).as_secs_f64())
    }

    /// From asking to the reply.
    pub fn replies(&self) -> impl Iterator<Item = Duration> {
        self.0.iter().map(|placed| placed.reply)
    }

    /// From asking to the way to a game server.
    pub fn sessions(&self) -> impl Iterator<Item = Duration> {
        self.0.iter().filter_map(|placed| match placed.told {
            Some((told, Outcome::Fulfilled)) => Some(told - placed.asked),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_end_well_is_counted_by_how_it_ended() {
        let asked = Instant::now();
        let placed = |told: Option<Outcome>| Placed {
            asked,
            late: false,
            reply: Duration::ZERO,
            told: told.map(|outcome| (asked + Duration::from_secs(2), outcome)),
        };
        let report = Report([Some(Outcome::Fulfilled), None, Some(Outcome::Failed), Some(Outcome::Fulfilled), None].map(placed).into());
        assert_eq!((report.asked(), report.fulfilled(), report.otherwise().as_str()), (5, 2, "1 Failed, 2 lost"));
        assert_eq!((report.sessions().count(), report.fulfilled_per_second().unwrap()), (2, 1.0));
        assert_eq!(Report::default().otherwise(), "0");
    }
}
