//! A player who does at random what players do, and who is away at times.

use std::{
    sync::{Arc, Mutex, MutexGuard, atomic::Ordering::Relaxed},
    time::Duration,
};

use fastrand::Rng;
use muster_client::{Client, Options};
use muster_game::Viewer;
use muster_protocol::{
    MatchPush, MatchState, SeatKind,
    routes::{JoinPool, Resume, SessionPlacementRequest},
};
use serde_json::{Value, json};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};

use super::{
    book::Book,
    load::{Load, lock},
    network::Network,
};
use crate::{Result, stack::Stack};

/// How long a player waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Modes with a pool, and those that are played by a code.
const POOLS: [&str; 4] = ["rps", "rpsls", "tic-tac-toe", "duel"];
const PLAYED: [&str; 3] = ["rps", "rpsls", "tic-tac-toe"];

/// A player.
pub struct Player {
    pub name: String,
    book: Arc<Mutex<Book>>,
    random: Rng,
    network: Network,
    options: Options,
    /// Its client, and who notes what that hands out.
    here: Option<(Client, JoinHandle<()>)>,
    /// The latest version of a match in which it has done something.
    acted: Option<(String, u64)>,
}

impl Player {
    /// A player who is not there yet.
    pub async fn new(stack: &Stack, name: &str, random: Rng) -> Result<Self> {
        let network = Network::open().await?;
        let (url, token) = (network.lead_to(&stack.url)?, tokio::task::block_in_place(|| stack.token(name))?);
        let options = Options { request_timeout: PATIENCE, event_capacity: 100_000, ..Options::new(url, token) };
        Ok(Self { name: name.to_owned(), book: Arc::default(), random, network, options, here: None, acted: None })
    }

    /// What it was told.
    pub fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    /// Comes, and goes on where it was; again and again if it is not let in.
    pub async fn come(&mut self) -> Client {
        if let Some((client, _)) = &self.here {
            return client.clone();
        }
        let after = self.book().cursor.clone();
        loop {
            // A client that was refused has handed out nothing.
            if let Ok((client, mut events)) = Client::connect(Options { after: after.clone(), ..self.options.clone() }).await {
                self.book().client += 1;
                let book = Arc::clone(&self.book);
                let noting = tokio::spawn(async move {
                    while let Some(event) = events.next().await {
                        lock(&book).note(event);
                    }
                });
                self.here = Some((client.clone(), noting));
                return client;
            }
            sleep(Duration::from_millis(self.random.u64(200..1_000))).await;
        }
    }

    /// Goes away. What its client has handed out until then is noted.
    pub async fn go(&mut self) -> Result<()> {
        if let Some((client, noting)) = self.here.take() {
            client.close().await;
            drop(client);
            noting.await?;
        }
        Ok(())
    }

