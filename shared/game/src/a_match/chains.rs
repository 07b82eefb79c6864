//! Tries every order of what may happen to the timers of one match, with [`Match::look`] and the rule by which writes begin timers.
//!
//! **What is modelled.** Of the row when the clock acts next, its revision and which one is armed; players who write at any moment, and so
//! move that time, also by a clock that is a little behind; the records of these writes, of which the consumer makes messages; and the
//! messages, of which a function takes one, looks, does what it has to, looks again if that was to act, and then deletes it. As many things
//! as [`Chains::faults`] go wrong: a function dies before any of these, and its message comes again; a message comes twice at the same
//! time; a record comes again. Time is coarse: a timer is sent on by one step of it, and armed anew over more.
//!
//! **What holds.** A match that is played always has somebody who will see to the clock, and in time. Beside it there are no more than one
//! for each thing that went wrong. And when the match is over, all of them end: each thing that happens then brings that nearer.

use stateright::{Checker, HasDiscoveries, Model, Property};

use super::{Look, Match, MatchState, Millis, tests::begun, timing::begins_timer};

/// A step of time, in milliseconds.
const STEP: Millis = 50_000;

/// What time it is. It stays so: all others move.
const NOW: Millis = 1_000_000;

/// Furthest time that the clock is set to, in steps: behind what is sent on without a write.
const FURTHEST: u8 = 2;

const ALIVE: &str = "a match that is played has a timer that is in time";
const FEW: &str = "there are no more timers beside it than things that went wrong";
const ENDS: &str = "timers end with their match";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    /// A message is sent on whichever chain it is of.
    SendsOnAnything,
    /// The clock acts, and no timer is begun by that.
    ActsWithoutArming,
    /// It is not looked again behind a change that was to act.
    LooksOnce,
    /// A message is deleted before the next one is sent.
    DeletesFirst,
    /// Only a first time begins a timer, an earlier one does not.
    ForgetsEarlier,
    /// A timer goes on when its match is over.
    OutlivesItsMatch,
}

#[derive(Clone, Debug)]
struct Chains {
    /// How many things may go wrong.
    faults: usize,
    /// How often players write, and how often the clock acts before it ends the match.
    writes: usize,
    mistake: Option<Mistake>,
    /// The row, but for what is modelled of it.
    row: Match,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// In how many steps the clock acts; none, if the match is over.
    due: Option<u8>,
    /// Writes that have begun timers, from the oldest on: whether the row still has that one armed, and in how many steps it is due.
    records: Vec<(bool, u8)>,
    messages: Vec<Message>,
    faults: usize,
    writes: usize,
    acts: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Message {
    /// Whether it is the one that the row has armed.
    armed: bool,
    /// In how many steps it comes.
    at: u8,
    again: bool,
    stage: Stage,
}

/// Where the function is that has a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Stage {
    /// It has not begun.
    Queued,
    /// It acts. Or it does not, if somebody has written since it looked.
    Acts(bool),
    /// It arms.
    Arms,
    /// It sends the message on, to come in so many steps.
    SendsOn(u8),
    /// It has only to delete the message.
    Deletes,
    /// It has deleted the message, and has still to send it on. That is a mistake.
    Owes(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    TimePasses,
    /// A player writes, and then the clock acts in so many steps; none ends the match.
    Write {
        due: Option<u8>,
        behind: bool,
    },
    /// The oldest record is seen to.
    Announce,
    /// And will be again.
    AnnounceAndDie,
    /// A function goes on with this message.
    GoOn(usize),
    /// The clock has acted, and acts next in so many steps.
    Acted(usize, Option<u8>),
    Die(usize),
    /// It comes twice.
    Double(usize),
}

impl State {
    /// Whether a message will see to the clock, in time.
    fn is_alive(&self, message: &Message) -> bool {
        match message.stage {
            Stage::Acts(true) | Stage::Arms => true,
            // The function may die with what it owes.
            Stage::Deletes | Stage::Owes(_) => false,
            _ => message.armed && self.due.is_some_and(|due| message.at <= due),
        }
    }

    fn has_timer(&self) -> bool {
        self.records.iter().any(|record| record.0) || self.messages.iter().any(|message| self.is_alive(message))
    }

    /// How many timers will go on.
    fn timers(&self) -> usize {
        let goes_on = |message: &&Message| message.armed && message.stage != Stage::Deletes;
        self.records.iter().filter(|record| record.0).count() + self.messages.iter().filter(goes_on).count()
    }

