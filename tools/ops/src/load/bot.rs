//! One player: it connects, does what the mix says with pauses in between, and leaves.

use std::{future::pending, pin::Pin, sync::Arc, time::Duration};

use muster_client::{
    Client, Event, Events, Options, RequestError,
    protocol::{
        MatchPush, MatchState, Outcome,
        routes::{JoinPool, SessionPlacementRequest},
    },
};
use muster_game::{MODES, Viewer, mode};
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    Shared,
    mix::Activity,
    tally::{Step, code, refused},
};
use crate::table::word;

/// Before another attempt to connect.
const AGAIN: Duration = Duration::from_secs(3);

/// What a player is in.
#[derive(Debug)]
enum Doing {
    Nothing,
    /// It waits for a match, since then.
    Waiting(Instant),
    /// It is in a match, which it was shown like this.
    Playing(Box<MatchPush>),
    /// It waits for a game server, since then; by the placement's id once that is known.
    Placing(Instant, Option<String>),
}

/// A request that is not answered yet. The answer to one for a placement is its id.
type Request = Pin<Box<dyn Future<Output = (Step, Result<Option<String>, RequestError>)> + Send>>;

struct Bot {
    number: usize,
    client: Client,
    events: Events,
    shared: Arc<Shared>,
    doing: Doing,
    request: Option<Request>,
    /// When it does the next thing, unless it waits for something.
    due: Option<Instant>,
    /// The version of its match that it has played for.
    played: u64,
    /// Its connection was lost, so that it may have missed what it waits for.
    lost: bool,
}

/// Plays from now on until the load is over.
pub(super) async fn play(number: usize, shared: Arc<Shared>) {
    let Some((client, events)) = connect(number, &shared).await else { return };
    shared.online(number);
    let due = Some(Instant::now() + shared.pause());
    let mut bot = Bot { number, client, events, shared, doing: Doing::Nothing, request: None, due, played: 0, lost: false };
    bot.run().await;
    bot.leave().await;
}

/// Tries until it is connected; none, if the load is over before.
async fn connect(number: usize, shared: &Shared) -> Option<(Client, Events)> {
    loop {
        let asked = Instant::now();
        let options = Options::new(&shared.url, shared.players.token(number));
        let connected = tokio::select! {
            () = shared.stop.cancelled() => return None,
            connected = Client::connect(options) => connected,
        };
        match connected {
            Ok(connected) => {
                shared.tally.took(Step::Connect, asked.elapsed());
                // Its resume and the reply.
                shared.tally.handled(2);
                return Some(connected);
            }
            Err(error) => shared.tally.failed(Step::Connect, refused(&error)),
        }
        tokio::select! {
            () = shared.stop.cancelled() => return None,
            () = sleep(AGAIN) => {}
        }
    }
}

impl Bot {
    async fn run(&mut self) {
        loop {
            let due = self.due.filter(|_| self.request.is_none());
            let answered = async { if let Some(request) = &mut self.request { request.await } else { pending().await } };
            tokio::select! {
                () = self.shared.stop.cancelled() => return,
                event = self.events.next() => match event {
                    Some(event) => self.told(event),
                    // A token that cannot be renewed was refused.
                    None => return self.shared.tally.failed(Step::Connect, "the client has given up"),
                },
                (step, answer) = answered => {
                    self.request = None;
                    self.answered(step, answer);
                }
                () = async { if let Some(due) = due { sleep_until(due).await } else { pending().await } } => self.act(),
            }
        }
    }

    /// Nothing more is waited for: the next thing comes after a pause.
    fn be_free(&mut self) {
        (self.doing, self.due) = (Doing::Nothing, Some(Instant::now() + self.shared.pause()));
    }

    fn act(&mut self) {
        self.due = None;
        match &self.doing {
            Doing::Nothing => match self.shared.mix.pick() {
                Activity::Play => self.join(),
                Activity::Chat => self.write(),
                Activity::Place => self.place(),
            },
            Doing::Playing(_) => self.move_on(),
            Doing::Waiting(_) | Doing::Placing(..) => {}
        }
    }