    /// Comes anew, and reads its inbox to the end.
    pub async fn come_and_read(&mut self, patience: Duration) -> Result<()> {
        self.go().await?;
        let (before, until) = (self.book().resumed, Instant::now() + patience);
        self.come().await;
        while self.book().resumed == before {
            if Instant::now() > until {
                return Err(format!("{} could not read its inbox within {patience:?}", self.name).into());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Does one thing after another until the load is through.
    pub async fn live(&mut self, load: &Load) -> Result<()> {
        while let Some(at) = load.next() {
            sleep_until(at).await;
            let client = self.come().await;
            self.end_games(load, 0.3)?;
            let is_seated = self.book().seated;
            match self.random.u8(0..100) {
                0..2 => {
                    load.cuts.fetch_add(1, Relaxed);
                    self.network.cut();
                    sleep(Duration::from_millis(self.random.u64(1..2_000))).await;
                    self.network.mend();
                }
                2..4 => {
                    load.absences.fetch_add(1, Relaxed);
                    self.go().await?;
                    sleep(Duration::from_millis(self.random.u64(500..20_000))).await;
                }
                4 if is_seated => self.leave(load, &client).await,
                5..70 if self.play(load, &client).await => {}
                5..35 if !is_seated => self.begin(load, &client).await,
                _ => self.send(load, &client).await,
            }
        }
        Ok(())
    }

    async fn send(&mut self, load: &Load, client: &Client) {
        let recipients: Vec<&String> = (0..self.random.usize(1..4)).filter_map(|_| self.random.choice(&load.names)).collect();
        let text = format!("{} {:016x}", self.name, self.random.u64(..));
        if let Some(sent) = load.count("sendMessage", client.send_message(&recipients, &text).await) {
            self.book().sent.extend(sent.message_ids.into_iter().map(|(recipient, id)| (recipient, id, text.clone())));
        }
    }

    /// Asks for something that takes a seat.
    async fn begin(&mut self, load: &Load, client: &Client) {
        let code = lock(&load.codes).pop();
        let is_taken = match (self.random.u8(0..10), code) {
            (0..4, code) => {
                lock(&load.codes).extend(code);
                let mode = POOLS[self.random.usize(0..POOLS.len())].to_owned();
                let skill = self.random.bool().then(|| self.random.u16(2_350..2_650));
                load.count("joinPool", client.join_pool(&JoinPool { mode, skill, latencies: Vec::new() }).await).is_some()
            }
            (4..6, code) => {
                lock(&load.codes).extend(code);
                self.place(load, client).await
            }
            (_, Some(code)) => load.count("joinMatch", client.join_match(&code).await).is_some(),
            (roll, None) => {
                let (mode, bots) = (PLAYED[self.random.usize(0..PLAYED.len())], usize::from(roll == 9));
                let opened = load.count("newMatch", client.new_match(mode, None, bots).await);
                lock(&load.codes).extend(opened.iter().filter(|_| bots == 0).map(|opened| opened.match_id.clone()));
                opened.is_some()
            }
        };
        // What ended before the reply came is corrected when a request is not refused, or by the next resume.
        self.book().seated |= is_taken;
    }

    /// Asks for a game server, and at times thinks better of it.
    async fn place(&mut self, load: &Load, client: &Client) -> bool {
        let mode = self.random.bool().then(|| "duel".to_owned());
        let request = SessionPlacementRequest { mode, latencies: Vec::new() };
        let Some(requested) = load.count("sessionPlacementRequest", client.request_placement(&request).await) else { return false };
        self.book().asked.push(requested.placement_id.clone());
        if self.random.u8(0..4) == 0 {
            sleep(Duration::from_millis(self.random.u64(0..300))).await;
            load.count("cancelPlacement", client.cancel_placement(&requested.placement_id).await);
        }
        !self.book().placements.contains_key(&requested.placement_id)
    }

    /// Publishes the end of game sessions that it was told of, each with this chance, as their servers would.
    fn end_games(&mut self, load: &Load, chance: f64) -> Result<()> {
        let open = std::mem::take(&mut self.book().open);
        for (placement, session) in open {
            if self.random.f64() >= chance {
                self.book().open.push((placement, session));
                continue;
            }
            let event = json!({"source": "game-server", "detail": {"type": "SessionEnded", "gameSessionArn": session, "results": {}}});
            tokio::task::block_in_place(|| load.stack.publish("placement-events", &event))?;
            self.book().ended.insert(placement);
        }
        Ok(())
    }

    /// Acts in the match that it was told of last, if that awaits it. Whether it does.
    async fn play(&mut self, load: &Load, client: &Client) -> bool {
        let shown = self.book().matches.values().max_by_key(|shown| shown.now).cloned();
        match shown {
            Some(shown) => self.act(load, client, &shown).await,
            None => false,
        }
    }

    /// Does in a match what its game allows, once for each version. Whether the match awaits that.
    async fn act(&mut self, load: &Load, client: &Client, shown: &MatchPush) -> bool {
        let Some(action) = self.tries(shown).and_then(|tries| self.random.choice(tries)) else { return false };
        self.acted = Some((shown.match_id.clone(), shown.version));
        load.count("play", client.play(&shown.match_id, action).await);
        true
    }

    /// What can be done in a match, if it awaits the player.
    fn tries(&self, shown: &MatchPush) -> Option<Vec<Value>> {
        let seat = shown.seat.filter(|seat| shown.state == MatchState::Playing && shown.awaits.contains(seat))?;
        let has_acted = self.acted.as_ref().is_some_and(|(id, version)| *id == shown.match_id && *version >= shown.version);
        let played = muster_game::mode(&shown.mode)?.as_played()?;
        (!has_acted).then(|| played.game.tries(shown.view.as_ref()?, Viewer::Seat(seat)).ok())?
    }

    /// Gives up what it is in.
    async fn leave(&mut self, load: &Load, client: &Client) {
        let Some(resumed) = load.count("resume", client.call(&Resume { limit: Some(1), ..Resume::default() }).await) else { return };
        for seat in resumed.state.unwrap_or_default().seats {
            match seat.kind {
                SeatKind::Ticket => drop(load.count("leavePool", client.leave_pool().await)),
                SeatKind::Match => drop(load.count("leaveMatch", client.leave_match(&seat.id).await)),
                SeatKind::Placement => drop(load.count("cancelPlacement", client.cancel_placement(&seat.id).await)),
                SeatKind::Unknown => {}
            }
        }
    }

    /// Plays on until it is in nothing any more, and begins nothing. What it is in still when the time is up.
    pub async fn finish(&mut self, load: &Load, until: Instant) -> Vec<String> {
        let client = self.come().await;
        loop {
            while self.play(load, &client).await {}
            let mut seats = None;
            if let Some(resumed) = load.count("resume", client.call(&Resume { limit: Some(1), ..Resume::default() }).await) {
                let state = resumed.state.unwrap_or_default();
                // Of a push that became a letter the book does not know.
                self.acted = None;
                for shown in &state.matches {
                    self.act(load, &client, shown).await;
                }
                let waits = |id: &str| state.matches.iter().any(|shown| shown.match_id == id && shown.state == MatchState::Waiting);
                for seat in &state.seats {
                    match seat.kind {
                        SeatKind::Ticket => drop(load.count("leavePool", client.leave_pool().await)),
                        SeatKind::Match if waits(&seat.id) => drop(load.count("leaveMatch", client.leave_match(&seat.id).await)),
                        _ => {}
                    }
                }
                seats = Some(state.seats);
            }
            match seats {
                Some(seats) if seats.is_empty() => return Vec::new(),
                Some(seats) if Instant::now() > until => {
                    return seats.iter().map(|seat| format!("{} is in the {} {} still", self.name, seat.kind.name(), seat.id)).collect();
                }
                None if Instant::now() > until => return vec![format!("{} is not answered", self.name)],
                _ => sleep(Duration::from_secs(1)).await,
            }
        }
    }

    /// Whether it can see that this match is over.
    pub async fn sees_the_end_of(&mut self, match_id: &str) -> bool {
        let is_over = |shown: &MatchPush| shown.state == MatchState::Over;
        let client = self.come().await;
        for _ in 0..5 {
            match client.join_match(match_id).await {
                Ok(shown) => return is_over(&shown),
                Err(error) if error.may_have_happened() => {}
                Err(_) => return false,
            }
        }
        false
    }
}
