//! A play: one conditional write, which reads nothing unless it is refused.

use aws_sdk_dynamodb::types::AttributeValue;
use muster_game::{
    MODES, Mode,
    rounds::{Move, Refusal, Side},
};
use muster_protocol::{Code, MatchState, Rejection};

use super::{MatchRow, Matches, read, write::read_refused};
use crate::{
    Failure, clock,
    conditional::{self, Written},
};

impl Matches {
    /// Writes a player's play into the open round, and answers with the match as it is then. The request `cause` may be handled twice: its play counts
    /// once, and is answered alike.
    ///
    /// # Errors
    /// A [`Rejection`] for each reason why the play does not count; a [`Fault`](crate::Fault) if the table cannot be written.
    pub async fn play(&self, match_id: &str, player_id: &str, played: Move<'_>, cause: &str) -> Result<MatchRow, Failure> {
        let knows = |mode: &&Mode| mode.rounds().is_some_and(|rounds| rounds.game.knows(played.play));
        let modes: Vec<&Mode> = MODES.iter().filter(knows).collect();
        if modes.is_empty() {
            return Err(Rejection::new(Code::UnknownPlay, "body.play: no game has such a play").into());
        }
        let now = clock::now_milliseconds();
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let number = |value: u64| AttributeValue::N(value.to_string());
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("matchId", text(match_id))
            .update_expression("SET plays.#player = :play, requests.#player = :cause, played = played + :one")
            .expression_attribute_names("#player", player_id)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#mode", "mode")
            .expression_attribute_names("#round", "round")
            .expression_attribute_values(":play", text(played.play))
            .expression_attribute_values(":cause", text(cause))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":playing", text("playing"))
            .expression_attribute_values(":round", number(u64::from(played.round)))
            .expression_attribute_values(":player", text(player_id))
            .expression_attribute_values(":now", number(now));
        let mut names = Vec::new();
        for (index, mode) in modes.iter().enumerate() {
            names.push(format!(":mode{index}"));
            update = update.expression_attribute_values(format!(":mode{index}"), text(mode.name));
        }
        let update = update.condition_expression(format!(
            "#state = :playing AND #round = :round AND contains(players, :player) AND attribute_not_exists(plays.#player) AND dueAt > :now AND #mode IN ({})",
            names.join(", ")
        ));
        match conditional::update(update, "writing a play").await? {
            Written::Done(row) => Ok(read(row.unwrap_or_default())?),
            Written::Refused(row) => {
                let row = read_refused(row)?.filter(|row| row.expires_at > clock::now_seconds());
                let found = row.and_then(|row| Some((row.side_of(player_id)?, row)));
                let (side, row) = found.ok_or_else(|| Rejection::new(Code::NotFound, "body.matchId: you are in no such match"))?;
                if row.round == played.round && row.requests.get(player_id).is_some_and(|request| request == cause) {
                    return Ok(row);
                }
                let refusal = refusal(&row, side, played, now);
                // Whoever plays in a round that nobody has resolved is as good as its timer, which may be lost.
                if let Err(fault) = self.resolve(row).await {
                    tracing::error!(matchId = match_id, error = fault.chain(), "a round could not be resolved");
                }
                Err(refusal)
            }
        }
    }
}

/// Why a play of one of its players does not count in the match as it is.
fn refusal(row: &MatchRow, side: Side, played: Move<'_>, now: u64) -> Failure {
    let rounds = match row.rounds() {
        Ok(rounds) => rounds,
        Err(fault) => return fault.into(),
    };
    match row.rules().played(rounds, side, played, now) {
        Err(refusal) => rejection(refusal, row).into(),
        // The condition and the rules say the same, so this cannot be.
        Ok(_) => crate::Fault::because("a play was refused without a reason").into(),
    }
}

fn rejection(refusal: Refusal, row: &MatchRow) -> Rejection {
    let (code, field) = match refusal {
        Refusal::NotBegun => (Code::MatchNotBegun, "matchId"),
        Refusal::Over => (Code::MatchOver, "matchId"),
        Refusal::OldRound => (Code::OldRound, "round"),
        Refusal::FutureRound => (Code::FutureRound, "round"),
        Refusal::Late => (Code::LatePlay, "round"),
        Refusal::Repeated => (Code::RepeatedPlay, "round"),
        Refusal::UnknownPlay => (Code::UnknownPlay, "play"),
    };
    let open = if row.state == MatchState::Playing { format!("; the open round is {}", row.round) } else { String::new() };
    Rejection::new(code, format!("body.{field}: {refusal}{open}"))
}