    /// Joins the pool of any mode that is played here.
    fn join(&mut self) {
        let modes: Vec<_> = MODES.iter().filter(|mode| mode.pool.is_some() && mode.as_played().is_some()).collect();
        let Some(mode) = fastrand::choice(modes) else { return self.be_free() };
        let client = self.client.clone();
        let request = JoinPool { mode: mode.name.to_owned(), skill: None, latencies: Vec::new() };
        self.doing = Doing::Waiting(Instant::now());
        self.ask(async move { (Step::Join, client.join_pool(&request).await.map(|_| None)) });
    }

    /// Writes to any other player who is connected.
    fn write(&mut self) {
        let (client, number) = (self.client.clone(), self.number);
        let Some(other) = self.shared.anybody_but(number) else { return self.be_free() };
        let (recipient, text) = ([self.shared.players.name(other).to_owned()], self.shared.stamp());
        self.ask(async move { (Step::Message, client.send_message(&recipient, &text).await.map(|_| None)) });
        self.be_free();
    }

    /// Asks for a place on a game server of the default mode.
    fn place(&mut self) {
        let client = self.client.clone();
        let request = SessionPlacementRequest { mode: None, latencies: Vec::new() };
        self.doing = Doing::Placing(Instant::now(), None);
        self.ask(async move { (Step::Place, client.request_placement(&request).await.map(|placement| Some(placement.placement_id))) });
    }

    /// Does any of the things that the game says can be tried in what the player sees.
    fn move_on(&mut self) {
        let Doing::Playing(seen) = &self.doing else { return };
        if !is_awaited(seen) {
            return;
        }
        let Some(action) = any_action(seen) else {
            return self.shared.tally.failed(Step::Play, "awaited, with nothing that can be done");
        };
        let (client, match_id) = (self.client.clone(), seen.match_id.clone());
        self.played = seen.version;
        self.shared.plays.play(&match_id, seen.version, Instant::now().into_std());
        // The push is the answer.
        self.shared.tally.handled(1);
        self.request = Some(Box::pin(async move { (Step::Play, client.play(&match_id, action).await.map(|_| None)) }));
    }

    /// Sends a request that is replied to.
    fn ask(&mut self, request: impl Future<Output = (Step, Result<Option<String>, RequestError>)> + Send + 'static) {
        self.shared.tally.handled(2);
        self.request = Some(Box::pin(request));
    }

    fn answered(&mut self, step: Step, answer: Result<Option<String>, RequestError>) {
        match (answer, &mut self.doing) {
            (Ok(id), Doing::Placing(_, placement_id)) => *placement_id = id,
            (Ok(_), _) => {}
            (Err(error), doing) => {
                self.shared.tally.failed(step, code(&error));
                match (step, doing) {
                    // It is tried again, on what the player sees by then.
                    (Step::Play, Doing::Playing(_)) => {
                        self.played = 0;
                        self.due = Some(Instant::now() + self.shared.pause());
                    }
                    (Step::Join, Doing::Waiting(_)) | (Step::Place, Doing::Placing(..)) => self.be_free(),
                    _ => {}
                }
            }
        }
    }

    fn told(&mut self, event: Event) {
        let shared = Arc::clone(&self.shared);
        shared.tally.handled(1);
        match event {
            Event::Match(push) => self.shown(push),
            Event::Pool(push) => {
                shared.tally.failed(Step::Join, word(&push.outcome));
                if matches!(self.doing, Doing::Waiting(_)) {
                    self.be_free();
                }
            }
            Event::Session(_) => {
                if let Doing::Placing(asked, _) = self.doing {
                    shared.tally.took(Step::Place, asked.elapsed());
                    self.be_free();
                }
            }
            // That a game session is over is told later.
            Event::Placement(push) if push.outcome != Outcome::Ended => {
                shared.tally.failed(Step::Place, word(&push.outcome));
                if matches!(self.doing, Doing::Placing(..)) {
                    self.be_free();
                }
            }
            Event::Message(message) => {
                if let Some(took) = shared.age(&message.message) {
                    shared.tally.took(Step::Message, took);
                }
            }
            Event::Disconnected { .. } => {
                shared.tally.failed(Step::Connect, "the connection was lost");
                self.lost = true;
            }
            Event::ConnectFailed { error, .. } => shared.tally.failed(Step::Connect, refused(&error)),
            Event::TokenExpired => shared.tally.failed(Step::Connect, "the token has expired"),
            Event::Missed(_) => shared.tally.failed(Step::Message, "events were not read in time"),
            Event::Resumed { seats, .. } => {
                let was_lost = std::mem::take(&mut self.lost);
                if was_lost && seats.is_empty() && self.request.is_none() {
                    self.be_free();
                }
            }
            _ => {}
        }
    }

