//! Traps for functions: whoever makes a certain call about a certain player is held there, and killed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{Moment, kill};
use crate::harness::{Call, Gate, LocalStack, Proxy, Treatment, eventually};

/// How long others may take to step into their traps, too, before those who have are killed: together, since whoever works for another row
/// at that moment dies with them, and what is asynchronous is tried three times only.
const TOGETHER: Duration = Duration::from_millis(1_500);

/// How long is waited where nobody else can come. What was called by then is done.
const SETTLE: Duration = Duration::from_millis(400);

/// How long somebody is held at most, so that its time is not up meanwhile.
const LONGEST: Duration = Duration::from_secs(3);

/// How long it may take until the last trap has sprung.
const PATIENCE: Duration = Duration::from_secs(40);

/// Where in its work a function is killed: at the first call of `operation` that has `mark` in it.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub function: &'static str,
    pub operation: &'static str,
    pub mark: &'static str,
    pub moment: Moment,
}

#[derive(Debug)]
struct Trap {
    point: Point,
    player: String,
    sprung_at: Option<Instant>,
    killed: bool,
}

#[derive(Debug, Default)]
struct State {
    traps: Vec<Trap>,
    /// Whose each thing is, such as a placement or a match: most calls name only the thing.
    players: HashMap<String, String>,
    /// Of how much it is waited for that it happens while functions are held.
    awaited: usize,
}

/// The names of what is inserted, by which others call it.
const IDS: [&str; 5] = ["placementId", "pool", "ticketId", "matchId", "holds"];

/// Traps for players, and the first one of each player before its second.
#[derive(Clone, Default)]
pub struct Traps(Arc<Mutex<State>>);

impl Traps {
    /// Sets a trap for whoever works for each of these players.
    pub fn set(proxy: &Proxy, traps: impl IntoIterator<Item = (String, Point)>) -> Self {
        let traps = traps.into_iter().map(|(player, point)| Trap { point, player, sprung_at: None, killed: false });
        let set = Self(Arc::new(Mutex::new(State { traps: traps.collect(), ..State::default() })));
        let (state, gate) = (Arc::clone(&set.0), Gate::closed());
        proxy.treat(move |call| match state.lock().unwrap().step(call) {
            None => Treatment::Pass,
            Some(Moment::BeforeItsCall) => Treatment::HoldCall(gate.clone()),
            Some(Moment::AfterItsCall) => Treatment::HoldAnswer(gate.clone()),
        });
        set
    }

    /// Kills whoever is in a trap, until all traps have sprung.
    pub async fn watch(&self, stack: &LocalStack) {
        let deadline = Instant::now() + PATIENCE;
        while let Some(left) = self.left() {
            let functions = self.0.lock().unwrap().due();
            for function in functions {
                kill(stack, &stack.processes(function).await);
            }
            assert!(Instant::now() < deadline, "nobody has stepped into {left}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Nobody is killed before so many things have [happened](Self::happened).
    pub fn wait_for(&self, count: usize) {
        self.0.lock().unwrap().awaited = count;
    }

    /// One of the things that are waited for has happened.
    pub fn happened(&self) {
        self.0.lock().unwrap().awaited -= 1;
    }

    /// Waits until somebody has stepped into this player's first trap.
    pub async fn first_springs(&self, player: &str) {
        eventually(&format!("somebody is held over {player}"), || async {
            let state = self.0.lock().unwrap();
            state.traps.iter().any(|trap| trap.player == player && trap.sprung_at.is_some()).then_some(())
        })
        .await;
    }

    /// The traps in which nobody has been killed yet, if there are any.
    fn left(&self) -> Option<String> {
        let state = self.0.lock().unwrap();
        let left: Vec<&Trap> = state.traps.iter().filter(|trap| !trap.killed).collect();
        (!left.is_empty()).then(|| format!("{left:#?}"))
    }
}

impl State {
    /// Where the caller is to be held, if it steps into a trap.
    fn step(&mut self, call: &Call) -> Option<Moment> {
        self.learn(call);
        let players: Vec<&String> = self.players.iter().filter(|(id, _)| call.body.contains(*id)).map(|(_, player)| player).collect();
        let steps = |trap: &Trap| {
            let Point { operation, mark, .. } = trap.point;
            let is_about = call.body.contains(&trap.player) || players.contains(&&trap.player);
            trap.sprung_at.is_none() && call.operation == operation && call.body.contains(mark) && is_about
        };
        let armed = |at: usize, trap: &Trap| self.traps[..at].iter().all(|other| other.player != trap.player || other.sprung_at.is_some());
        let found = self.traps.iter().enumerate().find(|(at, trap)| steps(trap) && armed(*at, trap))?.0;
        let trap = &mut self.traps[found];
        trap.sprung_at = Some(Instant::now());
        Some(trap.point.moment)
    }

    /// Learns from a transaction whose the things are that it inserts.
    fn learn(&mut self, call: &Call) {
        let Some(trap) = self.traps.iter().find(|trap| call.operation == "TransactWriteItems" && call.body.contains(&trap.player)) else {
            return;
        };
        let body: Value = serde_json::from_str(&call.body).unwrap();
        let inserted: Vec<&Value> = body["TransactItems"].as_array().unwrap().iter().map(|item| &item["Put"]["Item"]).collect();
        let ids = inserted.iter().flat_map(|item| IDS.iter().filter_map(|name| item[name]["S"].as_str()));
        self.players.extend(ids.map(|id| (id.to_owned(), trap.player.clone())));
    }

    /// The functions that are to be killed now.
    fn due(&mut self) -> Vec<&'static str> {
        let held: Vec<Instant> = self.traps.iter().filter(|trap| !trap.killed).filter_map(|trap| trap.sprung_at).collect();
        let (Some(first), Some(last)) = (held.iter().min(), held.iter().max()) else { return Vec::new() };
        let can_come = |at: usize, trap: &Trap| self.traps[..at].iter().all(|other| other.player != trap.player || other.killed);
        let others = self.traps.iter().enumerate().any(|(at, trap)| trap.sprung_at.is_none() && can_come(at, trap));
        let patience = if others { TOGETHER } else { SETTLE };
        if self.awaited > 0 || (last.elapsed() < patience && first.elapsed() < LONGEST) {
            return Vec::new();
        }
        let mut functions = Vec::new();
        for trap in self.traps.iter_mut().filter(|trap| !trap.killed && trap.sprung_at.is_some()) {
            trap.killed = true;
            functions.push(trap.point.function);
        }
        functions.sort_unstable();
        functions.dedup();
        functions
    }
}
