//! What an inbox makes of one page, push or lost connection at a time.

use muster_protocol::cursor::{Next, first_id_of};

use super::*;

/// The first moment of a test, in epoch milliseconds.
const START: u64 = 1_000_000;

fn push(sent_at: u64, message: &str) -> MessagePush {
    MessagePush {
        message_id: first_id_of(sent_at),
        sender_id: "bob".into(),
        announcement: None,
        request_id: None,
        message: message.into(),
        sent_at,
    }
}

fn page(messages: Vec<MessagePush>, after: u64, complete: bool) -> Resumed {
    Resumed { messages, next: None, after: Some(first_id_of(after)), complete, state: None }
}

/// Takes everything, into a list of texts and whether they were missed.
fn into_list(list: &mut Vec<(String, bool)>) -> impl FnMut(Message) -> Offer {
    |message| {
        list.push((message.push.message, message.missed));
        Offer::Taken
    }
}

#[test]
fn what_was_missed_comes_before_what_is_pushed_meanwhile() {
    let (mut inbox, mut list) = (Inbox::new(None, true), Vec::new());
    inbox.hold();
    inbox.pushed(push(START + 2, "new"), &mut into_list(&mut list));
    assert!(list.is_empty());
    let shown = vec![push(START - 9, "old"), push(START + 1, "while it looked")];
    assert!(matches!(inbox.page(page(shown, START, true), &mut into_list(&mut list)), Step::Finished(_)));
    inbox.let_through(&mut into_list(&mut list));
    inbox.pushed(push(START + 3, "newest"), &mut into_list(&mut list));
    let texts: Vec<(&str, bool)> = list.iter().map(|(text, missed)| (text.as_str(), *missed)).collect();
    assert_eq!(texts, [("old", true), ("while it looked", false), ("new", false), ("newest", false)]);
}

#[test]
fn whoever_was_connected_all_the_time_has_missed_only_what_is_late() {
    let mut inbox = Inbox::new(Some(first_id_of(START)), true);
    assert!(matches!(inbox.page(page(Vec::new(), START, true), &mut |_| Offer::Taken), Step::Finished(_)));
    let shown = || vec![push(START + 1, "given up"), push(START + 59_000, "on its way")];
    let mut list = Vec::new();
    let Step::Finished(finished) = inbox.page(page(shown(), START + 60_000, true), &mut into_list(&mut list)) else { panic!() };
    assert_eq!((list, finished.missed), (vec![("given up".to_owned(), true), ("on its way".to_owned(), false)], 1));
    inbox.disconnected();
    let Step::Finished(finished) =
        inbox.page(page(vec![push(START + 61_000, "sent meanwhile")], START + 62_000, true), &mut |_| Offer::Taken)
    else {
        panic!()
    };
    assert_eq!(finished.missed, 1);
}

#[test]
fn too_many_pushes_are_not_held_back() {
    let (mut inbox, mut list) = (Inbox::new(None, true), Vec::new());
    inbox.hold();
    for n in 0..=MOST_HELD as u64 {
        inbox.pushed(push(START + n, "x"), &mut into_list(&mut list));
    }
    assert_eq!(list.len(), MOST_HELD + 1);
}

#[test]
fn a_push_that_found_no_room_is_found_by_the_next_resume() {
    let (mut inbox, mut list) = (Inbox::new(Some(first_id_of(START)), true), Vec::new());
    inbox.pushed(push(START + 1, "refused"), &mut |_| Offer::Full);
    assert!(inbox.is_due());
    assert_eq!(inbox.request(100).after, Some(first_id_of(START)), "the cursor stays");
    assert!(!inbox.is_due());
    inbox.page(page(vec![push(START + 1, "refused")], START + 5, true), &mut into_list(&mut list));
    assert_eq!(list.len(), 1);
}

#[test]
fn what_was_held_back_and_found_no_room_is_found_by_the_next_resume() {
    let mut inbox = Inbox::new(Some(first_id_of(START)), true);
    inbox.hold();
    inbox.pushed(push(START + 1, "refused"), &mut |_| Offer::Taken);
    inbox.let_through(&mut |_| Offer::Full);
    assert!(inbox.is_due());
}

