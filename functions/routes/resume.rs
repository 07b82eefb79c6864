//! `resume`: what the calling player's inbox holds, from where it left off, and what else the player is in.
//!
//! - Trigger: a client's frame, which the client library sends after every connect.
//! - Reads: a page of messages; on the first page also the player's seats, the matches that they are in, and its latest player sessions.
//!   Writes a match only where the player was away, or where the clock should have acted. Pushes nothing.
//! - Safe to repeat: a match changes once, and what a client has seen it knows by its messageId, placementId or version.

use std::collections::VecDeque;

use futures_util::{
    future::{OptionFuture, join_all},
    try_join,
};
use lambda_runtime::Error;
use muster_aws::{
    Asking, Config, ConfigError, Failure, Fault, Matches, Messages, Page, Place, PlayerSessionRow, PlayerSessions, Read, Seats, clock,
    harness::{self, Call},
    seen_by,
};
use muster_game::Wish;
use muster_protocol::{
    MatchPush, MessagePush, SeatKind, ServerFrame,
    cursor::{Next, first_id_of, time_of},
    limits,
    routes::{OVERLAP_MILLISECONDS, PlayerState, Resume, Resumed},
};

/// Messages of a page whose client names no limit.
const DEFAULT_LIMIT: u32 = 50;

/// What of a reply's room is kept for each of the player's seats, in bytes: its requestId has 64 characters, each of which may be escaped.
const SEAT_BYTES: usize = 1_024;

struct State {
    messages: Messages,
    seats: Seats,
    player_sessions: PlayerSessions,
    matches: Matches,
}

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::route(State::from_config, resume).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self {
            messages: Messages::from_config(config)?,
            seats: Seats::from_config(config)?,
            player_sessions: PlayerSessions::from_config(config)?,
            matches: Matches::from_config(config)?,
        })
    }

    /// What the player is in.
    async fn of_player(&self, asking: Asking<'_>) -> Result<PlayerState, Fault> {
        let (seats, rows) = try_join!(self.seats.of_player(asking.player_id), self.player_sessions.of_player(asking.player_id))?;
        let in_matches = seats.iter().filter(|seat| seat.kind == SeatKind::Match).map(|seat| self.in_match(&seat.holds, asking));
        let matches: Vec<MatchPush> = join_all(in_matches).await.into_iter().flatten().collect();
        let bytes = serde_json::to_vec(&matches).map_err(|error| Fault::new("writing a player's matches as JSON", error))?.len();
        Ok(PlayerState { seats: seats.into_iter().map(Into::into).collect(), matches, ..known(rows, bytes)? })
    }

    /// The match as its player sees it, who is back in it. If it cannot be had, it is left out: it must not keep a player from its inbox.
    async fn in_match(&self, match_id: &str, asking: Asking<'_>) -> Option<MatchPush> {
        let back = self.matches.wish(match_id, Wish::Return(asking.player_id), asking, Read::Consistent).await;
        match back.and_then(|changed| seen_by(changed.row.as_ref(), asking.player_id)) {
            Ok(seen) => Some(seen),
            Err(Failure::Rejection(_)) => None,
            Err(Failure::Fault(fault)) => {
                tracing::error!(matchId = match_id, error = fault.chain(), "a match is left out of a resume");
                None
            }
        }
    }
}

