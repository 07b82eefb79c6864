//! What is sent: the text of a request, in frames that API Gateway takes.

use serde::Serialize;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{
    Message, Utf8Bytes,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};
use uuid::Uuid;

use crate::RequestError;

/// API Gateway closes a connection over a frame of more than 32 KB. A little less than that leaves room for the frame's own header.
const FRAME_BYTES: usize = 32 * 1024 - 64;

/// API Gateway closes a connection over a message of more than 128 KB.
const MESSAGE_BYTES: usize = 128 * 1024;

/// A message on its way to the driver.
#[derive(Debug, PartialEq)]
pub(crate) struct Outgoing {
    /// The open request that it is; a raw message is none.
    pub(crate) id: Option<Uuid>,
    /// The text as it goes out.
    pub(crate) text: Utf8Bytes,
}

/// What is to be sent next: first what is to be sent again.
pub(crate) async fn next(again: &mut Vec<Outgoing>, queue: &mut mpsc::Receiver<Outgoing>) -> Option<Outgoing> {
    match again.pop() {
        Some(again) => Some(again),
        None => queue.recv().await,
    }
}

/// What the ids of a client's own resumes and of its actions in matches begin with, so that an answer to one that was given up or repeated
/// is known to be nobody else's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnIds(u64);

impl OwnIds {
    /// Chosen at random.
    pub(crate) fn new() -> Self {
        Self(Uuid::new_v4().as_u64_pair().0)
    }

    /// A further id.
    pub(crate) fn next(self) -> Uuid {
        Uuid::from_u64_pair(self.0, Uuid::new_v4().as_u64_pair().1)
    }

    /// Whether a request was one of these.
    pub(crate) fn has(self, request_id: Option<&str>) -> bool {
        request_id.and_then(|id| Uuid::parse_str(id).ok()).is_some_and(|id| id.as_u64_pair().0 == self.0)
    }
}

/// The wire's frame for a request. Its fields are those of the protocol's `Frame`, which holds its body as text.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestFrame<'a, B> {
    route: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<bool>,
    body: B,
}

/// Writes the request `id`; `reply` says `false` if none is wanted.
pub(crate) fn encode(id: Uuid, route: &str, reply: Option<bool>, body: impl Serialize) -> Result<Utf8Bytes, RequestError> {
    let mut buffer = Uuid::encode_buffer();
    let frame = RequestFrame { route, request_id: id.hyphenated().encode_lower(&mut buffer), reply, body };
    let text = serde_json::to_string(&frame).map_err(|error| RequestError::Unsendable(error.to_string()))?;
    if text.len() > MESSAGE_BYTES {
        let bytes = text.len();
        return Err(RequestError::Unsendable(format!("at most {MESSAGE_BYTES} bytes, not {bytes}")));
    }
    Ok(text.into())
}

/// The WebSocket messages that carry `text`: one, or the fragments of one.
pub(crate) fn fragments(text: Utf8Bytes) -> impl Iterator<Item = Message> {
    let whole = (text.len() <= FRAME_BYTES).then(|| Message::Text(text.clone()));
    let bytes = if whole.is_some() { Default::default() } else { tokio_tungstenite::tungstenite::Bytes::from(text) };
    let last = bytes.len().saturating_sub(1) / FRAME_BYTES;
    let parts = (0..bytes.len().div_ceil(FRAME_BYTES)).map(move |part| {
        let range = part * FRAME_BYTES..bytes.len().min((part + 1) * FRAME_BYTES);
        let code = if part == 0 { Data::Text } else { Data::Continue };
        Message::Frame(Frame::message(bytes.slice(range), OpCode::Data(code), part == last))
    });
    whole.into_iter().chain(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]
        #[test]
        fn fragments_are_small_and_make_up_the_text(length in prop_oneof![1_usize..140_000, Just(FRAME_BYTES), Just(FRAME_BYTES + 1)]) {
            let text = "ü".repeat(length / 2 + 1);
            let parts: Vec<Message> = fragments(text.as_str().into()).collect();
            if let [Message::Text(only)] = parts.as_slice() {
                prop_assert_eq!(only.as_str(), &text);
                return Ok(());
            }
            let mut joined = Vec::new();
            for (index, part) in parts.iter().enumerate() {
                let Message::Frame(frame) = part else { panic!("{part:?}") };
                prop_assert!(frame.len() <= 32 * 1024);
                prop_assert_eq!(frame.header().is_final, index == parts.len() - 1);
                prop_assert_eq!(frame.header().opcode == OpCode::Data(Data::Text), index == 0);
                joined.extend_from_slice(frame.payload());
            }
            prop_assert_eq!(joined, text.as_bytes());
        }
    }
}
