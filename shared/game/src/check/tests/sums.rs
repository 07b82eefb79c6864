//! A small game, and what can be wrong with it.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::prelude::*;

/// Each has a card, which only its owner knows. In each round both call 1 or 2, in secret, and then that is added up. Beyond 6 the higher
/// card wins.
#[derive(Debug)]
pub struct Sums {
    planted: Option<Planted>,
    memory: AtomicU32,
}

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    ShowsHands,
    ShowsHandsInEvents,
    ShowsCalls,
    CountsCalls,
    MovesTheClock,
    GoesRound,
    Panics,
    PanicsForWatchers,
    WritesWhatItCannotRead,
    Remembers,
    ShowsTheUnstable,
    Grows,
    IsDear,
    AwaitsNobody,
    LooksFarAhead,
    StopsTheClock,
    AllowsAnything,
    RefusesWhatItOffers,
    OffersNothing,
    ComputesNonsense,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct State {
    sum: u32,
    hands: [Secret<usize>; 2],
    calls: [Option<Secret<u32>>; 2],
    note: String,
    #[serde(skip_serializing_if = "is_six")]
    six: u32,
}

fn is_six(number: &u32) -> bool {
    *number == 6
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct View {
    sum: u32,
    hand: Option<usize>,
    call: Option<u32>,
    others: Vec<usize>,
    tries: Vec<u32>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Added {
    sum: u32,
    hand: Secret<usize>,
}

impl JsonSchema for Added {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Added".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::Schema::default()
    }
}

impl Sums {
    pub fn with(planted: Option<Planted>) -> Self {
        Self { planted, memory: AtomicU32::new(0) }
    }

    fn has(&self, planted: Planted) -> bool {
        self.planted == Some(planted)
    }

    fn round(&self, state: State, now: Millis) -> Step<State, Added> {
        match self.planted {
            Some(Planted::AwaitsNobody) if state.sum > 0 => Step::to(state).clock(Clock::Idle),
            Some(Planted::LooksFarAhead) if state.sum > 0 => Step::to(state).awaits([0, 1]).until(now + 1_000_000),
            _ => Step::to(state).awaits([0, 1]).until(now + 20_000),
        }
    }
}

impl Game for Sums {
    type Options = ();
    type State = State;
    type Action = u32;
    type View = View;
    type Event = Added;

    fn begin(&self, table: &Table<()>, chance: &mut Chance) -> Step<State, Added> {
        let hands = [0, 1].map(|seat| Secret::of(seat, chance.below(6)));
        self.round(State { sum: 0, hands, calls: [None, None], note: String::new(), six: 0 }, table.now)
    }

    fn act(&self, mut state: State, by: Actor<'_>, call: u32, table: &Table<()>, _: &mut Chance) -> Result<Step<State, Added>, Refusal> {
        let Actor::Seat(seat) = by else { return refuse("not_seated", "only players call") };
        if !(1..=2).contains(&call) && !self.has(Planted::AllowsAnything) {
            assert!(!self.has(Planted::Panics) || call != 99, "99 is too many");
            return refuse("no_call", "action: 1 or 2");
        }
        if self.has(Planted::RefusesWhatItOffers) && call == 2 && state.sum > 0 {
            return refuse("no_call", "action: 1");
        }
        state.calls[seat] = Some(Secret::of(seat, call));
        let [Some(one), Some(other)] = &state.calls else {
            let step = Step::to(state).awaits([1 - seat]).tell(Tell::Nobody);
            return Ok(if self.has(Planted::MovesTheClock) { step.until(table.now + 30_000) } else { step });
        };
        state.sum += (one.reveal() + other.reveal()).min(9);
        state.calls = [None, None];
        if self.has(Planted::GoesRound) {
            state.sum %= 5;
        }
        if self.has(Planted::Remembers) {
            state.sum += self.memory.fetch_add(1, Ordering::Relaxed) % 2;
        }
        if self.has(Planted::WritesWhatItCannotRead) {
            state.six = state.sum;
        }
        if self.has(Planted::Grows) {
            state.note.push_str(&"more ".repeat(40));
        }
        let event = Added { sum: state.sum, hand: state.hands[seat].clone() };
        if state.sum > 6 {
            let winner = usize::from(state.hands[1].reveal() > state.hands[0].reveal());
            return Ok(Step::to(state).event(event).over(Outcome::won_by(winner, 2, "the higher card")));
        }
        Ok(self.round(state, table.now).event(event))
    }

    fn time_up(&self, mut state: State, table: &Table<()>, _: &mut Chance) -> Step<State, Added> {
        state.sum += 1;
        state.calls = [None, None];
        if state.sum > 6 {
            return Step::to(state).over(Outcome::drawn(2, "too slow"));
        }
        if self.has(Planted::StopsTheClock) { Step::to(state).awaits([0, 1]) } else { self.round(state, table.now) }
    }

    fn view(&self, state: &State, viewer: Viewer<'_>, _: &Table<()>) -> View {
        assert!(!self.has(Planted::PanicsForWatchers) || matches!(viewer, Viewer::Seat(_)), "who is that?");
        let seat = if let Viewer::Seat(seat) = viewer { seat } else { 0 };
        let call = state.calls[seat].as_ref();
        let call = if self.has(Planted::ShowsCalls) {
            call.or(state.calls[1 - seat].as_ref()).map(Secret::reveal)
        } else {
            call.and_then(|call| call.seen_by(viewer))
        };
        let others = match self.planted {
            Some(Planted::ShowsHands) => vec![*state.hands[1 - seat].reveal()],
            Some(Planted::CountsCalls) => vec![state.calls.iter().flatten().count()],
            Some(Planted::ShowsTheUnstable) => vec![self.memory.fetch_add(1, Ordering::Relaxed) as usize],
            _ => Vec::new(),
        };
        let tries = if self.has(Planted::OffersNothing) && state.sum > 2 { vec![] } else { vec![1, 2] };
        View { sum: state.sum, hand: state.hands[seat].seen_by(viewer).copied(), call: call.copied(), others, tries }
    }

    fn show(&self, event: &Added, viewer: Viewer<'_>, _: &Table<()>) -> Option<Added> {
        let shown = self.has(Planted::ShowsHandsInEvents) || event.hand.seen_by(viewer).is_some();
        shown.then(|| event.clone())
    }

    fn tries(&self, view: &View, _: Viewer<'_>) -> Vec<u32> {
        view.tries.clone()
    }

    fn bot(&self, view: &View, _: usize, chance: &mut Chance) -> Option<u32> {
        match self.planted {
            Some(Planted::ComputesNonsense) => Some(7),
            Some(Planted::RefusesWhatItOffers) => Some(1),
            _ => chance.pick(&view.tries).copied(),
        }
    }
}
