//! What becomes of one push or state of placements at a time.

use super::{
    pushes::{end_push, session_push},
    *,
};

fn session(placement: &str) -> News {
    News::Session(session_push(placement))
}

fn end(placement: &str) -> News {
    News::Placement(end_push(placement))
}

/// A state with these sessions and ends, the newest first.
fn state(sessions: &[&str], ends: &[&str]) -> PlayerState {
    PlayerState {
        seats: Vec::new(),
        matches: Vec::new(),
        sessions: sessions.iter().map(|id| session_push(id)).collect(),
        placements: ends.iter().map(|id| end_push(id)).collect(),
    }
}

fn seats(placements: &[&str]) -> Vec<Seat> {
    placements.iter().map(|id| Seat { kind: SeatKind::Placement, id: (*id).into(), request_id: None }).collect()
}

/// Takes so many, into a list of `+` with the placement of a session and `-` with that of an end.
fn into_list(list: &mut Vec<String>, room: usize) -> impl FnMut(Event) -> Offer {
    move |event| {
        if list.len() == room {
            return Offer::Full;
        }
        list.push(match event {
            Event::Session(push) => format!("+{}", push.placement_id),
            Event::Placement(push) => format!("-{}", push.placement_id),
            other => panic!("{other:?}"),
        });
        Offer::Taken
    }
}

#[test]
fn a_state_tells_what_was_missed_oldest_first_and_no_session_that_is_over() {
    let (mut told, mut list) = (Told::new(), Vec::new());
    let mut offer = into_list(&mut list, usize::MAX);
    told.pushed(session("c"), &mut offer);
    assert!(told.state(state(&["e", "d", "c", "b"], &["b", "a"]), &mut offer));
    assert!(told.state(state(&["e", "d", "c", "b"], &["b", "a"]), &mut offer));
    drop(offer);
    assert_eq!(list, ["+c", "-a", "-b", "+d", "+e"]);
}

#[test]
fn a_push_without_room_makes_a_resume_due_whose_state_tells_it() {
    let (mut told, mut list) = (Told::new(), Vec::new());
    told.pushed(session("a"), &mut |_| Offer::Full);
    assert!(told.is_due());
    told.asked();
    assert!(!told.is_due());
    assert!(!told.state(state(&["b", "a"], &["c"]), &mut into_list(&mut list, 2)), "there is room for two only");
    assert!(told.state(state(&["b", "a"], &["c"]), &mut into_list(&mut list, usize::MAX)));
    assert_eq!(list, ["-c", "+a", "+b"]);
}

#[test]
fn what_nobody_reads_is_not_remembered() {
    let (mut told, mut list) = (Told::new(), Vec::new());
    told.pushed(session("a"), &mut |_| Offer::Unread);
    assert!(!told.is_due());
    told.pushed(session("a"), &mut into_list(&mut list, 1));
    assert_eq!(list, ["+a"]);
}

#[test]
fn a_seat_is_what_is_still_waited_for() {
    let mut told = Told::new();
    let mut taken = |seats: Vec<Seat>, state: PlayerState, pushed: Option<&str>| {
        told.asked();
        told.state(PlayerState { seats, ..state }, &mut |_| Offer::Taken);
        if let Some(placement) = pushed {
            told.pushed(session(placement), &mut |_| Offer::Taken);
        }
        told.take_seats()
    };
    assert_eq!(taken(seats(&["a", "d"]), state(&[], &[]), None), seats(&["a", "d"]));
    assert_eq!(taken(seats(&["a"]), state(&[], &[]), Some("b")), seats(&["a"]));
    assert_eq!(taken(seats(&["a", "d"]), state(&[], &[]), Some("a")), seats(&["d"]), "a was found while the inbox was read");
    assert_eq!(taken(seats(&["c"]), state(&[], &["c"]), None), []);
    assert_eq!(taken(Vec::new(), state(&[], &[]), None), []);
    let other = Seat { kind: SeatKind::Unknown, id: "a".into(), request_id: None };
    assert_eq!(taken(vec![other.clone()], state(&[], &[]), None), [other]);
    told.asked();
    assert_eq!(told.take_seats(), [], "a server without states says nothing");
}

#[test]
fn those_heard_of_least_lately_make_room_and_never_for_others_of_the_same_state() {
    let (mut told, mut list) = (Told::new(), Vec::new());
    told.pushed(end("state"), &mut |_| Offer::Taken);
    told.pushed(end("first"), &mut |_| Offer::Taken);
    for n in 2..MOST_REMEMBERED {
        told.pushed(end(&n.to_string()), &mut |_| Offer::Taken);
    }
    assert!(told.state(state(&[], &["state", "new"]), &mut into_list(&mut list, usize::MAX)));
    assert_eq!(told.known.len(), MOST_REMEMBERED);
    told.pushed(end("state"), &mut into_list(&mut list, usize::MAX));
    told.pushed(end("2"), &mut into_list(&mut list, usize::MAX));
    told.pushed(end("first"), &mut into_list(&mut list, usize::MAX));
    assert_eq!(list, ["-new", "-first"]);
}
