//! The matches are real ones, so that what is read here is what games show.

use muster_client::protocol::MatchPlayer;
use muster_game::{Answer, Circumstances, Match, Occasion, Opening, Wish};
use serde_json::json;

use super::*;

/// The moment of the tests, in epoch milliseconds.
const NOW: u64 = 1_700_000_000_000;

/// A match that alice has opened, and how she sees it.
struct Played(Match);

impl Played {
    fn opened(mode: &str, bots: usize) -> Self {
        let (mode, players) = (muster_game::mode(mode).unwrap(), ["alice".to_owned()]);
        let opening = Opening { match_id: "K7QX2M", mode, options: Some("{}"), players: &players, bots, begins: false, seed: "seed" };
        Self(Match::open(opening, Circumstances { now: NOW, by: "r" }).unwrap())
    }

    fn with_bob(mode: &str) -> Self {
        Self::opened(mode, 0).then(Wish::Join("bob"))
    }

    fn then(self, wish: Wish<'_>) -> Self {
        let change = self.0.change(wish, Circumstances { now: NOW, by: &self.0.revision.to_string() });
        assert_eq!(change.answer, Ok(Answer::Done), "{wish:?}");
        Self(change.row.unwrap())
    }

    fn act(self, player: &str, action: &str) -> Self {
        self.then(Wish::Act { player, action, request_id: None, version: None })
    }

    /// A round of rock-paper-scissors and its kin.
    fn round(self, alice: &str, bob: &str) -> Self {
        self.act("alice", &format!("{alice:?}")).act("bob", &format!("{bob:?}"))
    }

    fn seen(&self) -> MatchPush {
        self.0.seen_by(Some(self.0.players().position(|player| player == "alice").unwrap()), Occasion::Push, NOW).unwrap()
    }
}

/// The first round against bob.
pub(in super::super::super) fn first_round() -> MatchPush {
    Played::with_bob("rpsls").seen()
}

fn told(push: &MatchPush) -> String {
    view(push, None)
}

fn last(push: &MatchPush) -> String {
    told(push).lines().last().map(str::to_owned).unwrap()
}

/// A match of a game that this client does not know.
fn unknown(seat: usize, awaits: &[usize]) -> MatchPush {
    let view = Some(json!({"hand": ["7\u{202e}"]}));
    let players = ["alice", "bob", "carol"].map(|name| MatchPlayer { player_id: name.into(), bot: false, away: false, left: false });
    MatchPush { mode: "cards".into(), players: players.into(), seat: Some(seat), awaits: awaits.to_vec(), view, ..first_round() }
}

#[test]
fn a_round_is_told_with_what_is_at_stake_and_what_can_be_played() {
    let push = first_round();
    assert_eq!(told(&push), "round 1 against bob, 0 : 0; 5 seconds\nyou can play rock, paper, scissors, lizard, spock");
    let told_at = |now| told(&MatchPush { now, ..first_round() }).lines().next().map(str::to_owned).unwrap();
    assert_eq!(told_at(NOW + 70), "round 1 against bob, 0 : 0; 5 seconds", "what has begun counts");
    assert_eq!(told_at(NOW + 4_000), "round 1 against bob, 0 : 0; 1 second");
    assert_eq!(told_at(NOW + 9_000), "round 1 against bob, 0 : 0; the time is up");
    let played = Played(Played::with_bob("rps").act("alice", "\"rock\"").0).seen();
    assert_eq!(told(&MatchPush { due_at: None, ..played }), "round 1 against bob, 0 : 0; waiting for bob");
}

#[test]
fn the_round_before_is_told_once_and_so_is_what_can_be_played() {
    let (first, second) = (first_round(), Played::with_bob("rpsls").round("paper", "rock").seen());
    assert_eq!(view(&second, Some(&first)), "paper covers rock: you win the round\nround 2 against bob, 1 : 0; 7 seconds");
    assert_eq!(view(&second, Some(&second)), "", "the same again");
    let away = Played::with_bob("rpsls").round("paper", "rock").then(Wish::GoAway("bob"));
    assert_eq!(view(&away.seen(), Some(&second)), "bob is away\nround 2 against bob, 1 : 0; 7 seconds");
    let back = away.seen();
    assert_eq!(view(&away.then(Wish::Return("bob")).seen(), Some(&back)), "bob is back\nround 2 against bob, 1 : 0; 7 seconds");
    let result = |alice, bob| told(&Played::with_bob("rps").round(alice, bob).seen()).lines().next().map(str::to_owned).unwrap();
    assert_eq!(result("rock", "paper"), "paper covers rock: bob wins the round");
    assert_eq!(result("rock", "rock"), "rock meets rock: nobody wins the round");
}

#[test]
fn a_board_is_three_lines() {
    let played = Played::opened("tic-tac-toe", 1).seen();
    let mine = if played.seat == Some(0) { "X" } else { "O" };
    let lines: Vec<String> = told(&played).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[0].starts_with("  ") && lines[2] == "  6 7 8" || lines.concat().contains(['X', 'O']), "{lines:?}");
    assert_eq!(lines[3], format!("you are {mine}; your turn; 70 seconds"));
    let waiting = MatchPush { awaits: vec![1 - played.seat.unwrap()], due_at: None, ..played };
    assert_eq!(last(&waiting), format!("you are {mine}; waiting for bot#1"));
}

