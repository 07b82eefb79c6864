//! Matches of more than two, tried with a game that takes anybody in at any time: hosts, late comers, leaving, and computers.

use muster_protocol::{Code, MatchEnding, MatchState};

use super::*;
use crate::{check, prelude::*};

/// Whoever's turn it is passes it on, to a computer if there is one. After twenty turns all are level. There is no deadline.
#[derive(Debug)]
struct PassOn;

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct Turn {
    of: usize,
    number: usize,
}

impl PassOn {
    fn next(turn: &Turn, table: &Table<()>) -> Step<Turn, usize> {
        let seats = table.seats.len();
        let after = (1..=seats).map(|on| (turn.of + on) % seats).filter(|seat| !table.seats[*seat].left);
        let next = after.clone().find(|seat| table.seats[*seat].bot).or_else(|| after.clone().next()).unwrap_or_default();
        let step = Step::to(Turn { of: next, number: turn.number + 1 }).clock(Clock::Idle);
        if turn.number == 19 { step.over(Outcome::drawn(seats, "enough")) } else { step.awaits([next]) }
    }
}

impl Game for PassOn {
    type Options = ();
    type State = Turn;
    type Action = usize;
    type View = Turn;
    type Event = usize;

    fn seats(&self, (): &()) -> std::ops::RangeInclusive<usize> {
        2..=4
    }

    fn begin(&self, _: &Table<()>, _: &mut Chance) -> Step<Turn, usize> {
        Step::to(Turn { of: 0, number: 0 }).awaits([0]).clock(Clock::Idle)
    }

    fn join(&self, turn: Turn, seat: usize, table: &Table<()>, _: &mut Chance) -> Result<Step<Turn, usize>, Refusal> {
        Ok(Step::to(turn).awaits(table.awaits.iter()).event(seat))
    }

    fn act(&self, turn: Turn, _: Actor<'_>, action: usize, table: &Table<()>, _: &mut Chance) -> Result<Step<Turn, usize>, Refusal> {
        assert_ne!(action, 13, "planted");
        if action == 0 { Ok(Self::next(&turn, table).event(turn.of)) } else { refuse("no_pass", "body.action: 0") }
    }

    fn leave(&self, turn: Turn, seat: usize, table: &Table<()>, _: &mut Chance) -> Step<Turn, usize> {
        if turn.of == seat { Self::next(&turn, table) } else { Step::to(turn).awaits(table.awaits.iter()) }
    }

    fn view(&self, turn: &Turn, _: Viewer<'_>, _: &Table<()>) -> Turn {
        turn.clone()
    }

    fn tries(&self, _: &Turn, _: Viewer<'_>) -> Vec<usize> {
        vec![0]
    }
}

const CHECK: crate::Check = crate::Check { depth: 4, states: 300, games: 5, sampled: true };
static AT_ONCE: Mode = Mode::played("pass-on", &PassOn, "null").check(CHECK);
static PAUSED: Mode = Mode::played("pass-on-paused", &PassOn, "null").check(CHECK).bot_pause(700);

fn at(now: Millis) -> Circumstances<'static> {
    Circumstances { now, by: "r" }
}

fn opened(mode: &'static Mode, bots: usize) -> Match {
    check::offer(mode);
    let players = ["alice".to_owned()];
    Match::open(Opening { match_id: "m", mode, options: None, players: &players, bots, begins: false, seed: "s" }, at(1_000)).unwrap()
}

fn done(before: &Match, wish: Wish<'_>, now: Millis) -> Match {
    let change = before.change(wish, at(now));
    assert_eq!(change.answer, Ok(Answer::Done), "{wish:?}");
    change.row.unwrap()
}

fn pass(before: &Match, player: &str, now: Millis) -> Match {
    let request = before.revision.to_string();
    done(before, Wish::Act { player, action: "0", request_id: Some(&request), version: None }, now)
}

fn refused(before: &Match, wish: Wish<'_>) -> Code {
    before.change(wish, at(2_000)).answer.unwrap_err().code
}

