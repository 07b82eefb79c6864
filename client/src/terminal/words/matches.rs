//! What is said of pools and matches.

use muster_client::protocol::{
    MatchEnding, MatchPush, MatchState, PoolOutcome, PoolPush, Who,
    routes::{Played, PoolJoined},
};

use super::visible;

/// The lines for a match as it is at `now`, in epoch milliseconds by the server's clock. Of the round before the open one they say nothing
/// if that was told with the view `before`.
pub(in super::super) fn view(view: &MatchPush, before: Option<&MatchPush>, now: u64) -> String {
    match view.state {
        MatchState::Waiting => format!("waiting for the second player: join {}", visible(&view.match_id)),
        MatchState::Playing => {
            let told = before.is_some_and(|before| (&before.match_id, before.round) == (&view.match_id, view.round));
            with_round(view, !told, &open_round(view, now))
        }
        // Only these two come of a round: of any other end, the round in the view is the one before.
        MatchState::Over => with_round(view, matches!(view.ending, Some(MatchEnding::Won | MatchEnding::Drawn)), &end(view)),
        MatchState::Unknown => format!("the match {} is in a state that this client does not know", visible(&view.match_id)),
    }
}

/// The line for a ticket that came to nothing.
pub(super) fn pool(push: &PoolPush) -> String {
    match push.outcome {
        PoolOutcome::TimedOut => "nobody was found in time",
        PoolOutcome::Away => "you were away, and nobody is looked for any more",
        PoolOutcome::Unknown => "nobody is looked for any more, for a reason that this client does not know",
    }
    .to_owned()
}

/// The line for a pool that was joined.
pub(in super::super) fn joined(joined: &PoolJoined) -> String {
    format!("looking for somebody to play with (ticket {})", visible(&joined.ticket_id))
}

/// The line for a play that counts.
pub(in super::super) fn played(played: &Played) -> String {
    format!("you play {} in round {}", visible(&played.play), played.round)
}

/// `line`, below the result of the last round, if there is one and it is wanted.
fn with_round(view: &MatchPush, wanted: bool, line: &str) -> String {
    let Some(summary) = view.round_summary.as_ref().filter(|_| wanted) else { return line.to_owned() };
    let winner = match view.round_winner {
        Some(Who::You) => "you win the round".to_owned(),
        Some(Who::Them) => format!("{} wins the round", opponent(view)),
        None => "nobody wins the round".to_owned(),
    };
    format!("{}: {winner}\n{line}", visible(summary))
}

fn open_round(view: &MatchPush, now: u64) -> String {
    let time = match view.due_at.map(|due_at| due_at.saturating_sub(now).div_ceil(1_000)) {
        None => String::new(),
        Some(0) => "; the time is up".to_owned(),
        Some(1) => "; 1 second".to_owned(),
        Some(seconds) => format!("; {seconds} seconds"),
    };
    format!("round {} against {}, {}{time}", view.round, opponent(view), score(view))
}

fn end(view: &MatchPush) -> String {
    match (view.ending, view.winner) {
        (Some(MatchEnding::Won), Some(Who::You)) => format!("you have won {}", score(view)),
        (Some(MatchEnding::Won), Some(Who::Them)) => format!("you have lost {}", score(view)),
        (Some(MatchEnding::Drawn), _) => format!("the match is drawn {}", score(view)),
        (Some(MatchEnding::Forfeited), Some(Who::You)) => format!("{} has left: you win", opponent(view)),
        (Some(MatchEnding::Forfeited), Some(Who::Them)) => format!("you have left: {} wins", opponent(view)),
        (Some(MatchEnding::Abandoned), _) if view.opponent_id.is_none() => "nobody has joined: the match is abandoned".to_owned(),
        (Some(MatchEnding::Abandoned), _) => "nobody played: the match is abandoned".to_owned(),
        _ => format!("the match is over {}", score(view)),
    }
}

fn score(view: &MatchPush) -> String {
    format!("{} : {}", view.your_score, view.their_score)
}

fn opponent(view: &MatchPush) -> String {
    view.opponent_id.as_deref().map_or_else(|| "the other player".to_owned(), visible)
}

#[cfg(test)]
pub(in super::super) mod tests {
    use super::*;

    /// The moment of the tests, in epoch milliseconds.
    const NOW: u64 = 1_700_000_000_000;

    /// The first round against bob.
    pub(in super::super::super) fn first_round() -> MatchPush {
        MatchPush {
            match_id: "K7QX2M".into(),
            mode: "rpsls".into(),
            version: 2,
            state: MatchState::Playing,
            opponent_id: Some("bob".into()),
            round: 1,
            due_at: Some(NOW + 5_000),
            your_score: 0,
            their_score: 0,
            winner: None,
            ending: None,
            your_play: None,
            their_play: None,
            round_winner: None,
            round_summary: None,
        }
    }

    /// The second round, after the first was won.
    fn second_round() -> MatchPush {
        MatchPush {
            version: 3,
            round: 2,
            your_score: 1,
            your_play: Some("paper".into()),
            their_play: Some("rock".into()),
            round_winner: Some(Who::You),
            round_summary: Some("paper covers rock".into()),
            ..first_round()
        }
    }