#[test]
fn a_page_without_room_is_asked_for_again_and_says_how_much_was_new() {
    let mut inbox = Inbox::new(Some(first_id_of(START)), true);
    let shown = page(vec![push(START + 1, "a"), push(START + 2, "b")], START + 5, false);
    let mut room = 1;
    let mut offer = |_| {
        room -= 1;
        if room >= 0 { Offer::Taken } else { Offer::Full }
    };
    assert_eq!(inbox.page(shown.clone(), &mut offer), Step::NoRoom);
    assert_eq!(inbox.request(100).after, Some(first_id_of(START)));
    let Step::Finished(finished) = inbox.page(shown, &mut |_| Offer::Taken) else { panic!("not finished") };
    let (after, cursor) = (Some(first_id_of(START)), first_id_of(START + 5));
    assert_eq!(finished, Finished { after, cursor, missed: 2, complete: false });
    assert!(!inbox.is_due());
}

#[test]
fn a_page_that_leads_nowhere_is_broken() {
    let mut inbox = Inbox::new(None, true);
    let next = Next { behind: first_id_of(START), begun_at: START }.to_string();
    let same = Resumed { messages: Vec::new(), next: Some(next), after: None, complete: true, state: None };
    assert_eq!(inbox.page(same.clone(), &mut |_| Offer::Taken), Step::More);
    assert!(matches!(inbox.page(same, &mut |_| Offer::Taken), Step::Broken(_)));
    let neither = Resumed { messages: Vec::new(), next: None, after: None, complete: true, state: None };
    assert!(matches!(inbox.page(neither, &mut |_| Offer::Taken), Step::Broken(_)));
}

#[test]
fn a_full_memory_makes_a_resume_due_that_empties_it() {
    let mut inbox = Inbox::new(Some(first_id_of(START)), true);
    let mut sent_at = START;
    while !inbox.is_due() {
        sent_at += 100;
        inbox.pushed(push(sent_at, "x"), &mut |_| Offer::Taken);
    }
    assert_eq!(inbox.seen.len(), MANY_SEEN + 1);
    inbox.request(100);
    assert!(matches!(inbox.page(page(Vec::new(), sent_at, true), &mut |_| Offer::Taken), Step::Finished(_)));
    assert!(!inbox.is_due());
    assert_eq!(inbox.seen.len(), (OVERLAP_MILLISECONDS / 100) as usize + 1);
}

#[test]
fn a_repetition_that_was_dropped_is_still_known_when_the_inbox_shows_it() {
    let (mut inbox, mut list) = (Inbox::new(Some(first_id_of(START)), true), Vec::new());
    let request = |sent_at: u64, id: &str| MessagePush { request_id: Some(id.into()), ..push(sent_at, "hi") };
    inbox.pushed(request(START + 1, "r"), &mut into_list(&mut list));
    inbox.pushed(request(START + 2, "r"), &mut into_list(&mut list));
    for n in 0..2_000 {
        inbox.pushed(request(START + 3 + n, &n.to_string()), &mut into_list(&mut list));
    }
    let before = list.len();
    let shown = vec![request(START + 1, "r"), request(START + 2, "r")];
    assert!(matches!(inbox.page(page(shown, START + 9_000, true), &mut into_list(&mut list)), Step::Finished(_)));
    assert_eq!((before, list.len()), (2_001, 2_001));
}

#[test]
fn a_cursor_of_the_future_hides_no_push() {
    let (mut inbox, mut list) = (Inbox::new(Some(first_id_of(START + 1_000_000)), true), Vec::new());
    inbox.pushed(push(START + 1, "now"), &mut into_list(&mut list));
    assert!(matches!(inbox.page(page(Vec::new(), START + 2, true), &mut into_list(&mut list)), Step::Finished(_)));
    inbox.pushed(push(START + 3, "then"), &mut into_list(&mut list));
    assert_eq!(list.len(), 2);
}

