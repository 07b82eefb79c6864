//! What is said of pools and matches.

use muster_client::{
    games::{self, SecretRounds, TicTacToe},
    protocol::{MatchEnding, MatchOutcome, MatchPush, MatchState, PoolOutcome, PoolPush, routes::PoolJoined},
};

use super::{super::offers, visible};

/// What can be shown better than as JSON.
enum Shown {
    Rounds(SecretRounds),
    Board(TicTacToe),
    Otherwise,
}

impl Shown {
    fn of(push: &MatchPush) -> Self {
        let board = || games::view(push).map_or(Self::Otherwise, Self::Board);
        games::view(push).map_or_else(board, Self::Rounds)
    }
}

/// The lines for a match as it is, in view of what was told of it before. Empty, if nothing is new for a person.
pub(in super::super) fn view(push: &MatchPush, before: Option<&MatchPush>) -> String {
    let shown = Shown::of(push);
    // The same version again brings its events.
    if before.is_some_and(|before| before.version >= push.version) {
        return if matches!(shown, Shown::Otherwise) { events(push).join("\n") } else { String::new() };
    }
    let mut lines = comings_and_goings(push, before);
    match push.state {
        MatchState::Waiting => lines.push(waiting(push)),
        MatchState::Playing => {
            let told =
                |rounds: &SecretRounds| before.and_then(games::view).is_some_and(|before: SecretRounds| before.round == rounds.round);
            lines.extend(body(push, &shown, told));
            lines.extend(turn(push, &shown));
            lines.extend(offered(push, before, &shown));
        }
        MatchState::Over => {
            // Only these two endings come of a round: of any other, the round in the view is the one before.
            let ending = push.outcome.as_ref().map(|outcome| outcome.ending);
            lines.extend(body(push, &shown, |_| !matches!(ending, Some(MatchEnding::Won | MatchEnding::Drawn))));
            lines.push(push.outcome.as_ref().map_or_else(|| "the match is over".to_owned(), |outcome| end(push, outcome, &shown)));
        }
        MatchState::Unknown => lines.push(format!("the match {} is in a state that this client does not know", visible(&push.match_id))),
    }
    lines.join("\n")
}

/// What has happened in a game, and how it looks. Of rounds, the one before the open one, unless that was told.
fn body(push: &MatchPush, shown: &Shown, told: impl FnOnce(&SecretRounds) -> bool) -> Vec<String> {
    match shown {
        Shown::Rounds(rounds) if told(rounds) => Vec::new(),
        Shown::Rounds(rounds) => last_round(rounds, push).into_iter().collect(),
        Shown::Board(board) => rows(board),
        Shown::Otherwise => events(push).into_iter().chain(push.view.iter().map(|view| visible(&view.to_string()))).collect(),
    }
}

fn events(push: &MatchPush) -> Vec<String> {
    push.events.iter().map(|event| format!("- {}", visible(&event.to_string()))).collect()
}