    /// How much may still happen once the match is over.
    fn ahead(&self) -> usize {
        let ahead = |message: &Message| match message.stage {
            Stage::SendsOn(_) | Stage::Owes(_) => 8,
            Stage::Acts(_) => 4,
            Stage::Queued => 3,
            Stage::Arms => 2,
            Stage::Deletes => 1,
        };
        20 * self.faults + 5 * self.records.len() + self.messages.iter().map(ahead).sum::<usize>()
    }

    /// A write, behind which the clock acts in so many steps.
    fn write(&mut self, due: Option<u8>, asked: bool, mistake: Option<Mistake>) {
        let at = |due: Option<u8>| due.map(|due| NOW + STEP * Millis::from(due));
        let before = self.due;
        self.due = due;
        for message in &mut self.messages {
            message.stage = if message.stage == Stage::Acts(true) { Stage::Acts(false) } else { message.stage };
        }
        let begins = match mistake {
            Some(Mistake::ForgetsEarlier) => due.is_some() && (asked || before.is_none()),
            Some(Mistake::ActsWithoutArming) => begins_timer(at(before), at(due), false),
            _ => begins_timer(at(before), at(due), asked),
        };
        if let (true, Some(due)) = (begins, due) {
            self.messages.iter_mut().for_each(|message| message.armed = false);
            self.records.iter_mut().for_each(|record| record.0 = false);
            self.records.push((true, due));
        }
    }
}

impl Chains {
    /// What a function does next that has this message.
    fn looks(&self, state: &State, message: Message) -> Stage {
        let phase = if state.due.is_some() { MatchState::Playing } else { MatchState::Over };
        let due_at = Some(NOW + STEP * Millis::from(state.due.unwrap_or_default()));
        let row = Match { phase, due_at, bot_at: None, armed: 1, ..self.row.clone() };
        let armed = message.armed || self.mistake == Some(Mistake::SendsOnAnything);
        match row.look(armed.into(), message.again, NOW) {
            Look::Act => Stage::Acts(true),
            Look::Arm => Stage::Arms,
            Look::SendOn(at) => Stage::SendsOn(u8::try_from((at - NOW) / STEP).unwrap_or_default()),
            Look::End if self.mistake == Some(Mistake::OutlivesItsMatch) && state.due.is_none() => Stage::SendsOn(1),
            Look::End => Stage::Deletes,
        }
    }