#[test]
fn the_host_starts_once_there_are_enough_and_others_may_still_come() {
    let row = opened(&AT_ONCE, 0);
    assert_eq!(refused(&row, Wish::Start("alice")), Code::MatchNotBegun);
    let row = done(&row, Wish::Join("bob"), 2_000);
    assert_eq!((row.phase, row.host), (MatchState::Waiting, 0));
    assert_eq!((refused(&row, Wish::Start("bob")), refused(&row, Wish::Start("carol"))), (Code::NotHost, Code::NotFound));
    let row = done(&row, Wish::Start("alice"), 3_000);
    assert_eq!(row.change(Wish::Start("alice"), at(3_100)), Change { row: None, answer: Ok(Answer::Done) });
    let row = done(&done(&row, Wish::Join("carol"), 4_000), Wish::Join("dave"), 5_000);
    assert_eq!((row.phase, row.seats.len(), row.events.as_str()), (MatchState::Playing, 4, "[3]"));
    assert_eq!(refused(&row, Wish::Join("erin")), Code::MatchFull);
}

#[test]
fn another_is_host_when_the_host_leaves_and_the_others_go_on_when_one_does() {
    let row = done(&done(&opened(&AT_ONCE, 0), Wish::Join("bob"), 2_000), Wish::Join("carol"), 2_500);
    let row = done(&row, Wish::Leave("alice"), 3_000);
    assert_eq!((row.host, row.seat_of("bob"), row.phase), (0, Some(0), MatchState::Waiting));
    let row = pass(&done(&row, Wish::Start("bob"), 4_000), "bob", 5_000);
    let row = done(&row, Wish::Leave("carol"), 6_000);
    assert_eq!((row.phase, row.awaits.iter().collect::<Vec<_>>()), (MatchState::Playing, vec![0]));
    assert!(row.seats[1].left && row.seat_of("carol").is_none() && row.knows("carol"));
    assert_eq!(refused(&row, Wish::Join("carol")), Code::MatchBegun);
    let over = done(&row, Wish::Leave("bob"), 7_000);
    assert_eq!(over.outcome.unwrap().ending, MatchEnding::Abandoned);
}

#[test]
fn computers_make_at_most_eight_steps_in_a_write_and_the_clock_has_them_go_on() {
    let row = pass(&opened(&AT_ONCE, 3), "alice", 2_000);
    assert_eq!((row.steps, row.wakes_at(), row.arms()), (2 + 8, Some(2_000), Some(2_000)));
    let row = done(&row, Wish::Tick, 2_001);
    assert_eq!((row.steps, row.missed), (2 + 16, 0));
    let row = done(&row, Wish::Tick, 2_002);
    assert_eq!((row.outcome.unwrap().ending, row.steps), (MatchEnding::Drawn, 21));
}

#[test]
fn a_computer_that_pauses_acts_by_the_clock() {
    let row = done(&opened(&PAUSED, 1), Wish::Start("alice"), 1_500);
    let row = pass(&row, "alice", 2_000);
    assert_eq!((row.steps, row.wakes_at(), row.arms()), (2, Some(2_700), Some(2_700)));
    assert!(row.due_at > row.wakes_at(), "players are shown the game's own deadline");
    assert_eq!(row.change(Wish::Tick, at(2_699)).row, None);
    let row = done(&row, Wish::Tick, 2_700);
    assert_eq!((row.steps, row.wakes_at(), row.missed), (3, Some(3_400), 0));
}

#[test]
fn those_who_were_matched_begin_at_once_though_there_is_room_for_others() {
    check::offer(&AT_ONCE);
    let players = ["alice".to_owned(), "bob".to_owned()];
    let opening = Opening { match_id: "m", mode: &AT_ONCE, options: None, players: &players, bots: 0, begins: true, seed: "s" };
    assert_eq!(Match::open(opening, at(1_000)).unwrap().phase, MatchState::Playing);
}

#[test]
fn silence_ends_a_match_without_a_deadline() {
    let row = done(&done(&opened(&AT_ONCE, 0), Wish::Join("bob"), 2_000), Wish::Start("alice"), 3_000);
    let silence = 3_000 + 900_000;
    assert_eq!((row.wakes_at(), row.change(Wish::Tick, at(silence - 1)).row), (Some(silence), None));
    assert_eq!(done(&row, Wish::Tick, silence).outcome.unwrap().ending, MatchEnding::Abandoned);
}

#[test]
fn a_game_that_panics_ends_its_match_as_void() {
    let row = done(&done(&opened(&AT_ONCE, 0), Wish::Join("bob"), 2_000), Wish::Start("alice"), 3_000);
    let row = done(&row, Wish::Act { player: "alice", action: "13", request_id: None, version: None }, 4_000);
    assert_eq!(row.outcome.as_ref().unwrap().ending, MatchEnding::Void);
    assert!(row.fault.as_ref().unwrap().contains("the game panicked"), "{:?}", row.fault);
    assert_eq!(row.seen_by(Some(1), Occasion::Push, 0).unwrap().view, None);
}