async fn resume(state: &State, call: Call<Resume>) -> Result<Resumed, Failure> {
    let now = call.received_at;
    let next = call.body.next.as_deref().and_then(Next::read);
    // A page that follows another begins exactly behind it: an overlap there would serve a busy inbox the same page for ever.
    let (place, since) = match (&next, call.body.after.as_deref().and_then(time_of)) {
        (Some(next), _) => (Place::Behind(next.behind.clone()), time_of(&next.behind)),
        (None, Some(time)) => (Place::Behind(first_id_of(time.min(now).saturating_sub(OVERLAP_MILLISECONDS))), Some(time)),
        (None, None) => (Place::Newest, None),
    };
    let begun_at = next.map_or(now, |next| next.begun_at.min(now));
    let limit = call.body.limit.unwrap_or(DEFAULT_LIMIT) as usize;
    // Pushes have been on their way since the connect, so the state is read once: on the page that begins the resume.
    let first_page = call.body.next.is_none();
    let states = OptionFuture::from(first_page.then(|| state.of_player(call.asking())));
    let (Page { rows, more }, player_state) =
        try_join!(state.messages.page(&call.player.id, &place, limit, call.deadline), async { states.await.transpose() })?;

    let remembered = since.is_none_or(|time| state.messages.expiry(time.saturating_sub(OVERLAP_MILLISECONDS)) > clock::now_seconds());
    let resumed = match place {
        Place::Newest => {
            let (shown, cut) = fitting(rows.into_iter().rev().map(MessagePush::from))?;
            let shown = shown.into_iter().rev().collect();
            Resumed {
                messages: shown,
                next: None,
                after: Some(first_id_of(begun_at)),
                complete: more.is_none() && !cut,
                state: player_state,
            }
        }
        Place::Behind(_) => {
            let (shown, cut) = fitting(rows.into_iter().map(MessagePush::from))?;
            let behind = if cut { shown.back().map(|message| message.message_id.clone()) } else { more };
            let next = behind.map(|behind| Next { begun_at, behind }.to_string());
            let after = next.is_none().then(|| first_id_of(begun_at));
            Resumed { messages: shown.into(), next, after, complete: remembered, state: player_state }
        }
    };
    tracing::info!(messages = resumed.messages.len(), complete = resumed.complete, more = resumed.next.is_some(), "resumed");
    Ok(resumed)
}

/// Sorts what a player is to know of its placements, newest first, as far as it fits into a reply beside a page of messages and so many
/// bytes of matches.
fn known(rows: Vec<PlayerSessionRow>, mut bytes: usize) -> Result<PlayerState, Fault> {
    let mut state = PlayerState::default();
    for row in rows {
        let frame = ServerFrame::from(row);
        bytes += serde_json::to_vec(&frame).map_err(|error| Fault::new("writing a player's session as JSON", error))?.len();
        if bytes > limits::STATE_BYTES - SEAT_BYTES {
            break;
        }
        match frame {
            ServerFrame::Session(session) => state.sessions.push(session),
            ServerFrame::Placement(placement) => state.placements.push(placement),
            _ => {}
        }
    }
    Ok(state)
}

/// The first of `messages` that fit into a frame together, and whether others were left. One that fits into no frame is left out: it
/// could not be pushed either, and became a dead letter.
fn fitting(messages: impl Iterator<Item = MessagePush>) -> Result<(VecDeque<MessagePush>, bool), Fault> {
    let (mut fitting, mut bytes) = (VecDeque::new(), 0);
    for message in messages {
        let size = serde_json::to_vec(&message).map_err(|error| Fault::new("writing a message as JSON", error))?.len() + 1;
        if size > limits::PUSH_BYTES {
            tracing::error!(messageId = message.message_id, bytes = size, "a message of the inbox fits into no frame and is left out");
            continue;
        }
        bytes += size;
        if bytes > limits::PUSH_BYTES {
            return Ok((fitting, true));
        }
        fitting.push_back(message);
    }
    Ok((fitting, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: usize, bytes: usize) -> MessagePush {
        let (message_id, message) = (id.to_string(), "\u{1}".repeat(bytes));
        MessagePush { message_id, sender_id: "alice".into(), announcement: None, request_id: None, message, sent_at: 1 }
    }

    #[test]
    fn a_page_fits_into_a_frame_however_its_messages_are_escaped() {
        let (shown, cut) = fitting((0..100).map(|id| message(id, limits::MESSAGE_BYTES))).unwrap();
        assert!(cut && !shown.is_empty());
        assert!(serde_json::to_vec(&shown).unwrap().len() <= limits::PUSH_BYTES + 2);
        assert_eq!(shown.back().unwrap().message_id, (shown.len() - 1).to_string());
    }

    #[test]
    fn a_message_that_fits_into_no_frame_does_not_hold_up_the_others() {
        let (shown, cut) = fitting([message(0, 1), message(1, limits::FRAME_BYTES), message(2, 1)].into_iter()).unwrap();
        assert_eq!((shown.iter().map(|message| message.message_id.as_str()).collect::<Vec<_>>(), cut), (vec!["0", "2"], false));
    }
}
