//! What happened, in words.

use std::time::Duration;

use muster_client::{Answer, ConnectError, Event, Pong, RequestError, protocol::Rejection, protocol::routes::SentMessages};

/// The line for an event.
pub(super) fn event(event: &Event) -> String {
    match event {
        Event::Message(message) => format!("{}: {}", visible(&message.sender_id), visible(&message.message)),
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
    let code = serde_json::to_value(rejection.code).ok();
    let code = code.as_ref().and_then(|code| code.as_str()).unwrap_or("unknown");
    format!("rejected ({code}): {}", visible(&rejection.message))
}

fn next_try(retry_in: Option<Duration>) -> String {
    match retry_in {
        Some(wait) => format!("next try in {:.1} s", wait.as_secs_f64()),
        None => "giving up".to_owned(),
    }
}

/// Other players' text must not be able to control this terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use muster_client::{
        Message,
        protocol::{Code, MessagePush},
    };

    use super::*;

    #[test]
    fn a_message_cannot_control_the_terminal() {
        let push = MessagePush {
            message_id: "m".into(),
            sender_id: "bob".into(),
            request_id: None,
            message: "\u{1b}[2Jhé\r\nalice: lies".into(),
            sent_at: 1,
        };
        assert_eq!(event(&Event::Message(Message { push, missed: false })), "bob: \\u{1b}[2Jhé\\r\\nalice: lies");
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
