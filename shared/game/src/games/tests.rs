//! What is true of these games and of no other.

use crate::{Chance, Circumstances, Match, Occasion, Opening, Wish, mode};

/// A match of tic-tac-toe of a player, who plays at random, with the computer: the computer's seat, and its place.
fn played_at_random(seed: u64) -> (usize, usize) {
    let mut chance = Chance::new("player", seed, 0);
    let players = ["alice".to_owned()];
    let seed = format!("{seed:032}");
    let opening = Opening {
        match_id: "m",
        mode: mode("tic-tac-toe").unwrap(),
        options: None,
        players: &players,
        bots: 1,
        begins: false,
        seed: &seed,
    };
    let mut row = Match::open(opening, Circumstances { now: 0, by: "r" }).unwrap();
    let seat = row.seat_of("alice").unwrap();
    while !row.is_over() {
        let view = row.seen_by(Some(seat), Occasion::Reply, 0).unwrap().view.unwrap();
        let free: Vec<usize> = (0..9).filter(|cell| view["cells"][cell].is_null()).collect();
        let (action, request) = (chance.pick(&free).unwrap().to_string(), row.revision.to_string());
        let act = Wish::Act { player: "alice", action: &action, request_id: Some(&request), version: None };
        row = row.change(act, Circumstances { now: row.changed_at + 1, by: "r" }).row.unwrap();
    }
    (1 - seat, row.outcome.unwrap().places[1 - seat])
}

#[test]
fn the_computer_never_loses_at_tic_tac_toe_from_either_seat() {
    let games: Vec<_> = (0..100).map(played_at_random).collect();
    assert!(games.iter().all(|(_, place)| *place == 1), "{games:?}");
    assert!((0..2).all(|seat| games.iter().filter(|game| game.0 == seat).count() > 20), "{games:?}");
}
