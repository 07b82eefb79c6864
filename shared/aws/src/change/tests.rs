//! Changing rows on an embedded engine: what a condition means is what the engine makes of it.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use muster_game::{Answer, Wish, mode};
use muster_protocol::Code;
use serde::Deserialize;

use super::*;
use crate::{Asking, Matches, PlacementRequest, Placements, Wanted, test_engine, write::text};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counter {
    placement_id: String,
    revision: u64,
    count: u64,
    by: usize,
}

impl Revised for Counter {
    const KEY: &'static str = "placementId";
    const WHAT: &'static str = "a counter";

    fn revision(&self) -> u64 {
        self.revision
    }
}

fn key() -> Item {
    Item::from([("placementId".to_owned(), text("c"))])
}

/// The row with one more, which says who has written it, as all rows do that are changed like this.
fn one_more(row: Option<&Counter>, by: usize) -> Counter {
    let (revision, count) = row.map_or((0, 0), |row| (row.revision, row.count));
    Counter { placement_id: "c".into(), revision: revision + 1, count: count + 1, by }
}

async fn rows() -> Rows {
    Rows { client: test_engine::start().await.dynamodb().unwrap(), table: "placements".into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_change_a_row_at_once_none_is_lost() {
    let rows = rows().await;
    let add = |number: usize| {
        let (rows, read) = (rows.clone(), [Read::Absent, Read::Eventual, Read::Consistent][number % 3]);
        let decide = move |row: Option<&Counter>| Decision { row: Some(one_more(row, number)), seat: None, answer: Ok(()) };
        async move { rows.change(&key(), read, None, decide).await }
    };
    let changed = join_all((0..30).map(add)).await;
    let written = changed.iter().filter(|changed| changed.as_ref().is_ok_and(|changed| changed.written)).count() as u64;
    let row: Counter = rows.get(&key(), true).await.unwrap().unwrap();
    assert_eq!((row.count, row.revision), (written, written));
    assert!(written > 20 && changed.iter().all(|changed| !matches!(changed, Err(Failure::Fault(_)))), "{written}");
}

#[tokio::test]
async fn a_decision_that_writes_nothing_is_made_on_a_row_that_is_read_for_sure() {
    let rows = rows().await;
    for (read, times) in [(Read::Eventual, 2), (Read::Consistent, 1)] {
        let asked = AtomicU32::new(0);
        let refuse = |_: Option<&Counter>| {
            asked.fetch_add(1, Ordering::Relaxed);
            Decision::<Counter, ()>::nothing(Err(Rejection::new(Code::NotFound, "none").into()))
        };
        assert!(matches!(rows.change(&key(), read, None, refuse).await, Err(Failure::Rejection(_))));
        assert_eq!(asked.into_inner(), times, "{read:?}");
    }
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_known_when_it_is_made_again() {
    let rows = rows().await;
    let first = |_: Option<&Counter>| Decision { row: Some(one_more(None, 0)), seat: None, answer: Ok(()) };
    for _ in 0..2 {
        let changed = rows.change(&key(), Read::Absent, None, first).await.unwrap();
        assert!(changed.written && changed.row == Some(one_more(None, 0)));
    }
}

fn asking<'a>(player_id: &'a str, request_id: &'a str, cause: &'a str) -> Asking<'a> {
    Asking { player_id, request_id: Some(request_id), cause }
}

fn wanted(match_id: &str) -> Wanted<'_> {
    Wanted { match_id, mode: mode("rps").unwrap(), options: None, bots: 0, shared: false }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_who_opens_many_matches_at_once_sits_in_one() {
    let matches = Matches::from_config(&test_engine::start().await).unwrap();
    for race in 0..20 {
        let player = format!("player-{race}");
        let open = |number: usize| {
            let (matches, player) = (matches.clone(), player.clone());
            async move {
                let (id, request) = (format!("M{race}X{number}"), number.to_string());
                matches.open(wanted(&id), asking(&player, &request, &request)).await
            }
        };
        let opened = join_all((0..4).map(open)).await;
        let seated =
            opened.iter().filter(|opened| matches!(opened, Err(Failure::Rejection(refused)) if refused.code == Code::Seated)).count();
        assert_eq!((seated, opened.iter().filter(|opened| matches!(opened, Ok(Some(_)))).count()), (3, 1), "{opened:?}");
    }
}

#[tokio::test]
async fn the_same_request_finds_its_match_again_and_a_seat_in_what_is_over_is_free() {
    let config = test_engine::start().await;
    let (matches, placements) = (Matches::from_config(&config).unwrap(), Placements::from_config(&config).unwrap());
    let seats = Seats::from_config(&config).unwrap();
    assert!(matches.open(wanted("AAAAAA"), asking("alice", "r1", "c1")).await.unwrap().unwrap().written);
    // The same event, and the same request from the client.
    assert!(!matches.open(wanted("AAAAAA"), asking("alice", "r1", "c1")).await.unwrap().unwrap().written);
    let again = matches.open(wanted("BBBBBB"), asking("alice", "r1", "c2")).await.unwrap().unwrap();
    assert_eq!(again.answer.unwrap_err().holds, "AAAAAA");
    // Somebody else's code.
    assert!(matches.open(wanted("AAAAAA"), asking("bob", "r1", "c3")).await.unwrap().is_none());
    let place = || PlacementRequest {
        placement_id: "p1",
        player_id: "alice",
        request_id: None,
        mode: "arena",
        lane: muster_game::Lane::Main,
        latencies: Default::default(),
        due_at: 1,
        received_at: crate::clock::now_milliseconds(),
        cause: "c4",
    };
    assert!(matches!(placements.request(&seats, place()).await, Err(Failure::Rejection(refused)) if refused.code == Code::Seated));
    let left = matches.wish("AAAAAA", Wish::Leave("alice"), asking("alice", "r2", "c5"), Read::Eventual).await.unwrap();
    assert_eq!((left.answer.unwrap(), left.row.unwrap().is_over()), (Answer::Done, true));
    // The seat was not given up, as if whoever had to had died.
    assert_eq!(placements.request(&seats, place()).await.unwrap(), "p1");
    assert_eq!(seats.of_player("alice").await.unwrap()[0].holds, "p1");
}