    /// A function goes on with the message `at`.
    fn goes_on(&self, state: &mut State, at: usize) {
        let message = state.messages[at];
        let sent = |due| Message { at: due, again: false, stage: Stage::Queued, ..message };
        state.messages[at].stage = match message.stage {
            Stage::Queued => self.looks(state, message),
            // It has lost to another write. What the clock should do now is asked of the row as it is.
            Stage::Acts(_) if self.mistake == Some(Mistake::LooksOnce) => Stage::Deletes,
            Stage::Acts(_) => self.looks(state, message),
            Stage::Arms => {
                if let Some(due) = state.due {
                    state.write(Some(due), true, self.mistake);
                }
                Stage::Deletes
            }
            Stage::SendsOn(due) if self.mistake == Some(Mistake::DeletesFirst) => Stage::Owes(due),
            Stage::SendsOn(due) => {
                state.messages.push(sent(due));
                Stage::Deletes
            }
            Stage::Owes(due) => {
                state.messages[at] = sent(due);
                return;
            }
            Stage::Deletes => {
                state.messages.remove(at);
                return;
            }
        };
    }
}

impl Model for Chains {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let (faults, writes, acts) = (self.faults, self.writes, self.writes);
        (0..=FURTHEST).map(|due| State { due: Some(due), records: vec![(true, due)], messages: vec![], faults, writes, acts }).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let dues = || (1..=FURTHEST).map(Some).chain([None]);
        if state.due.is_some_and(|due| due > 0) || state.messages.iter().any(|message| message.at > 0) {
            actions.push(Action::TimePasses);
        }
        if state.due.is_some() && state.writes > 0 {
            actions.extend(dues().map(|due| Action::Write { due, behind: false }));
            actions.extend(dues().filter(|_| state.due == Some(0)).map(|due| Action::Write { due, behind: true }));
        }
        if !state.records.is_empty() {
            actions.push(Action::Announce);
            actions.extend((state.faults > 0).then_some(Action::AnnounceAndDie));
        }
        for (at, message) in state.messages.iter().enumerate().filter(|(_, message)| message.at == 0) {
            match message.stage {
                Stage::Acts(true) => actions.extend(dues().filter(|due| due.is_none() || state.acts > 0).map(|due| Action::Acted(at, due))),
                _ => actions.push(Action::GoOn(at)),
            }
            if state.faults > 0 {
                actions.extend((message.stage != Stage::Queued).then_some(Action::Die(at)));
                actions.push(Action::Double(at));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::TimePasses => {
                state.due = state.due.map(|due| due.saturating_sub(1));
                for message in &mut state.messages {
                    message.at = message.at.saturating_sub(1);
                    if let Stage::SendsOn(at) | Stage::Owes(at) = &mut message.stage {
                        *at = at.saturating_sub(1);
                    }
                }
                state.records.iter_mut().for_each(|record| record.1 = record.1.saturating_sub(1));
            }
            Action::Write { due, behind } => {
                state.writes -= 1;
                // Whoever writes does what the clock should have done, unless its own clock is behind.
                let overdue = state.due == Some(0) && !behind;
                state.write(due, overdue, self.mistake);
            }
            Action::Announce | Action::AnnounceAndDie => {
                let (armed, at) = state.records[0];
                state.messages.push(Message { armed, at, again: false, stage: Stage::Queued });
                if action == Action::Announce {
                    state.records.remove(0);
                } else {
                    state.faults -= 1;
                }
            }
            Action::GoOn(at) => self.goes_on(&mut state, at),
            Action::Acted(at, due) => {
                state.acts = state.acts.saturating_sub(1);
                state.write(due, true, self.mistake);
                // It looks again.
                state.messages[at].stage = if self.mistake == Some(Mistake::LooksOnce) { Stage::Deletes } else { Stage::Acts(false) };
            }
            Action::Die(at) => {
                state.faults -= 1;
                if matches!(state.messages[at].stage, Stage::Owes(_)) {
                    state.messages.remove(at);
                } else {
                    (state.messages[at].again, state.messages[at].stage) = (true, Stage::Queued);
                }
            }
            Action::Double(at) => {
                state.faults -= 1;
                let twin = state.messages[at];
                state.messages.push(Message { again: true, stage: Stage::Queued, ..twin });
            }
        }
        state.messages.sort_unstable();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ALIVE, |_, state: &State| state.due.is_none() || state.has_timer()),
            Property::always(FEW, |chains: &Self, state: &State| {
                let superseded = state.messages.iter().filter(|message| !message.armed && message.stage == Stage::Queued);
                let mut next = superseded.map(|message| chains.looks(state, *message));
                let few = state.timers() <= 1 + chains.faults - state.faults;
                state.due.is_none() || (few && next.all(|next| matches!(next, Stage::Acts(_) | Stage::Deletes)))
            }),
            Property::always(ENDS, |chains: &Self, state: &State| {
                let mut actions = Vec::new();
                chains.actions(state, &mut actions);
                let nexts = actions.into_iter().filter(|action| *action != Action::TimePasses);
                let mut nexts = nexts.filter_map(|action| chains.next_state(state, action));
                state.due.is_some() || nexts.all(|next| next.ahead() < state.ahead())
            }),
        ]
    }
}

fn chains(faults: usize, writes: usize, mistake: Option<Mistake>) -> Chains {
    Chains { faults, writes, mistake, row: begun("rps") }
}

#[test]
fn no_match_that_is_played_is_without_a_timer_and_they_end_with_it() {
    for (faults, writes) in [(2, 1), (1, 2)] {
        let checker = chains(faults, writes, None).checker().spawn_bfs().join();
        let (states, depth) = (checker.unique_state_count(), checker.max_depth());
        println!("{states} states of timers, at most {depth} deep, with {faults} faults and {writes} writes");
        checker.assert_properties();
    }
}

#[test]
fn every_mistake_with_timers_is_found() {
    for (mistake, property) in [
        (Mistake::SendsOnAnything, FEW),
        (Mistake::ActsWithoutArming, ALIVE),
        (Mistake::LooksOnce, ALIVE),
        (Mistake::DeletesFirst, ALIVE),
        (Mistake::ForgetsEarlier, ALIVE),
        (Mistake::OutlivesItsMatch, ENDS),
    ] {
        let checker =
            chains(1, 2, Some(mistake)).checker().target_state_count(1_500_000).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        let found = checker.discovery(property).unwrap_or_else(|| panic!("{mistake:?} is not found"));
        println!("{mistake:?}: {:?}", found.into_actions());
    }
}
