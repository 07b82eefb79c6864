//! A match played out, by players who do what their game says can be tried.

use std::time::Duration;

use muster_game::{Played, Viewer};
use muster_protocol::{MatchPush, MatchState};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::player::Player;
use crate::Result;

/// The one of its tries that a player does.
pub type Choice = fn(&MatchPush, &[Value]) -> Option<usize>;

/// How players play.
#[derive(Clone, Copy)]
pub struct Manner {
    /// How long everybody has thought when the last one acts. Each seat acts at a time of its own, since people do not act in the same
    /// millisecond.
    pub pause: Duration,
    /// What each does.
    pub choice: Choice,
}

impl Player {
    /// Plays from the next push of a match on until it is over. The last push, and how often this player has acted.
    pub async fn play_out(&mut self, played: &Played, manner: Manner) -> Result<(MatchPush, usize)> {
        let (mut seen, mut acted) = (self.shown(0).await?, 0);
        while seen.state != MatchState::Over {
            let acts = seen.seat.filter(|seat| seen.state == MatchState::Playing && seen.awaits.contains(seat));
            if let (Some(seat), Some(view)) = (acts, &seen.view) {
                sleep(manner.pause.mul_f64((seat + 1) as f64 / seen.players.len() as f64)).await;
                let tries = played.game.tries(view, Viewer::Seat(seat)).map_err(|broken| broken.0)?;
                let index = (manner.choice)(&seen, &tries).ok_or("a player is awaited who can do nothing")?;
                let body = json!({"matchId": seen.match_id, "action": tries[index], "version": seen.version});
                let request_id = format!("{}-{acted}", seen.match_id);
                self.tell(&json!({"route": "play", "requestId": request_id, "reply": false, "body": body})).await?;
                acted += 1;
            }
            seen = self.shown(seen.version).await?;
        }
        Ok((seen, acted))
    }

    /// The next version of a match behind `version` that this player is shown.
    async fn shown(&mut self, version: u64) -> Result<MatchPush> {
        loop {
            let push: MatchPush = serde_json::from_value(self.told().await?)?;
            if push.version > version {
                return Ok(push);
            }
        }
    }
}
