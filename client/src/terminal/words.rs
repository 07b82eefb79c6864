//! What happened, in words.

mod matches;
mod placements;

use std::{fmt::Display, time::Duration};

use chrono::{DateTime, Local, TimeZone};
use muster_client::{
    Answer, ConnectError, Event, Message, Pong, RequestError,
    protocol::{Rejection, Seat, SeatKind, routes::SentMessages},
};

pub(super) use self::{
    matches::{joined, view},
    placements::{cancelled, requested},
};

/// The line for an event.
pub(super) fn event(event: &Event) -> String {
    match event {
        Event::Message(message) => said(message, &Local::now()),
        Event::Session(push) => placements::session(push),
        Event::Placement(push) => placements::end(push),
        Event::Pool(push) => matches::pool(push),
        Event::Resumed { after, missed, complete, .. } => {
            let missed = match missed {
                0 => "nothing missed".to_owned(),
                1 => "1 message missed".to_owned(),
                count => format!("{count} messages missed"),
            };
            let rest = match (complete, after) {
                (true, _) => "",
                (false, None) => "; there are older ones, which are not shown",
                (false, Some(_)) => "; older ones may be lost, since the inbox does not remember that far back",
            };
            format!("caught up: {missed}{rest}")
        }
        Event::ResumeFailed { error, retry_in: Some(wait) } => {
            format!("cannot catch up: {}; {}", request_error(error), next_try(Some(*wait)))
        }
        Event::ResumeFailed { error, retry_in: None } => {
            format!("cannot catch up: {}; what was missed stays in the inbox", request_error(error))
        }
        Event::RollOverFailed { error, retry_in: Some(wait) } => {
            format!("no new connection before the old one's time is up: {}; {}", connect_error(error), next_try(Some(*wait)))
        }
        Event::RollOverFailed { error, retry_in: None } => {
            format!("no new connection before the old one's time is up: {}; it stays until then", connect_error(error))
        }
        Event::TokenExpired => "the token has expired".to_owned(),
        Event::Connected { .. } => "connected again".to_owned(),
        Event::Disconnected { reason, retry_in } => format!("connection lost: {}; {}", visible(reason), next_try(*retry_in)),
        Event::ConnectFailed { error, retry_in } => format!("{}; {}", connect_error(error), next_try(*retry_in)),
        Event::Gateway(error) => {
            let id = error.request_id.as_deref().map(|id| format!(" (its request {})", visible(id))).unwrap_or_default();
            format!("the gateway says: {}{id}", visible(&error.message))
        }
        Event::Answer(Answer { route, result: Ok(body), .. }) => {
            format!("{} replied: {}", visible(route.as_deref().unwrap_or("the server")), visible(&body.to_string()))
        }
        Event::Answer(Answer { result: Err(refused), .. }) => rejection(refused),
        Event::Unknown(text) => format!("a frame that this client does not know: {}", visible(text)),
        Event::Missed(count) => format!("{count} events came too fast and were dropped"),
        other => format!("{other:?}"),
    }
}

/// The line for what the player is in or waits for.
pub(super) fn seat(seat: &Seat) -> String {
    let id = visible(&seat.id);
    match seat.kind {
        SeatKind::Match => format!("you are in a match ({id})"),
        SeatKind::Ticket => format!("you are waiting for somebody to play with (ticket {id})"),
        SeatKind::Placement | SeatKind::Unknown => format!("you are waiting for a {} ({id})", seat.kind.name()),
    }
}

/// The line for an attempt to connect that failed.
pub(super) fn connect_error(error: &ConnectError) -> String {
    match error {
        ConnectError::NoListener { url } => format!("no stack at {url}: start it with `cargo run`"),
        ConnectError::Token(error) => visible(&error.to_string()),
        error => visible(&error.to_string()),
    }
}

/// The line for a request that failed.
pub(super) fn request_error(error: &RequestError) -> String {
    match error {
        RequestError::Rejected(refused) => rejection(refused),
        error if error.may_have_happened() => format!("{}; it may have happened", visible(&error.to_string())),
        error => visible(&error.to_string()),
    }
}

/// The line for a message that was sent.
pub(super) fn sent(sent: &SentMessages) -> String {
    let players = |names: &mut dyn Iterator<Item = &String>| names.map(|name| visible(name)).collect::<Vec<_>>().join(", ");
    let mut lines = Vec::new();
    if !sent.message_ids.is_empty() {
        lines.push(format!("sent to {}", players(&mut sent.message_ids.keys())));
    }
    if !sent.unsent.is_empty() {
        lines.push(format!("not sent to {}: try again", players(&mut sent.unsent.iter())));
    }
    lines.join("; ")
}

/// The line for the answer to a ping.
pub(super) fn pong(pong: Pong) -> String {
    format!("pong after {:.1} ms; the server's time is {}", pong.round_trip.as_secs_f64() * 1_000.0, pong.time)
}

fn rejection(rejection: &Rejection) -> String {
    // The code as programs see it on the wire, so that it can be looked up.
    let code = serde_json::to_value(&rejection.code).ok();
    let code = code.as_ref().and_then(|code| code.as_str()).unwrap_or("unknown");
    format!("rejected ({code}): {}", visible(&rejection.message))
}

fn next_try(retry_in: Option<Duration>) -> String {
    match retry_in {
        Some(wait) => format!("next try in {:.1} s", wait.as_secs_f64()),
        None => "giving up".to_owned(),
    }
}

