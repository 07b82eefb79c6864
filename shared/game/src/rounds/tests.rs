use proptest::prelude::*;

use super::*;
use crate::games::{RockPaperScissors, RockPaperScissorsLizardSpock};

const RULES: Rounds = Rounds { game: &RockPaperScissorsLizardSpock, seconds: 5, wins: 3, most_rounds: 9, most_unanswered: 3 };
const START: u64 = 1_000_000;

/// What may happen to a match.
#[derive(Clone, Debug)]
enum Act {
    Play(Side, i32, &'static str),
    Resolve,
    Wait(u64),
    Leave(Side),
}

fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(vec![Side::First, Side::Second])
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (side(), -1..=1, prop::sample::select(vec!["rock", "paper", "scissors", "lizard", "spock", "well"]))
            .prop_map(|(side, off, play)| Act::Play(side, off, play)),
        8 => Just(Act::Resolve),
        4 => (0_u64..7_000).prop_map(Act::Wait),
        1 => side().prop_map(Act::Leave),
    ]
}

/// Every match that `acts` lead through.
fn course(acts: &[Act]) -> Vec<Match> {
    let (mut now, mut course) = (START, vec![Match::begun(&RULES, START)]);
    for act in acts {
        let current = course[course.len() - 1].clone();
        let round = current.round;
        course.extend(match act {
            Act::Play(side, off, play) => current.played(&RULES, *side, Move { round: round.saturating_add_signed(*off), play }, now).ok(),
            Act::Resolve => current.resolved(&RULES, now),
            Act::Leave(side) => current.left(*side),
            Act::Wait(milliseconds) => {
                now += milliseconds;
                None
            }
        });
    }
    course
}

proptest! {
    #[test]
    fn scores_add_up_to_the_rounds_that_somebody_won(acts in prop::collection::vec(act(), 0..80)) {
        let course = course(&acts);
        let mut won = Both { first: 0, second: 0 };
        for (before, after) in course.iter().zip(&course[1..]) {
            if after.last != before.last {
                let last = after.last.as_ref().unwrap();
                prop_assert_eq!(last.round, before.round);
                if let Some(winner) = last.winner {
                    *won.of_mut(winner) += 1;
                }
            }
            prop_assert_eq!(&after.scores, &won);
        }
    }

    #[test]
    fn a_match_ends_within_its_limits_and_stays_as_it_ended(acts in prop::collection::vec(act(), 0..80)) {
        for life in course(&acts) {
            prop_assert!(life.round <= RULES.most_rounds);
            prop_assert!(life.scores.first <= RULES.wins && life.scores.second <= RULES.wins);
            prop_assert!(life.unanswered <= RULES.most_unanswered);
            if let State::Over(_) = life.state {
                prop_assert_eq!(life.clone().resolved(&RULES, u64::MAX), None);
                prop_assert_eq!(life.clone().played(&RULES, Side::First, Move { round: life.round, play: "rock" }, 0), Err(Refusal::Over));
                prop_assert_eq!(life.clone().left(Side::First), None);
                prop_assert_eq!(life.plays, Both::default());
            }
        }
    }

    #[test]
    fn a_round_is_resolved_once_whatever_is_repeated(acts in prop::collection::vec(act(), 0..80)) {
        let course = course(&acts);
        let resolved: Vec<u32> = course.iter().filter_map(|life| Some(life.last.as_ref()?.round)).collect();
        prop_assert!(resolved.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1));
    }

    #[test]
    fn left_alone_a_match_is_over_after_its_unanswered_rounds(acts in prop::collection::vec(act(), 0..30)) {
        let mut life = course(&acts).pop().unwrap();
        let mut rounds = 0;
        while life.state == State::Playing {
            life = life.clone().resolved(&RULES, life.due_at).unwrap();
            rounds += 1;
        }
        prop_assert!(rounds <= RULES.most_unanswered + 1, "{}", rounds);
    }
}

