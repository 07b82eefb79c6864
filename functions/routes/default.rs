//! `$default`: every frame for which there is no route.
//!
//! - Trigger: a client's frame whose `route` names none of ours, or that has none, or in which the gateway could not read it.
//! - Reads, writes and pushes nothing: it answers with a rejection that says which of these it is.
//! - Safe to repeat: it changes nothing.

use lambda_runtime::Error;
use muster_aws::harness;
use muster_protocol::{Code, Frame, Rejection, Route};

/// How much of an unknown route's name is repeated to whoever sent it.
const SHOWN_CHARACTERS: usize = 64;

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::unrouted(refuse).await
}

fn refuse(text: &str) -> (Option<String>, Rejection) {
    let frame = match Frame::parse(text) {
        Err(refused) => return refused,
        Ok(frame) => frame,
    };
    let names = Route::ALL.map(Route::name);
    let rejection = if names.contains(&frame.route.as_str()) {
        let message = format!(
            "the gateway could not find the route '{}' in this frame: a frame is one JSON object and nothing in front of it",
            frame.route
        );
        Rejection::new(Code::BadFrame, message)
    } else {
        let asked: String = frame.route.chars().take(SHOWN_CHARACTERS).collect();
        Rejection::new(Code::UnknownRoute, format!("there is no route '{asked}'; the routes are {}", names.join(", ")))
    };
    (frame.request_id, rejection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_that_there_is_is_not_said_to_be_none() {
        let (request_id, rejection) = refuse("\u{feff}{\"route\":\"ping\",\"requestId\":\"r1\"}");
        assert_eq!((request_id.as_deref(), &rejection.code), (Some("r1"), &Code::BadFrame));
        assert!(rejection.message.starts_with("the gateway could not find the route 'ping'"), "{rejection}");
        assert_eq!(refuse(r#"{"route":"fly"}"#).1.code, Code::UnknownRoute);
    }
}
