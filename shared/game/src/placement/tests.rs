use proptest::prelude::*;

use super::*;

const DUE: u64 = 1_000_000;

fn outcome() -> impl Strategy<Value = Outcome> {
    prop::sample::select(vec![Outcome::Fulfilled, Outcome::TimedOut, Outcome::Failed, Outcome::Cancelled])
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Claim),
        Just(Change::Cancel),
        (0_u32..4).prop_map(|from| Change::Recheck { from, due_at: DUE + 1 }),
        outcome().prop_map(Change::End),
        Just(Change::Tell),
    ]
}

/// Every placement that `changes` lead through.
fn lives(changes: &[Change]) -> Vec<Placement> {
    let mut lives = vec![Placement::requested(DUE)];
    for change in changes {
        lives.extend(lives[lives.len() - 1].after(*change));
    }
    lives
}

proptest! {
    #[test]
    fn the_first_outcome_stays_and_nothing_comes_after_it_but_the_telling(changes in prop::collection::vec(change(), 0..12)) {
        let lives = lives(&changes);
        let first = lives.iter().find_map(|life| life.outcome);
        for life in lives {
            prop_assert!(life.outcome.is_none() || life.outcome == first);
            prop_assert_eq!(life.outcome.is_some(), life.status == Status::Ended);
            prop_assert!(!life.told || life.outcome.is_some());
        }
    }

    #[test]
    fn what_is_cancelled_before_it_is_claimed_is_never_started(changes in prop::collection::vec(change(), 0..12)) {
        let lives = lives(&changes);
        if let Some(at) = lives.iter().position(|life| life.status == Status::Cancelling && !life.claimed) {
            prop_assert!(lives[at..].iter().all(|life| !life.claimed && claimed(false, Some(life)) != Forward::Start));
        }
    }

    #[test]
    fn a_timer_that_is_repeated_changes_nothing_more(changes in prop::collection::vec(change(), 0..12), from in 0_u32..4) {
        let recheck = Change::Recheck { from, due_at: DUE + 2 };
        for life in lives(&changes) {
            if let Some(after) = life.after(recheck) {
                prop_assert_eq!(after.after(recheck), None);
                prop_assert_eq!(fired(Some(&after), from, u64::MAX), Reconcile::Nothing);
            }
        }
    }
}

#[test]
fn a_record_that_comes_again_goes_on_where_its_first_run_died() {
    let requested = Placement::requested(DUE);
    let pending = requested.after(Change::Claim).unwrap();
    assert_eq!(claimed(true, Some(&pending)), Forward::Start);
    assert_eq!(claimed(false, Some(&pending)), Forward::Start);
    let ended = pending.after(Change::End(Outcome::Failed)).unwrap();
    assert_eq!(claimed(false, Some(&ended)), Forward::Tell);
    assert_eq!(claimed(false, Some(&ended.after(Change::Tell).unwrap())), Forward::Nothing);
    assert_eq!(claimed(false, None), Forward::Nothing);
}

#[test]
fn who_is_refused_because_it_has_ended_knows_whether_to_tell() {
    let pending = Placement::requested(DUE).after(Change::Claim).unwrap();
    assert_eq!(pending.untold(), None);
    let ended = pending.after(Change::End(Outcome::Cancelled)).unwrap();
    assert_eq!(ended.after(Change::End(Outcome::TimedOut)), None);
    assert_eq!(ended.after(Change::Recheck { from: 0, due_at: DUE + 1 }), None);
    assert_eq!(ended.untold(), Some(Outcome::Cancelled));
    assert_eq!(ended.after(Change::Tell).unwrap().untold(), None);
}

#[test]
fn a_cancel_stops_only_what_may_have_started() {
    let requested = Placement::requested(DUE);
    assert_eq!(cancelled(&requested.after(Change::Cancel).unwrap()), Forward::End(Outcome::Cancelled));
    let pending = requested.after(Change::Claim).unwrap();
    assert_eq!(cancelled(&pending.after(Change::Cancel).unwrap()), Forward::Stop);
    assert_eq!(claimed(false, Some(&pending.after(Change::Cancel).unwrap())), Forward::Nothing);
}

#[test]
fn a_timer_waits_when_early_and_looks_when_due() {
    let pending = Placement::requested(DUE).after(Change::Claim).unwrap();
    assert_eq!(fired(Some(&pending), 0, DUE - 7), Reconcile::Wait(7));
    assert_eq!(fired(Some(&pending), 0, DUE), Reconcile::Describe);
    assert_eq!(fired(Some(&pending), 1, DUE), Reconcile::Nothing);
    assert_eq!(fired(None, 0, DUE), Reconcile::Nothing);
}

#[test]
fn what_gamelift_does_not_end_in_its_time_is_stopped() {
    let pending = Placement::requested(DUE).after(Change::Claim).unwrap();
    let at = |since| Some(Described::Pending { since });
    assert_eq!(reconciled(&pending, at(DUE - 100), 100, DUE), Reconcile::StopAndEnd(Outcome::TimedOut));
    assert_eq!(reconciled(&pending, at(DUE - 99), 100, DUE), Reconcile::LookAgain(DUE + 1));
    let cancelling = pending.after(Change::Cancel).unwrap();
    assert_eq!(reconciled(&cancelling, at(DUE - 99), 100, DUE), Reconcile::StopAndEnd(Outcome::Cancelled));
}

#[test]
fn what_gamelift_does_not_know_is_given_time_to_start_once() {
    let pending = Placement::requested(DUE).after(Change::Claim).unwrap();
    let again = DUE + RECHECK_MILLISECONDS;
    assert_eq!(reconciled(&pending, Some(Described::Unknown), 100, DUE), Reconcile::LookAgain(again));
    let looked = pending.after(Change::Recheck { from: 0, due_at: again }).unwrap();
    assert_eq!(reconciled(&looked, Some(Described::Unknown), 100, again), Reconcile::End(Outcome::Failed));
}

#[test]
fn a_gamelift_that_does_not_answer_is_asked_only_so_often() {
    let mut row = Placement::requested(DUE).after(Change::Claim).unwrap();
    for from in 0..MOST_RECHECKS {
        assert!(matches!(reconciled(&row, None, 100, row.due_at), Reconcile::LookAgain(_)));
        row = row.after(Change::Recheck { from, due_at: row.due_at + 1 }).unwrap();
    }
    assert_eq!(reconciled(&row, None, 100, row.due_at), Reconcile::End(Outcome::TimedOut));
}