    fn over(ending: MatchEnding, winner: Option<Who>) -> MatchPush {
        MatchPush { version: 9, state: MatchState::Over, due_at: None, ending: Some(ending), winner, ..second_round() }
    }

    fn told(push: &MatchPush) -> String {
        view(push, None, NOW)
    }

    #[test]
    fn a_round_is_told_with_what_is_at_stake() {
        assert_eq!(told(&first_round()), "round 1 against bob, 0 : 0; 5 seconds");
        let told_at = |now| view(&first_round(), None, now);
        assert_eq!(told_at(NOW + 70), "round 1 against bob, 0 : 0; 5 seconds", "what has begun counts");
        assert_eq!(told_at(NOW + 4_000), "round 1 against bob, 0 : 0; 1 second");
        assert_eq!(told_at(NOW + 9_000), "round 1 against bob, 0 : 0; the time is up");
        assert_eq!(told(&MatchPush { due_at: None, opponent_id: None, ..first_round() }), "round 1 against the other player, 0 : 0");
    }

    #[test]
    fn the_round_before_is_told_once() {
        let second = second_round();
        let both = "paper covers rock: you win the round\nround 2 against bob, 1 : 0; 5 seconds";
        assert_eq!(told(&second), both);
        assert_eq!(view(&second, Some(&first_round()), NOW), both);
        assert_eq!(view(&second, Some(&MatchPush { match_id: "other".into(), ..second_round() }), NOW), both);
        assert_eq!(view(&second, Some(&second_round()), NOW), "round 2 against bob, 1 : 0; 5 seconds");
        let result = |round_winner, summary: &str| {
            let told = told(&MatchPush { round_winner, round_summary: Some(summary.into()), ..second_round() });
            told.lines().next().map(str::to_owned).unwrap()
        };
        assert_eq!(result(Some(Who::Them), "rock against nothing"), "rock against nothing: bob wins the round");
        assert_eq!(result(None, "rock meets rock"), "rock meets rock: nobody wins the round");
    }

    #[test]
    fn an_end_says_how() {
        let won = MatchPush { your_score: 3, their_score: 1, ..over(MatchEnding::Won, Some(Who::You)) };
        assert_eq!(told(&won), "paper covers rock: you win the round\nyou have won 3 : 1");
        let last = |push: &MatchPush| told(push).lines().last().map(str::to_owned).unwrap();
        assert_eq!(last(&over(MatchEnding::Won, Some(Who::Them))), "you have lost 1 : 0");
        assert_eq!(last(&over(MatchEnding::Drawn, None)), "the match is drawn 1 : 0");
        assert_eq!(told(&over(MatchEnding::Forfeited, Some(Who::You))), "bob has left: you win", "the round before was told");
        assert_eq!(told(&over(MatchEnding::Forfeited, Some(Who::Them))), "you have left: bob wins");
        assert_eq!(told(&over(MatchEnding::Abandoned, None)), "nobody played: the match is abandoned");
        let alone = MatchPush { opponent_id: None, ..over(MatchEnding::Abandoned, None) };
        assert_eq!(told(&alone), "nobody has joined: the match is abandoned");
        assert_eq!(told(&over(MatchEnding::Unknown, None)), "the match is over 1 : 0");
    }

    #[test]
    fn whoever_waits_is_told_for_what() {
        let waiting = MatchPush { state: MatchState::Waiting, opponent_id: None, round: 0, ..first_round() };
        assert_eq!(told(&waiting), "waiting for the second player: join K7QX2M");
        let came_to_nothing = |outcome| pool(&PoolPush { ticket_id: "t".into(), outcome });
        assert_eq!(came_to_nothing(PoolOutcome::TimedOut), "nobody was found in time");
        assert!(came_to_nothing(PoolOutcome::Away).starts_with("you were away"));
        assert_eq!(joined(&PoolJoined { ticket_id: "t\r".into() }), r"looking for somebody to play with (ticket t\r)");
    }

    #[test]
    fn nothing_of_a_match_can_control_the_terminal() {
        let evil = || "\u{1b}[2J\u{202e}".to_owned();
        let push = MatchPush {
            match_id: evil(),
            opponent_id: Some(evil()),
            round_summary: Some(evil()),
            round_winner: Some(Who::Them),
            ..second_round()
        };
        let states = [MatchState::Waiting, MatchState::Playing, MatchState::Over, MatchState::Unknown];
        let endings = [MatchEnding::Won, MatchEnding::Forfeited];
        for (state, ending) in states.into_iter().flat_map(|state| endings.map(|ending| (state, ending))) {
            for winner in [Who::You, Who::Them] {
                let line = told(&MatchPush { state, ending: Some(ending), winner: Some(winner), ..push.clone() });
                assert!(!line.contains(['\u{1b}', '\u{202e}']), "{line}");
            }
        }
        let play = Played { match_id: evil(), round: 1, play: evil() };
        assert_eq!(played(&play), r"you play \u{1b}[2J\u{202e} in round 1");
    }
}