#[test]
fn any_other_game_is_told_as_it_is() {
    let push = MatchPush { events: vec![json!({"drawn": 7})], ..unknown(1, &[1]) };
    assert_eq!(told(&push), "- {\"drawn\":7}\n{\"hand\":[\"7\\u{202e}\"]}\nyour turn; 5 seconds");
    assert_eq!(view(&push, Some(&unknown(1, &[1]))), "- {\"drawn\":7}", "the same version with its events");
    assert_eq!(last(&unknown(1, &[0, 2])), "waiting for alice and carol; 5 seconds");
    assert_eq!(last(&MatchPush { due_at: None, ..unknown(1, &[]) }), "{\"hand\":[\"7\\u{202e}\"]}");
}

#[test]
fn an_end_says_how() {
    let won = Played::with_bob("rpsls").round("rock", "spock").round("paper", "rock").round("paper", "rock").round("paper", "rock");
    assert_eq!(told(&won.seen()), "paper covers rock: you win the round\nyou have won 3 : 1");
    let left = |who| told(&Played::with_bob("rpsls").round("paper", "rock").then(Wish::Leave(who)).seen());
    assert_eq!((left("bob"), left("alice")), ("bob has left: you win".to_owned(), "you have left: bob wins".to_owned()));
    assert_eq!(told(&Played::opened("rps", 0).then(Wish::Leave("alice")).seen()), "the match is abandoned: nobody is left");
    let over = |ending, places: &[usize], scores: &[i64]| {
        let outcome = MatchOutcome { ending, places: places.into(), scores: scores.into(), words: "by points".into() };
        last(&MatchPush { state: MatchState::Over, outcome: Some(outcome), ..unknown(1, &[]) })
    };
    assert_eq!(over(MatchEnding::Won, &[2, 1], &[3, 7]), "you have won 7 : 3: by points");
    assert_eq!(over(MatchEnding::Won, &[1, 2], &[]), "you have lost: by points");
    assert_eq!(over(MatchEnding::Won, &[1, 3, 2], &[9, 1, 4]), "alice has won, and you are at place 3, 9 : 1 : 4: by points");
    assert_eq!(over(MatchEnding::Drawn, &[1, 1], &[]), "the match is drawn: by points");
    assert_eq!(over(MatchEnding::Void, &[1, 1], &[]), "the match does not count: by points");
    assert_eq!(over(MatchEnding::Unknown, &[1, 1], &[]), "the match is over: by points");
}

#[test]
fn whoever_waits_is_told_for_what() {
    let waiting = Played::opened("rps", 0).seen();
    assert_eq!(told(&waiting), "waiting for players: join K7QX2M");
    let carol = MatchPlayer { player_id: "carol".into(), bot: false, away: false, left: false };
    let more = MatchPush { version: 99, players: [waiting.players.clone(), vec![carol]].concat(), ..waiting.clone() };
    assert_eq!(view(&more, Some(&waiting)), "carol has come in\nwaiting for players: join K7QX2M; start begins without more");
    let came_to_nothing = |outcome| pool(&PoolPush { ticket_id: "t".into(), outcome });
    assert_eq!(came_to_nothing(PoolOutcome::TimedOut), "nobody was found in time");
    assert!(came_to_nothing(PoolOutcome::Away).starts_with("you were away"));
    assert_eq!(joined(&PoolJoined { ticket_id: "t\r".into() }), r"looking for somebody to play with (ticket t\r)");
}

#[test]
fn nothing_of_a_match_can_control_the_terminal() {
    let evil = || "\u{1b}[2J\u{202e}".to_owned();
    let mut rounds = Played::with_bob("rps").round("rock", "paper").seen();
    (rounds.players[1].player_id, rounds.match_id) = (evil(), evil());
    rounds.view.as_mut().unwrap()["roundSummary"] = json!(evil());
    let other =
        MatchPush { view: Some(json!({evil(): evil()})), events: vec![json!(evil())], players: rounds.players.clone(), ..rounds.clone() };
    for push in [rounds, other] {
        for state in [MatchState::Waiting, MatchState::Playing, MatchState::Over, MatchState::Unknown] {
            for (ending, places) in
                [(MatchEnding::Won, vec![2, 1]), (MatchEnding::Forfeited, vec![1, 2]), (MatchEnding::Abandoned, vec![1, 1])]
            {
                let outcome = MatchOutcome { ending, places, scores: Vec::new(), words: evil() };
                let before = MatchPush { version: 1, players: Vec::new(), ..push.clone() };
                let line = view(&MatchPush { state, outcome: Some(outcome), ..push.clone() }, Some(&before));
                assert!(!line.contains(['\u{1b}', '\u{202e}']), "{line}");
            }
        }
    }
}
