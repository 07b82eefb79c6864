//! Two players who play match after match.

use std::time::Duration;

use muster_client::Event;
use muster_protocol::{MatchPush, MatchState};
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::{Fault, Result, crowd::Player, stack::Stack};

/// How long a push is awaited.
const PATIENCE: Duration = Duration::from_secs(20);
/// The mode that is played.
const MODE: &str = "rps";
/// Seconds of each of its rounds.
pub const SECONDS: u64 = 5;
/// What everybody plays: every round is drawn, so that every match goes on to its last one.
const PLAY: &str = "rock";

/// Two players, and their match as the first of them was shown it last.
pub struct Duo {
    first: Player,
    second: Player,
    shown: Option<MatchPush>,
}

/// From just before a round's second play is sent until its result was pushed to each of the players.
pub type Pushes = [Duration; 2];

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
        let options = json!({"seconds": SECONDS});
        let opened = self.first.client.new_match(MODE, Some(&options), 0).await.map_err(|error| format!("opening a match: {error}"))?;
        self.second.client.join_match(&opened.match_id).await.map_err(|error| format!("joining a match: {error}"))?;
        self.wait().await?;
        self.due_at()
    }

    /// Begins a match if none goes on.
    pub async fn be_in_a_match(&mut self) -> Result<()> {
        let goes_on = self.shown.as_ref().is_some_and(|shown| shown.state == MatchState::Playing);
        if goes_on { Ok(()) } else { self.begin().await.map(drop) }
    }

    /// When the open round is due, in epoch milliseconds.
    pub fn due_at(&self) -> Result<u64> {
        self.shown.as_ref().and_then(|shown| shown.due_at).ok_or_else(|| "there is no open round".into())
    }

    /// Both play in the open round: one, and when that is known to count, which takes a reply, the other, quietly.
    pub async fn play(&mut self) -> Result<Pushes> {
        let open = self.shown.as_ref().ok_or("there is no match")?;
        let (match_id, version) = (open.match_id.clone(), open.version);
        let refused = |error| Fault::from(format!("playing: {error}"));
        let body = json!({"matchId": match_id, "action": PLAY, "version": version});
        self.first.client.request("play", body).await.map_err(refused)?;
        let (asked, client) = (Instant::now(), self.second.client.clone());
        let playing = async { client.play(&match_id, PLAY).await.map_err(refused) };
        let (_, views) = futures_util::try_join!(playing, self.wait())?;
        Ok(views.map(|(received, _)| received - asked))
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
                // While it waits for players, only one of them sees it.
                Event::Match(push) if push.state == MatchState::Waiting => {}
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