#[test]
fn an_empty_page_can_lead_to_others() {
    let mut inbox = Inbox::new(Some(first_id_of(START)), true);
    let mut list = Vec::new();
    let empty = |next: &str| Resumed { messages: Vec::new(), next: Some(next.into()), after: None, complete: false, state: None };
    for next in ["a", "b", "c"] {
        assert_eq!(inbox.page(empty(next), &mut into_list(&mut list)), Step::More);
        assert_eq!(inbox.request(100), Resume { after: None, next: Some(next.into()), limit: Some(100) });
    }
    let end = START + 200_000;
    let shown = Resumed { messages: vec![push(START + 100_000, "a")], ..empty("d") };
    assert_eq!(inbox.page(shown, &mut into_list(&mut list)), Step::More);
    let Step::Finished(finished) = inbox.page(page(vec![push(START + 110_000, "b")], end, true), &mut into_list(&mut list)) else {
        panic!("not finished")
    };
    assert_eq!((finished.missed, finished.complete, finished.cursor), (2, false, first_id_of(end)));
    inbox.pushed(push(START + 50_000, "not shown"), &mut into_list(&mut list));
    inbox.pushed(push(START + 100_001, "none there"), &mut into_list(&mut list));
    assert_eq!(list, [("a".to_owned(), true), ("b".to_owned(), true), ("not shown".to_owned(), false)]);
}

#[test]
fn what_an_interrupted_resume_handed_out_is_counted_by_the_one_that_finishes() {
    let mut inbox = Inbox::new(Some(first_id_of(START)), true);
    let first = Resumed { next: Some("second".into()), after: None, ..page(vec![push(START + 1, "a")], START, true) };
    inbox.request(100);
    assert_eq!(inbox.page(first, &mut |_| Offer::Taken), Step::More);
    inbox.disconnected();
    inbox.start_over();
    assert_eq!(inbox.request(100).after, Some(first_id_of(START)));
    let all = || page(vec![push(START + 1, "a"), push(START + 2, "b")], START + 5, true);
    let Step::Finished(finished) = inbox.page(all(), &mut |_| Offer::Taken) else { panic!("not finished") };
    assert_eq!(finished.missed, 2);
    let Step::Finished(finished) = inbox.page(all(), &mut |_| Offer::Taken) else { panic!("not finished") };
    assert_eq!(finished.missed, 0);
}

#[test]
fn a_message_cut_off_in_the_millisecond_of_the_oldest_shown_is_still_new() {
    let (mut inbox, mut list) = (Inbox::new(None, true), Vec::new());
    let shown = MessagePush { message_id: format!("{}{:012x}", &first_id_of(START)[..24], 2), ..push(START, "shown") };
    let cut_off = MessagePush { message_id: format!("{}{:012x}", &first_id_of(START)[..24], 1), ..push(START, "cut off") };
    inbox.page(page(vec![shown.clone()], START + 200_000, false), &mut into_list(&mut list));
    inbox.pushed(shown, &mut into_list(&mut list));
    inbox.pushed(cut_off, &mut into_list(&mut list));
    assert_eq!(list, [("shown".to_owned(), true), ("cut off".to_owned(), false)]);
}

#[test]
fn what_came_before_the_first_push_is_not_taken_for_seen() {
    let (mut inbox, mut list) = (Inbox::new(None, true), Vec::new());
    inbox.pushed(push(START, "first"), &mut into_list(&mut list));
    assert_eq!(inbox.request(100).after, None);
    assert_eq!(inbox.page(page(vec![push(START + 70_000, "newest")], START + 80_000, false), &mut into_list(&mut list)), Step::More);
    assert_eq!(inbox.request(100).after, Some(first_id_of(START)));
    let shown = vec![push(START, "first"), push(START + 1, "second"), push(START + 70_000, "newest")];
    let step = inbox.page(page(shown, START + 80_000, true), &mut into_list(&mut list));
    assert!(matches!(step, Step::Finished(Finished { missed: 2, complete: true, .. })), "{step:?}");
    inbox.pushed(push(START - 40_000, "older"), &mut into_list(&mut list));
    let texts: Vec<&str> = list.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["first", "second", "newest", "older"]);
}
