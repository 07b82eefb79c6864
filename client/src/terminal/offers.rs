//! What the player can do in a match, as far as this client knows its game.

use muster_client::protocol::{MatchPush, MatchState};
use muster_game::{Mode, Viewer};
use serde_json::Value;

use super::words;

/// How many are named.
const MOST_NAMED: usize = 20;

/// What can be done, or a sample of it. Nothing, if the match is not played, or its mode is not known here.
pub(super) fn of(push: &MatchPush) -> Vec<Value> {
    let offered = || {
        let (seat, view) = (push.seat?, push.view.as_ref()?);
        let played = muster_game::mode(&push.mode).and_then(Mode::as_played)?;
        played.game.tries(view, Viewer::Seat(seat)).ok()
    };
    if push.state == MatchState::Playing { offered().unwrap_or_default() } else { Vec::new() }
}

/// The one that was typed: as it is named, or, if it has no name, by its number.
pub(super) fn pick(typed: &str, offers: &[Value]) -> Option<Value> {
    let named = offers.iter().find(|offer| name(offer) == typed);
    let numbered = || typed.parse().ok().filter(|_| !have_names(offers)).and_then(|number: usize| offers.get(number.checked_sub(1)?));
    named.or_else(numbered).cloned()
}

/// The line that names them.
pub(super) fn line(offers: &[Value]) -> String {
    let numbers = !have_names(offers);
    let named = offers.iter().take(MOST_NAMED).enumerate().map(|(at, offer)| {
        let name = words::visible(&name(offer));
        if numbers { format!("{}: {name}", at + 1) } else { name }
    });
    let more = if offers.len() > MOST_NAMED { ", …" } else { "" };
    format!("you can play {}{more}", named.collect::<Vec<_>>().join(", "))
}

/// An action, as a player types it.
pub(super) fn name(action: &Value) -> String {
    action.as_str().map_or_else(|| action.to_string(), str::to_owned)
}

/// Whether each can be typed as it is.
fn have_names(offers: &[Value]) -> bool {
    offers.iter().all(|offer| offer.is_string() || offer.is_number())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::terminal::words::tests::first_round;

    #[test]
    fn what_a_known_game_offers_is_picked_by_its_name() {
        let offers = of(&first_round());
        assert_eq!(line(&offers), "you can play rock, paper, scissors, lizard, spock");
        assert_eq!((pick("paper", &offers), pick("dance", &offers), pick("1", &offers)), (Some(json!("paper")), None, None));
        assert_eq!(of(&MatchPush { state: MatchState::Over, ..first_round() }), [] as [Value; 0]);
        assert_eq!(of(&MatchPush { mode: "chess".into(), ..first_round() }), [] as [Value; 0]);
    }

    #[test]
    fn what_has_no_name_is_picked_by_its_number_and_a_number_is_its_own_name() {
        let bets = [json!({"bet": 5}), json!({"fold": "\u{1b}"})];
        assert_eq!(line(&bets), r#"you can play 1: {"bet":5}, 2: {"fold":"\u001b"}"#);
        assert_eq!((pick("2", &bets), pick("0", &bets), pick("3", &bets)), (Some(bets[1].clone()), None, None));
        let cells = [json!(2), json!(0)];
        assert_eq!((pick("2", &cells), pick("1", &cells)), (Some(json!(2)), None));
    }

    #[test]
    fn not_all_of_many_are_named() {
        let many: Vec<Value> = (0..30).map(Value::from).collect();
        assert!(line(&many).ends_with("18, 19, …"));
    }
}