/// A message, or an announcement, which no player can pretend to send; one that was missed with the time at which it was sent.
fn said<Zone: TimeZone<Offset: Display>>(message: &Message, now: &DateTime<Zone>) -> String {
    let from = match &message.announcement {
        Some(kind) => format!("[{}]", visible(kind)),
        None => format!("{}:", visible(&message.sender_id)),
    };
    let said = format!("{from} {}", visible(&message.message));
    let sent_at = i64::try_from(message.sent_at).ok().and_then(|time| now.timezone().timestamp_millis_opt(time).single());
    match sent_at {
        _ if !message.missed => said,
        Some(sent_at) if sent_at.date_naive() == now.date_naive() => format!("(missed, {}) {said}", sent_at.format("%H:%M:%S")),
        Some(sent_at) => format!("(missed, {}) {said}", sent_at.format("%Y-%m-%d %H:%M:%S")),
        None => format!("(missed) {said}"),
    }
}

/// Text that others wrote, or that may come from a file, must not be able to control this terminal, nor to show itself in another order
/// than it has: a right-to-left override makes one player's words look like another's.
pub(super) fn visible(text: &str) -> String {
    text.chars().map(|c| if controls(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// Control characters, separators of lines, and what Unicode calls explicit directional formatting (UAX #9, section 2).
fn controls(c: char) -> bool {
    c.is_control() || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::Utc;
    use muster_client::protocol::{Code, MessagePush};

    pub(in super::super) use super::matches::tests::first_round;
    use super::*;

    fn from_bob(message: &str, sent_at: u64, missed: bool) -> Message {
        let push = MessagePush {
            message_id: "m".into(),
            sender_id: "bob".into(),
            announcement: None,
            request_id: None,
            message: message.into(),
            sent_at,
        };
        Message { push, missed }
    }

    #[test]
    fn a_message_cannot_control_the_terminal() {
        let message = from_bob("\u{1b}[2Jhé\r\nalice: lies", 1, false);
        assert_eq!(event(&Event::Message(message)), "bob: \\u{1b}[2Jhé\\r\\nalice: lies");
    }

    #[test]
    fn an_announcement_is_told_with_its_type() {
        let mut announced = from_bob("{\"coins\":5}", 1, false);
        announced.push.announcement = Some("reward".into());
        assert_eq!(event(&Event::Message(announced.clone())), "[reward] {\"coins\":5}");
        (announced.push.announcement, announced.push.message) = (Some("re\rward".into()), "\u{1b}[2J".into());
        assert_eq!(event(&Event::Message(announced)), "[re\\rward] \\u{1b}[2J");
    }

    #[test]
    fn a_message_cannot_change_the_order_in_which_it_is_read() {
        for c in ['\u{202e}', '\u{202a}', '\u{2067}', '\u{2069}', '\u{200f}', '\u{61c}', '\u{2028}'] {
            assert_eq!(visible(&format!("a{c}b")), format!("a{}b", c.escape_default()));
        }
        assert_eq!(visible("שלום 👩‍🚀 é"), "שלום 👩‍🚀 é", "which language it is, is nobody's business");
    }

    #[test]
    fn a_missed_message_says_when_it_was_sent() {
        let now = Utc.with_ymd_and_hms(2026, 11, 5, 14, 0, 0).unwrap();
        let today = u64::try_from(Utc.with_ymd_and_hms(2026, 11, 5, 9, 8, 7).unwrap().timestamp_millis()).unwrap();
        assert_eq!(said(&from_bob("hi", today, true), &now), "(missed, 09:08:07) bob: hi");
        assert_eq!(said(&from_bob("hi", today - 86_400_000, true), &now), "(missed, 2026-11-04 09:08:07) bob: hi");
        assert_eq!(said(&from_bob("hi", u64::MAX, true), &now), "(missed) bob: hi");
        assert_eq!(said(&from_bob("hi", today, false), &now), "bob: hi");
    }

    #[test]
    fn how_much_was_missed_is_said() {
        let resumed = |after: Option<&str>, missed, complete| {
            event(&Event::Resumed { after: after.map(str::to_owned), cursor: "c".into(), missed, complete, seats: Vec::new() })
        };
        assert_eq!(resumed(Some("a"), 0, true), "caught up: nothing missed");
        assert_eq!(resumed(Some("a"), 1, true), "caught up: 1 message missed");
        assert_eq!(resumed(None, 100, false), "caught up: 100 messages missed; there are older ones, which are not shown");
        assert!(resumed(Some("a"), 2, false).contains("2 messages missed; older ones may be lost"));
    }

    #[test]
    fn what_a_player_is_in_is_told() {
        let told = |kind| seat(&Seat { kind, id: "p\t1".into(), request_id: None });
        assert_eq!(told(SeatKind::Placement), r"you are waiting for a placement (p\t1)");
        assert_eq!(told(SeatKind::Ticket), r"you are waiting for somebody to play with (ticket p\t1)");
        assert_eq!(told(SeatKind::Match), r"you are in a match (p\t1)");
        assert_eq!(told(SeatKind::Unknown), r"you are waiting for a seat (p\t1)");
    }

    #[test]
    fn rejections_name_their_code() {
        let error = RequestError::Rejected(Rejection::new(Code::BadRequest, "body.message: 1 to 4096 bytes, not 0"));
        assert_eq!(request_error(&error), "rejected (bad_request): body.message: 1 to 4096 bytes, not 0");
    }

    #[test]
    fn what_may_have_happened_is_said() {
        assert_eq!(request_error(&RequestError::Disconnected), "the connection was lost before the answer; it may have happened");
        assert_eq!(request_error(&RequestError::NotSent), "not sent: there was no connection in time");
    }

    #[test]
    fn a_lost_connection_tells_the_time_to_the_next_try() {
        let lost = |retry_in| event(&Event::Disconnected { reason: "the connection ended".into(), retry_in });
        assert_eq!(lost(Some(Duration::from_millis(1_234))), "connection lost: the connection ended; next try in 1.2 s");
        assert_eq!(lost(None), "connection lost: the connection ended; giving up");
    }
}