fn play(life: Match, first: Option<&str>, second: Option<&str>, now: u64) -> Match {
    let round = life.round;
    let mut life = life;
    for (side, play) in [(Side::First, first), (Side::Second, second)] {
        if let Some(play) = play {
            life = life.played(&RULES, side, Move { round, play }, now).unwrap();
        }
    }
    life
}

#[test]
fn both_plays_resolve_a_round_at_once() {
    let life = play(Match::begun(&RULES, START), Some("paper"), Some("rock"), START + 1_000);
    assert!(life.is_ready(START + 1_000));
    let next = life.resolved(&RULES, START + 1_000).unwrap();
    assert_eq!((next.round, next.due_at, next.state), (2, START + 6_000, State::Playing));
    let last = next.last.unwrap();
    assert_eq!((last.summary.as_str(), last.winner, next.scores.first), ("paper covers rock", Some(Side::First), 1));
}

#[test]
fn a_missing_play_loses_and_two_of_them_count_for_nobody() {
    let life = play(Match::begun(&RULES, START), None, Some("rock"), START);
    assert_eq!(life.clone().resolved(&RULES, START + 4_999), None);
    let next = life.resolved(&RULES, START + 5_000).unwrap();
    assert_eq!((next.scores.second, next.unanswered), (1, 0));
    let next = next.resolved(&RULES, START + 10_000).unwrap();
    assert_eq!((next.last.unwrap().summary.as_str(), next.scores, next.unanswered), ("nobody played", Both { first: 0, second: 1 }, 1));
}

#[test]
fn every_refusal_has_its_own_reason() {
    let open = Match::begun(&RULES, START);
    let refuse = |life: &Match, round, play, now| life.clone().played(&RULES, Side::First, Move { round, play }, now).unwrap_err();
    assert_eq!(refuse(&Match::waiting(), 1, "rock", START), Refusal::NotBegun);
    assert_eq!(refuse(&open, 0, "rock", START), Refusal::OldRound);
    assert_eq!(refuse(&open, 2, "rock", START), Refusal::FutureRound);
    assert_eq!(refuse(&open, 1, "well", START), Refusal::UnknownPlay);
    assert_eq!(refuse(&open, 1, "rock", START + 5_000), Refusal::Late);
    assert_eq!(refuse(&play(open.clone(), Some("rock"), None, START), 1, "paper", START), Refusal::Repeated);
    assert_eq!(refuse(&open.left(Side::Second).unwrap(), 1, "rock", START), Refusal::Over);
}

#[test]
fn a_match_is_won_drawn_abandoned_or_forfeited() {
    let over = |mut life: Match, first: Option<&str>, second: Option<&str>| {
        while life.state == State::Playing {
            let now = life.due_at - 1;
            life = play(life, first, second, now);
            life = life.clone().resolved(&RULES, life.due_at).unwrap();
        }
        (life.state, life.round)
    };
    let begun = || Match::begun(&RULES, START);
    assert_eq!(over(begun(), Some("paper"), Some("rock")), (State::Over(Ending::Won(Side::First)), 3));
    assert_eq!(over(begun(), Some("paper"), Some("paper")), (State::Over(Ending::Drawn), 9));
    assert_eq!(over(begun(), None, None), (State::Over(Ending::Abandoned), 3));
    let left = play(begun(), Some("rock"), None, START).left(Side::First).unwrap();
    assert_eq!((left.state, left.plays), (State::Over(Ending::Forfeited { by: Side::First }), Both::default()));
}

#[test]
fn the_last_round_is_won_by_whoever_leads() {
    let rules = Rounds { game: &RockPaperScissors, most_rounds: 1, ..RULES };
    let life = play(Match::begun(&rules, START), Some("scissors"), Some("paper"), START);
    assert_eq!(life.resolved(&rules, START).unwrap().state, State::Over(Ending::Won(Side::First)));
}

#[test]
fn a_match_begins_with_its_second_player() {
    let begun = Match::waiting().joined(&RULES, START).unwrap();
    assert_eq!(begun, Match::begun(&RULES, START));
    assert_eq!(begun.joined(&RULES, START), None);
    assert_eq!(Match::waiting().left(Side::First).unwrap().state, State::Over(Ending::Abandoned));
}
