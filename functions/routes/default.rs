//! `$default`: every frame for which there is no route.
//!
//! - Trigger: a client's frame whose `route` names none of ours, or that has none, or that is not JSON.
//! - Reads, writes and pushes nothing: it answers with a rejection that says which of these it is.
//! - Safe to repeat: it changes nothing.

use lambda_runtime::Error;
use muster_aws::harness;
use muster_protocol::{Code, Frame, Rejection, Route};

/// How much of an unknown route's name is repeated to whoever sent it.
const SHOWN_CHARACTERS: usize = 64;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::unrouted(refuse).await
}

fn refuse(text: &str) -> (Option<String>, Rejection) {
    match Frame::parse(text) {
        Err(rejection) => (None, rejection),
        Ok(frame) => {
            let asked: String = frame.route.chars().take(SHOWN_CHARACTERS).collect();
            let known: Vec<&str> = Route::ALL.iter().map(|route| route.name()).collect();
            let message = format!("there is no route '{asked}'; the routes are {}", known.join(", "));
            (frame.request_id, Rejection::new(Code::UnknownRoute, message))
        }
    }
}
