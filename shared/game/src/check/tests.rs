//! Every mode is tried; and of each kind of mistake that a game can make one, which has to be found.

mod sums;

use self::sums::{Planted, Sums};
use super::*;
use crate::Limits;

crate::check!(rps);
crate::check!(rpsls);
crate::check!(tic_tac_toe);

#[test]
fn every_mode_is_tried() {
    let tests = include_str!("tests.rs");
    for mode in crate::MODES.iter().filter(|mode| mode.as_played().is_some()) {
        assert!(tests.contains(&format!("check!({});", mode.name.replace('-', "_"))), "{} is not tried", mode.name);
    }
}

/// A mode of the small game, with what is wrong with it.
fn planted(mistake: Option<Planted>) -> &'static Mode {
    let name = format!("{mistake:?}").leak();
    let game: &'static Sums = Box::leak(Box::new(Sums::with(mistake)));
    let write_units = if mistake == Some(Planted::IsDear) { 8 } else { 60 };
    let limits = Limits { steps: 60, missed: 2, silence_seconds: 600, row_bytes: 1_024, write_units };
    let check = Check { depth: 4, states: 1_500, games: 20, sampled: false };
    Box::leak(Box::new(Mode::played(name, game, "null").limits(limits).check(check)))
}

#[test]
fn the_small_game_is_sound_without_a_mistake() {
    prove(planted(None));
}

#[test]
fn every_planted_mistake_is_found() {
    for (mistake, law) in [
        (Planted::ShowsHands, Law::SecretsAreHidden),
        (Planted::ShowsHandsInEvents, Law::SecretsAreHidden),
        (Planted::ShowsCalls, Law::QuietStepsAreHidden),
        (Planted::CountsCalls, Law::QuietStepsAreHidden),
        (Planted::MovesTheClock, Law::QuietStepsAreHidden),
        (Planted::GoesRound, Law::MatchesEnd),
        (Planted::Panics, Law::NoStepBreaks),
        (Planted::PanicsForWatchers, Law::NoStepBreaks),
        (Planted::WritesWhatItCannotRead, Law::NoStepBreaks),
        (Planted::Remembers, Law::StepsReplay),
        (Planted::ShowsTheUnstable, Law::StepsReplay),
        (Planted::Grows, Law::RowsFit),
        (Planted::IsDear, Law::MatchesAreCheap),
        (Planted::AwaitsNobody, Law::NothingIsStuck),
        (Planted::LooksFarAhead, Law::NothingIsStuck),
        (Planted::StopsTheClock, Law::NothingIsStuck),
        (Planted::AllowsAnything, Law::TriesAreAllowed),
        (Planted::RefusesWhatItOffers, Law::TriesAreAllowed),
        (Planted::OffersNothing, Law::TriesAreAllowed),
        (Planted::ComputesNonsense, Law::ComputersAreAllowed),
    ] {
        let found = check(planted(Some(mistake))).expect_err(&format!("{mistake:?} is not found"));
        println!("{found}");
        assert_eq!(found.law, law, "{found}");
    }
}
