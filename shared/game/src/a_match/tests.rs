//! Matches, tried: what holds around every game. What holds within one is the kit's.

use muster_protocol::{Code, MatchEnding, MatchState};

use super::*;
use crate::mode;

fn at(now: Millis) -> Circumstances<'static> {
    Circumstances { now, by: "r" }
}

fn opened(mode_name: &str, bots: usize) -> Match {
    let players = ["alice".to_owned()];
    let opening =
        Opening { match_id: "K7QX2M", mode: mode(mode_name).unwrap(), options: None, players: &players, bots, begins: false, seed: "s" };
    Match::open(opening, at(1_000)).unwrap()
}

pub(super) fn begun(mode_name: &str) -> Match {
    done(&opened(mode_name, 0), Wish::Join("bob"), 2_000)
}

fn done(before: &Match, wish: Wish<'_>, now: Millis) -> Match {
    let change = before.change(wish, at(now));
    assert_eq!(change.answer, Ok(Answer::Done), "{wish:?}");
    change.row.unwrap()
}

fn refused(before: &Match, wish: Wish<'_>, now: Millis) -> Code {
    before.change(wish, at(now)).answer.unwrap_err().code
}

const fn play<'a>(player: &'a str, action: &'a str, request_id: &'a str) -> Wish<'a> {
    Wish::Act { player, action, request_id: Some(request_id), version: None }
}