/// The line for what the player can do, unless it was told. A board shows what is free.
fn offered(push: &MatchPush, before: Option<&MatchPush>, shown: &Shown) -> Option<String> {
    let offers = offers::of(push);
    let told = before.is_some_and(|before| is_awaited(before) && offers::of(before) == offers);
    let wanted = is_awaited(push) && !matches!(shown, Shown::Board(_)) && !offers.is_empty() && !told;
    wanted.then(|| offers::line(&offers))
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

/// Who has come, gone or come back since.
fn comings_and_goings(push: &MatchPush, before: Option<&MatchPush>) -> Vec<String> {
    let mut lines = Vec::new();
    for (seat, player) in push.players.iter().enumerate().filter(|(seat, _)| Some(*seat) != push.seat) {
        let was = before.and_then(|before| before.players.get(seat)).filter(|was| was.player_id == player.player_id);
        let what = match was {
            None if before.is_some() && push.state == MatchState::Waiting => "has come in",
            Some(was) if player.left && !was.left => "has left",
            _ if player.away && !was.is_some_and(|was| was.away) => "is away",
            Some(was) if was.away && !player.away => "is back",
            _ => continue,
        };
        lines.push(format!("{} {what}", visible(&player.player_id)));
    }
    lines
}

fn waiting(push: &MatchPush) -> String {
    let may_start = push.host.is_some() && push.host == push.seat && push.least.is_some_and(|least| push.players.len() >= least);
    let start = if may_start { "; start begins without more" } else { "" };
    format!("waiting for players: join {}{start}", visible(&push.match_id))
}

/// The line for the round before the open one.
fn last_round(rounds: &SecretRounds, push: &MatchPush) -> Option<String> {
    let winner = match rounds.winner.as_deref() {
        Some("you") => "you win the round".to_owned(),
        Some(_) => format!("{} wins the round", others(push)),
        None => "nobody wins the round".to_owned(),
    };
    Some(format!("{}: {winner}", visible(rounds.round_summary.as_deref()?)))
}

/// Rows of a board, with the numbers of its free cells.
fn rows(board: &TicTacToe) -> Vec<String> {
    let cell = |at: usize| match board.cells[at] {
        Some(0) => "X".to_owned(),
        Some(_) => "O".to_owned(),
        None => at.to_string(),
    };
    (0..3).map(|row| format!("  {} {} {}", cell(3 * row), cell(3 * row + 1), cell(3 * row + 2))).collect()
}

/// The line that says who must act, and until when.
fn turn(push: &MatchPush, shown: &Shown) -> Option<String> {
    let mut parts = match shown {
        Shown::Rounds(rounds) => {
            vec![format!("round {} against {}, {} : {}", rounds.round, others(push), rounds.your_score, rounds.their_score)]
        }
        Shown::Board(_) => vec![format!("you are {}", if push.seat == Some(0) { "X" } else { "O" })],
        Shown::Otherwise => Vec::new(),
    };
    if !is_awaited(push) && !push.awaits.is_empty() {
        parts.push(format!("waiting for {}", names(push, push.awaits.iter().copied())));
    } else if is_awaited(push) && !matches!(shown, Shown::Rounds(_)) {
        parts.push("your turn".to_owned());
    }
    match push.due_at.map(|due_at| due_at.saturating_sub(push.now).div_ceil(1_000)) {
        None => {}
        Some(0) => parts.push("the time is up".to_owned()),
        Some(1) => parts.push("1 second".to_owned()),
        Some(seconds) => parts.push(format!("{seconds} seconds")),
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The line that says what a match came to, with the game's own words for it. The last round has told them.
fn end(push: &MatchPush, outcome: &MatchOutcome, shown: &Shown) -> String {
    let MatchOutcome { ending, places, scores, words } = outcome;
    let place = push.seat.and_then(|seat| places.get(seat)).copied();
    let firsts = || names(push, (0..places.len()).filter(|seat| places[*seat] == 1));
    let lasts = || names(push, (0..places.len()).filter(|seat| places[*seat] > 1));
    let mut line = match (ending, place) {
        (MatchEnding::Won, Some(1)) => "you have won".to_owned(),
        (MatchEnding::Won, Some(_)) if places.len() == 2 => "you have lost".to_owned(),
        (MatchEnding::Won, Some(place)) => format!("{} has won, and you are at place {place}", firsts()),
        (MatchEnding::Won, None) => format!("{} has won", firsts()),
        (MatchEnding::Drawn, _) => "the match is drawn".to_owned(),
        (MatchEnding::Forfeited, Some(1)) => format!("{} has left: you win", lasts()),
        (MatchEnding::Forfeited, Some(_)) => format!("you have left: {} wins", firsts()),
        (MatchEnding::Abandoned, _) => "the match is abandoned".to_owned(),
        (MatchEnding::Void, _) => "the match does not count".to_owned(),
        _ => "the match is over".to_owned(),
    };
    let is_by_rules = matches!(ending, MatchEnding::Won | MatchEnding::Drawn);
    if !scores.is_empty() && is_by_rules {
        // One's own first, if there are two.
        let mut scores: Vec<String> = scores.iter().map(ToString::to_string).collect();
        if scores.len() == 2 && push.seat == Some(1) {
            scores.reverse();
        }
        line = format!("{line}{}{}", if scores.len() == 2 { " " } else { ", " }, scores.join(" : "));
    }
    let is_told = *ending == MatchEnding::Forfeited || words.is_empty() || is_by_rules && matches!(shown, Shown::Rounds(_));
    if is_told { line } else { format!("{line}: {}", visible(words)) }
}

fn is_awaited(push: &MatchPush) -> bool {
    push.seat.is_some_and(|seat| push.awaits.contains(&seat))
}

/// All but the player.
fn others(push: &MatchPush) -> String {
    names(push, (0..push.players.len()).filter(|seat| Some(*seat) != push.seat))
}

fn names(push: &MatchPush, seats: impl Iterator<Item = usize>) -> String {
    let names: Vec<String> = seats.filter_map(|seat| push.players.get(seat)).map(|player| visible(&player.player_id)).collect();
    names.join(" and ")
}

#[cfg(test)]
pub(in super::super) mod tests;