    /// A match is shown: the player acts if it is awaited, after a pause that leaves time enough.
    fn shown(&mut self, push: MatchPush) {
        let (now, over) = (Instant::now(), push.state == MatchState::Over);
        let shown = self.shared.plays.shown(&push.match_id, push.version, over, now.into_std());
        if let Some(took) = shown.since {
            self.shared.tally.took(Step::Play, took);
        }
        self.shared.ended(u64::from(shown.ended));
        if let Doing::Waiting(asked) = self.doing {
            self.shared.tally.took(Step::Join, asked.elapsed());
            self.played = 0;
        }
        if over {
            return self.be_free();
        }
        let left = push.due_at.map(|due_at| Duration::from_millis(due_at.saturating_sub(push.now)) / 2);
        self.due = (is_awaited(&push) && push.version > self.played)
            .then(|| now + left.map_or(self.shared.pause(), |left| left.min(self.shared.pause())));
        self.doing = Doing::Playing(Box::new(push));
    }

    /// Gives up what it is in, and closes its socket.
    async fn leave(self) {
        let client = &self.client;
        sleep(self.shared.spread()).await;
        let asked = Instant::now();
        let left = match &self.doing {
            Doing::Nothing | Doing::Placing(_, None) => None,
            Doing::Waiting(_) => Some(client.leave_pool().await.map(drop)),
            Doing::Playing(seen) => Some(client.leave_match(&seen.match_id).await.map(drop)),
            Doing::Placing(_, Some(id)) => Some(client.cancel_placement(id).await.map(drop)),
        };
        match left {
            Some(Ok(())) => self.shared.tally.took(Step::Leave, asked.elapsed()),
            // The other may have left just before, or somebody was found.
            Some(Err(error)) => self.shared.tally.failed(Step::Leave, code(&error)),
            None => {}
        }
        client.close().await;
    }
}

/// Whether the match waits for who is shown this.
fn is_awaited(seen: &MatchPush) -> bool {
    seen.state == MatchState::Playing && seen.seat.is_some_and(|seat| seen.awaits.contains(&seat))
}

/// Any of the actions that the game of a match says can be tried by who sees this; none, if this program does not know the game.
fn any_action(seen: &MatchPush) -> Option<Value> {
    let played = mode(&seen.mode)?.as_played()?;
    let tries = played.game.tries(seen.view.as_ref()?, Viewer::Seat(seen.seat?)).ok()?;
    fastrand::choice(tries)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(mode: &str, seat: usize, view: &Value) -> MatchPush {
        serde_json::from_value(json!({
            "matchId": "m", "mode": mode, "version": 2, "state": "playing", "players": [], "seat": seat, "awaits": [seat], "now": 0,
            "view": view,
        }))
        .unwrap()
    }

    #[test]
    fn bots_do_what_the_view_allows() {
        let board = json!({"cells": [0, 1, null, 0, 1, 1, 1, 0, 0], "turn": 1, "bank": [60_000, 60_000]});
        assert_eq!(any_action(&seen("tic-tac-toe", 1, &board)), Some(json!(2)), "the one free cell");
        let round = json!({"round": 1, "wins": 3, "yourScore": 0, "theirScore": 0, "plays": ["rock", "paper", "scissors"]});
        assert!(["rock", "paper", "scissors"].contains(&any_action(&seen("rps", 0, &round)).unwrap().as_str().unwrap()));
        assert_eq!(any_action(&seen("chess", 0, &round)), None);
    }
}