#[test]
fn a_secret_play_is_written_and_shows_nobody_that_it_was_made() {
    let before = begun("rps");
    let after = done(&before, play("alice", r#""rock""#, "r1"), 3_000);
    assert_eq!((after.revision, after.version, after.announce.as_str()), (before.revision + 1, before.version, NO));
    let seen = |row: &Match, seat| row.seen_by(Some(seat), Occasion::Reply, 0).unwrap();
    assert_eq!(seen(&before, 1), seen(&after, 1));
    assert_eq!((seen(&after, 0).view.unwrap()["played"].as_str(), seen(&after, 0).awaits), (Some("rock"), vec![1]));
    let after = done(&after, play("bob", r#""paper""#, "r2"), 4_000);
    let push = |seat| after.seen_by(Some(seat), Occasion::Push, 0).unwrap();
    assert_eq!((push(0).ack.as_deref(), push(1).ack.as_deref(), after.version), (Some("r1"), Some("r2"), before.version + 1));
    assert_eq!((push(0).events.len(), push(1).view.unwrap()["winner"].as_str()), (1, Some("you")));
}

#[test]
fn a_request_that_comes_again_is_known_also_behind_what_it_completed() {
    let row = done(&begun("rps"), play("alice", r#""rock""#, "r1"), 3_000);
    let row = done(&row, play("bob", r#""rock""#, "r1"), 3_500);
    for player in ["alice", "bob"] {
        assert_eq!(row.change(play(player, r#""paper""#, "r1"), at(4_000)), Change { row: None, answer: Ok(Answer::Repeated) });
    }
    assert_eq!(row.change(play("alice", r#""paper""#, "r3"), at(4_000)).answer, Ok(Answer::Done));
}

#[test]
fn an_action_of_another_version_or_behind_a_deadline_is_stale_and_shows_the_match() {
    let row = begun("rps");
    let act = |version| Wish::Act { player: "alice", action: r#""rock""#, request_id: None, version };
    let old = row.change(act(Some(row.version - 1)), at(3_000)).answer.unwrap_err();
    assert_eq!((old.code, old.in_match.unwrap().version, old.match_id.as_deref()), (Code::Stale, row.version, Some("K7QX2M")));
    assert_eq!(refused(&row, act(Some(row.version + 1)), 3_000), Code::BadRequest);
    let late = row.change(act(None), at(row.due_at.unwrap()));
    assert_eq!(late.answer.unwrap_err().code, Code::Stale);
    assert_eq!(late.row.unwrap().version, row.version + 1, "whoever comes is as good as a lost timer");
}

#[test]
fn two_deadlines_with_nobody_there_end_a_match_and_any_action_between_them_does_not() {
    let tick = |row: &Match| done(row, Wish::Tick, row.due_at.unwrap());
    let row = tick(&tick(&begun("rps")));
    assert_eq!(row.outcome.unwrap().ending, MatchEnding::Abandoned);
    let played = done(&done(&begun("rps"), play("bob", r#""rock""#, "b"), 3_000), play("alice", r#""rock""#, "a"), 3_100);
    assert!(tick(&tick(&played)).is_over(), "a round that both have played is none that nobody has");
    let mut row = begun("rps");
    for round in 0..6 {
        row = done(&row, play("bob", r#""rock""#, &format!("b{round}")), row.due_at.unwrap() - 1);
        row = tick(&row);
        if row.is_over() {
            break;
        }
    }
    assert_eq!((row.outcome.clone().unwrap().ending, row.outcome.unwrap().scores), (MatchEnding::Won, vec![0, 3]));
}

#[test]
fn seats_are_limited_and_turns_are_kept() {
    let row = begun("tic-tac-toe");
    assert_eq!(refused(&row, Wish::Join("carol"), 3_000), Code::MatchFull);
    assert_eq!(refused(&row, play("carol", "4", "r"), 3_000), Code::NotFound);
    let (turn, other) = (row.seats[0].player_id.clone(), row.seats[1].player_id.clone());
    assert_eq!(refused(&row, play(&other, "4", "r"), 3_000), Code::NotYourTurn);
    let row = done(&row, play(&turn, "4", "r"), 3_000);
    assert_eq!(refused(&row, play(&other, "4", "s"), 3_100), Code::Other("taken".into()));
    assert_eq!(refused(&row, play(&other, r#""x""#, "s"), 3_100), Code::BadRequest);
    assert_eq!(refused(&opened("rps", 0), play("alice", r#""rock""#, "r"), 3_000), Code::MatchNotBegun);
}

#[test]
fn whoever_leaves_forfeits_and_a_match_without_players_is_abandoned() {
    let row = done(&begun("rps"), Wish::Leave("alice"), 3_000);
    let outcome = row.outcome.clone().unwrap();
    assert_eq!((outcome.ending, outcome.places), (MatchEnding::Forfeited, vec![2, 1]));
    assert_eq!(row.change(Wish::Leave("alice"), at(4_000)), Change { row: None, answer: Ok(Answer::Done) });
    assert_eq!(refused(&row, play("bob", r#""rock""#, "r"), 4_000), Code::MatchOver);
    let alone = done(&opened("rps", 0), Wish::Leave("alice"), 3_000);
    assert_eq!((alone.outcome.as_ref().unwrap().ending, alone.phase), (MatchEnding::Abandoned, MatchState::Over));
    assert_eq!(alone.change(Wish::Leave("alice"), at(4_000)).answer, Ok(Answer::Done));
}

#[test]
fn a_leave_behind_a_deadline_leaves_the_round_that_was_over_as_it_was() {
    let row = done(&begun("rps"), play("bob", r#""rock""#, "r"), 3_000);
    let row = done(&row, Wish::Leave("alice"), row.due_at.unwrap() + 1);
    let view = row.seen_by(Some(1), Occasion::Reply, 0).unwrap().view.unwrap();
    assert_eq!((view["yourScore"].as_u64(), row.outcome.unwrap().ending), (Some(1), MatchEnding::Forfeited));
}

#[test]
fn the_computer_answers_in_the_same_write() {
    let mut row = opened("tic-tac-toe", 1);
    assert_eq!((row.phase, row.version), (MatchState::Playing, 1));
    let seat = row.seat_of("alice").unwrap();
    while !row.is_over() {
        assert_eq!(row.awaits.iter().collect::<Vec<_>>(), [seat]);
        let view = row.seen_by(Some(seat), Occasion::Reply, 0).unwrap().view.unwrap();
        let free = view["cells"].as_array().unwrap().iter().position(serde_json::Value::is_null).unwrap();
        row = done(&row, play("alice", &free.to_string(), &row.revision.to_string()), row.changed_at + 1);
    }
    assert_ne!(row.outcome.unwrap().places[seat], 0);
}

#[test]
fn being_away_is_seen_and_ends_with_any_sign_of_life() {
    let row = done(&begun("rps"), Wish::GoAway("alice"), 3_000);
    assert!(row.seats[0].away && row.announce == YES);
    assert_eq!(row.change(Wish::GoAway("alice"), at(3_100)).row, None);
    for back in [Wish::Return("alice"), Wish::Join("alice"), play("alice", r#""rock""#, "r")] {
        let back = done(&row, back, 3_200);
        assert!(!back.seats[0].away && back.version == row.version + 1);
    }
}

#[test]
fn whoever_has_acted_in_secret_is_not_given_away_by_what_else_is_told() {
    let before = begun("rps");
    let played = done(&before, play("alice", r#""rock""#, "r1"), 3_000);
    let awaits = |row: &Match, seat| row.seen_by(Some(seat), Occasion::Push, 0).unwrap().awaits;
    let away = done(&played, Wish::GoAway("bob"), 3_100);
    assert_eq!((awaits(&away, 1), awaits(&away, 0)), (vec![0, 1], vec![1]));
    let back = done(&done(&before, Wish::GoAway("alice"), 3_000), play("alice", r#""rock""#, "r1"), 3_100);
    assert_eq!((back.told, awaits(&back, 1)), (true, vec![0, 1]));
}

#[test]
fn a_computer_that_can_do_nothing_leaves_the_match_to_the_clock() {
    let row = opened("tic-tac-toe", 1);
    let bot = row.seats.iter().position(|seat| seat.bot).unwrap();
    let state = format!(r#"{{"cells":[0,1,0,0,1,0,1,0,1],"turn":{bot},"bank":[0,0]}}"#);
    let row = Match { state, awaits: SeatSet::EMPTY.with(bot), bot_at: Some(3_000), ..row };
    let ticked = done(&row, Wish::Tick, 3_000);
    assert_eq!((ticked.bot_at, ticked.wakes_at()), (None, row.due_at));
}

#[test]
fn presence_makes_no_action_stale() {
    let before = begun("rps");
    let away = done(&before, Wish::GoAway("bob"), 3_000);
    let act = Wish::Act { player: "alice", action: r#""rock""#, request_id: None, version: Some(before.version) };
    assert!(away.version > before.version && away.moved == before.version);
    assert_eq!(away.change(act, at(3_100)).answer, Ok(Answer::Done));
}

#[test]
fn a_state_that_nothing_can_read_ends_the_match_as_void_and_players_can_see_it() {
    for state in ["", "{}", "no JSON", r#"[{"cells":1},[]]"#] {
        let broken = Match { state: state.to_owned(), ..begun("tic-tac-toe") };
        let row = done(&broken, Wish::Return("alice"), 3_000);
        let seen = row.seen_by(Some(0), Occasion::Push, 0).unwrap();
        assert_eq!((seen.outcome.unwrap().ending, seen.view, row.announce.as_str()), (MatchEnding::Void, None, YES), "{state}");
        assert!(row.fault.is_some());
    }
    let older_rules = Match { rules: 0, ..begun("tic-tac-toe") };
    assert!(done(&older_rules, Wish::Tick, 3_000).fault.unwrap().contains("rules 0"));
    let newer_rules = Match { rules: 7, ..begun("tic-tac-toe") };
    assert_eq!(refused(&newer_rules, Wish::Tick, 3_000), Code::Busy, "a function that is deployed already knows them");
    let no_mode = Match { mode: "chess".into(), ..begun("rps") };
    assert!(done(&no_mode, Wish::Tick, 3_000).fault.unwrap().contains("chess"));
    let over = Match { mode: "chess".into(), ..done(&begun("rps"), Wish::Leave("alice"), 3_000) };
    assert_eq!(over.change(Wish::Leave("alice"), at(4_000)), Change { row: None, answer: Ok(Answer::Done) });
    assert_eq!(over.seen_by(Some(0), Occasion::Reply, 0).unwrap().outcome, over.outcome, "what is over stays as it ended");
}

#[test]
fn only_a_due_time_that_is_new_or_earlier_arms_and_the_clock_itself() {
    let row = begun("rps");
    assert_eq!(row.arms(), row.due_at);
    let played = done(&row, play("alice", r#""rock""#, "r1"), 3_000);
    let next = done(&played, play("bob", r#""rock""#, "r2"), 3_500);
    assert!(next.due_at > row.due_at && next.arms().is_none() && next.armed == row.armed);
    assert_eq!(next.look(row.armed, false, row.due_at.unwrap()), Look::SendOn(next.due_at.unwrap()));
    assert_eq!(next.look(row.armed, true, row.due_at.unwrap()), Look::Arm);
    assert_eq!(next.look(row.armed - 1, false, row.due_at.unwrap()), Look::End);
    assert_eq!(next.look(row.armed - 1, false, next.due_at.unwrap()), Look::Act);
    let ticked = done(&next, Wish::Tick, next.due_at.unwrap());
    assert_eq!(ticked.arms(), ticked.due_at);
    let armed = done(&next, Wish::Arm, 4_000);
    assert_eq!((armed.arms(), armed.version, armed.told, armed.announce.as_str()), (next.due_at, next.version, false, YES));
}

#[test]
fn options_are_checked_by_their_game() {
    let open = |options, bots| {
        let players = ["alice".to_owned()];
        Match::open(
            Opening { match_id: "m", mode: mode("rps").unwrap(), options, players: &players, bots, begins: false, seed: "s" },
            at(0),
        )
    };
    assert!(open(Some(r#"{"wins":1}"#), 0).unwrap().options.contains(r#""wins":1"#));
    assert_eq!(open(Some(r#"{"wins":0}"#), 0).unwrap_err().message, "body.options.wins: 1 to 50");
    assert!(open(Some(r#"{"wins":"many"}"#), 0).unwrap_err().message.starts_with("body.options.wins: "));
    assert_eq!(open(None, 2).unwrap_err().message, "body.bots: at most 1, not 2");
}

#[test]
fn a_row_of_a_small_game_is_small() {
    let player = |name: &str| name.repeat(40);
    let players = [player("a"), player("b")];
    let opening = Opening {
        match_id: &"m".repeat(36),
        mode: mode("rpsls").unwrap(),
        options: None,
        players: &players,
        bots: 0,
        begins: false,
        seed: &"s".repeat(32),
    };
    let mut row = Match::open(opening, Circumstances { now: 1_700_000_000_000, by: "W9In0EDVIAMFexQ=" }).unwrap();
    for n in 0..20 {
        let act = Wish::Act { player: &players[n % 2], action: r#""scissors""#, request_id: Some("a-request"), version: None };
        row = row.change(act, Circumstances { now: 1_700_000_000_000, by: "W9In0EDVIAMFexQ=" }).row.unwrap_or(row);
    }
    assert!(serde_json::to_string(&row).unwrap().len() < 1_024, "{}", serde_json::to_string(&row).unwrap());
}
