//! What becomes of one push or state of matches and tickets at a time.

use muster_protocol::{MatchPush, MatchState, PoolOutcome, PoolPush};

use super::{
    pushes::{session_push, view_push},
    *,
};

fn view(id: &str, version: u64) -> News {
    News::Match(view_push(id, version, MatchState::Playing))
}

fn over(id: &str, version: u64) -> News {
    News::Match(view_push(id, version, MatchState::Over))
}

fn pool(ticket: &str) -> News {
    News::Pool(PoolPush { ticket_id: ticket.into(), outcome: PoolOutcome::TimedOut })
}

fn session(placement: &str) -> News {
    News::Session(session_push(placement))
}

fn seat(kind: SeatKind, id: &str) -> Vec<Seat> {
    vec![Seat { kind, id: id.into(), request_id: None }]
}

/// A state with this version of the match in which the player is.
fn state(id: &str, version: u64) -> PlayerState {
    let matches = vec![view_push(id, version, MatchState::Playing)];
    PlayerState { seats: seat(SeatKind::Match, id), matches, ..PlayerState::default() }
}

/// Takes all, into a list of the ids with the versions of matches.
fn into_list(list: &mut Vec<String>) -> impl FnMut(Event) -> Offer {
    |event| {
        list.push(match event {
            Event::Match(push) => format!("{}{}", push.match_id, push.version),
            Event::Pool(push) => push.ticket_id,
            Event::Session(push) => push.placement_id,
            other => panic!("{other:?}"),
        });
        Offer::Taken
    }
}

#[test]
fn a_version_that_came_without_its_events_is_told_again_with_them_and_once() {
    let with_events = |id: &str, version| {
        let events = vec![serde_json::json!(4)];
        News::Match(MatchPush { events, ..view_push(id, version, MatchState::Playing) })
    };
    let (mut told, mut list) = (Told::new(), Vec::new());
    for news in
        [view("a", 2), with_events("a", 2), with_events("a", 2), view("a", 2), with_events("a", 1), with_events("b", 1), view("b", 1)]
    {
        told.pushed(news, &mut into_list(&mut list));
    }
    assert_eq!(list, ["a2", "a2", "b1"]);
}

#[test]
fn a_match_that_the_player_has_left_is_never_asked_for_since_that_could_join_it_again() {
    let mut told = Told::new();
    let mut left = view_push("a", 2, MatchState::Playing);
    left.players[0].left = true;
    for news in [view("a", 1), News::Match(left), News::Match(MatchPush { seat: None, ..view_push("b", 1, MatchState::Playing) })] {
        told.pushed(news, &mut |_| Offer::Taken);
    }
    told.asked();
    assert!(told.state(PlayerState::default(), &mut |_| Offer::Taken));
    assert_eq!(told.ended_unseen(), None);
}

#[test]
fn kinds_do_not_share_their_ids() {
    let (mut told, mut list) = (Told::new(), Vec::new());
    for news in [view("x", 7), pool("x"), session("x"), pool("x"), session("x")] {
        told.pushed(news, &mut into_list(&mut list));
    }
    assert_eq!(list, ["x7", "x", "x"]);
}

#[test]
fn a_seat_in_a_match_holds_until_that_is_told_to_be_over() {
    let mut told = Told::new();
    let mut taken = |version, pushed: Option<News>| {
        told.asked();
        told.state(state("a", version), &mut |_| Offer::Taken);
        if let Some(news) = pushed {
            told.pushed(news, &mut |_| Offer::Taken);
        }
        told.take_seats()
    };
    let in_match = seat(SeatKind::Match, "a");
    assert_eq!(taken(1, None), in_match);
    assert_eq!(taken(1, Some(view("a", 2))), in_match);
    assert_eq!(taken(2, Some(over("b", 9))), in_match);
    assert_eq!(taken(2, Some(over("a", 3))), [], "it ended while the inbox was read");
    assert_eq!(taken(2, None), [], "the state is older than the end");
}

#[test]
fn a_ticket_is_answered_by_what_was_found_since_or_by_its_end() {
    let taken = |before: Option<News>, since: Option<News>| {
        let mut told = Told::new();
        if let Some(news) = before {
            told.pushed(news, &mut |_| Offer::Taken);
        }
        told.asked();
        told.state(PlayerState { seats: seat(SeatKind::Ticket, "t"), ..PlayerState::default() }, &mut |_| Offer::Taken);
        if let Some(news) = since {
            told.pushed(news, &mut |_| Offer::Taken);
        }
        told.take_seats()
    };
    let waiting = seat(SeatKind::Ticket, "t");
    assert_eq!(taken(None, None), waiting);
    assert_eq!(taken(None, Some(view("a", 1))), []);
    assert_eq!(taken(None, Some(session("p"))), []);
    assert_eq!(taken(None, Some(pool("t"))), []);
    assert_eq!(taken(Some(pool("t")), None), []);
    assert_eq!(taken(None, Some(pool("s"))), waiting, "an earlier one");
    assert_eq!(taken(None, Some(over("a", 9))), waiting, "the end of an earlier match");
    assert_eq!(taken(Some(view("a", 1)), None), waiting, "that match is over by now");
    assert_eq!(taken(Some(view("a", 1)), Some(view("a", 1))), waiting, "and is no news");
}

#[test]
fn a_match_has_ended_unseen_if_a_state_that_should_know_it_does_not_name_it() {
    let mut told = Told::new();
    for id in ["a", "b"] {
        told.pushed(view(id, 1), &mut |_| Offer::Taken);
    }
    assert_eq!(told.ended_unseen(), None, "nothing was asked for");
    told.asked();
    assert_eq!(told.ended_unseen(), None, "a server may answer without a state");
    told.pushed(view("c", 1), &mut |_| Offer::Taken);
    assert!(told.state(state("b", 1), &mut |_| Offer::Taken));
    assert_eq!(told.ended_unseen(), Some("a"));
    told.pushed(over("a", 2), &mut |_| Offer::Taken);
    assert_eq!(told.ended_unseen(), None, "its push was late, and c is younger than the state");
}

#[test]
fn a_match_that_was_asked_for_is_not_asked_for_again_in_the_same_resume() {
    let mut told = Told::new();
    let mut asked = |shown: Option<MatchPush>| {
        told.pushed(view("a", 1), &mut |_| Offer::Taken);
        told.asked();
        assert!(told.state(PlayerState::default(), &mut |_| Offer::Taken));
        let asked = told.ended_unseen().is_some();
        match shown {
            Some(push) => assert!(told.shown("a", push, &mut |_| Offer::Taken)),
            None => told.forget("a"),
        }
        assert_eq!(told.ended_unseen(), None);
        asked
    };
    let playing = || Some(view_push("a", 1, MatchState::Playing));
    assert_eq!([playing(), playing(), None, None].map(&mut asked), [true, true, true, false]);
}
