//! The views of games of ours are made by the games, so that what is read here is what they show.

use muster_client::protocol::MatchPlayer;
use muster_game::{Actor, Chance, Mode, SeatSet, Table, Viewer};
use serde_json::{Value, json};

use super::*;

/// The moment of the tests, in epoch milliseconds.
const NOW: u64 = 1_700_000_000_000;

fn player(name: &str) -> MatchPlayer {
    MatchPlayer { player_id: name.into(), bot: false, away: false, left: false }
}

/// What the player in `seat` sees of a mode's game after these actions.
fn played(mode: &str, seat: usize, actions: &[(usize, Value)]) -> Option<Value> {
    let played = muster_game::mode(mode).and_then(Mode::as_played).unwrap();
    let mut chance = Chance::new("a seed", 1, 0);
    let mut table = Table::of_two(played.options, NOW);
    let mut step = played.game.step("", muster_game::Happening::Begin, &table, &mut chance).unwrap();
    for (seat, action) in actions {
        table.awaits = SeatSet::EMPTY;
        let act = muster_game::Happening::Act(Actor::Seat(*seat), &action.to_string());
        step = played.game.step(&step.state, act, &table, &mut chance).unwrap();
    }
    Some(played.game.view(&step.state, Viewer::Seat(seat), &table).unwrap())
}
