//! Two players who play match after match.

use std::time::Duration;

use muster_client::Event;
use muster_protocol::{MatchPush, MatchState, routes::Play};
use tokio::time::{Instant, timeout};

use crate::{Fault, Result, crowd::Player, stack::Stack};

/// How long a push is awaited.
const PATIENCE: Duration = Duration::from_secs(20);
/// The mode that is played.
pub const MODE: &str = "rps";
/// What everybody plays: every round is drawn, so that every match goes on to its last one.
const PLAY: &str = "rock";

/// Two players, and their match as the first of them was shown it last.
pub struct Duo {
    first: Player,
    second: Player,
    shown: Option<MatchPush>,
}

/// The times of a round's second play.
#[derive(Clone, Copy, Debug)]
pub struct SecondPlay {
    /// Until its reply.
    pub reply: Duration,
    /// Until the result was pushed to each of the players.
    pub pushes: [Duration; 2],
}

impl Duo {
    /// Connects two players.
    pub async fn connect(stack: &Stack, number: usize) -> Result<Self> {
        let player = async |name: &str| {
            let (client, events) = stack.connect(&format!("{name}-{number}")).await?;
            Ok::<_, Fault>(Player { client, events })
        };
        Ok(Self { first: player("first").await?, second: player("second").await?, shown: None })
    }

    /// Begins a match of the two. Answers with the time of its first round, in epoch milliseconds.
    pub async fn begin(&mut self) -> Result<u64> {
        let opened = self.first.client.new_match(MODE).await.map_err(|error| format!("opening a match: {error}"))?;
        self.second.client.join_match(&opened.match_id).await.map_err(|error| format!("joining a match: {error}"))?;
        loop {
            // Whoever opened it is shown it while it waits, too.
            let (_, view) = told(&mut self.first).await?;
            if let (MatchState::Playing, Some(due_at)) = (view.state, view.due_at) {
                told(&mut self.second).await?;
                self.shown = Some(view);
                return Ok(due_at);
            }
        }
    }

    /// Begins a match if none goes on.
    pub async fn be_in_a_match(&mut self) -> Result<()> {
        let goes_on = self.shown.as_ref().is_some_and(|shown| shown.state == MatchState::Playing);
        if goes_on { Ok(()) } else { self.begin().await.map(drop) }
    }

    /// Both play in the open round: one, and when that was answered the other.
    pub async fn play(&mut self) -> Result<SecondPlay> {
        let open = self.shown.as_ref().ok_or("there is no match")?;
        let round = open.round;
        let play = Play { match_id: open.match_id.clone(), round, play: PLAY.to_owned() };
        let refused = |error| Fault::from(format!("playing: {error}"));
        self.first.client.play(&play).await.map_err(refused)?;
        let (asked, client) = (Instant::now(), self.second.client.clone());
        let replying = async {
            client.play(&play).await.map_err(refused)?;
            Ok(asked.elapsed())
        };
        let (reply, views) = futures_util::try_join!(replying, self.wait())?;
        for (_, view) in &views {
            if view.state == MatchState::Playing && view.round != round + 1 {
                return Err(format!("behind round {round} came round {}", view.round).into());
            }
        }
        Ok(SecondPlay { reply, pushes: views.map(|(received, _)| received - asked) })
    }

    /// The next view that each player is pushed, and when it was received.
    pub async fn wait(&mut self) -> Result<[(Instant, MatchPush); 2]> {
        let (first, second) = futures_util::try_join!(told(&mut self.first), told(&mut self.second))?;
        self.shown = Some(first.1.clone());
        Ok([first, second])
    }
}

async fn told(player: &mut Player) -> Result<(Instant, MatchPush)> {
    let told = async {
        while let Some(event) = player.events.next().await {
            let now = Instant::now();
            match event {
                Event::Match(push) => return Ok((now, push)),
                Event::Disconnected { reason, .. } => return Err(format!("the connection was lost: {reason}").into()),
                Event::Missed(events) => return Err(format!("{events} events were not read in time").into()),
                _ => {}
            }
        }
        Err("the connection has ended".into())
    };
    timeout(PATIENCE, told).await.map_err(|_| format!("no view of the match within {PATIENCE:?}"))?
}
