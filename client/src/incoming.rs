//! Reads what arrives. Nothing that a server sends can make the client fail: what is not known is handed on as text.

use muster_protocol::{MessagePush, Rejection, ServerFrame};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use crate::{events::GatewayError, news::News};

/// One text frame from the server.
#[derive(Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
pub(crate) enum Incoming {
    /// The answer to a request: its id, and the route and body of a reply, or a rejection.
    Answer { request_id: Option<String>, route: Option<String>, result: Result<Value, Rejection> },
    /// A message pushed to this player.
    Message(MessagePush),
    /// A push that is no message.
    News(News),
    /// API Gateway speaking for itself.
    Gateway(GatewayError),
    /// Anything else.
    Unknown,
}

/// `{"message":"Internal server error","connectionId":"…","requestId":"…"}`: API Gateway's frames are known by having no `type`. Only
/// `message` is certain, since the documentation shows no example of some of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GatewayFrame {
    #[serde(rename = "type")]
    kind: Option<IgnoredAny>,
    message: String,
    connection_id: Option<String>,
    request_id: Option<String>,
}

impl Incoming {
    /// Reads a text frame.
    pub(crate) fn read(text: &str) -> Self {
        match serde_json::from_str::<ServerFrame>(text) {
            Ok(ServerFrame::Reply { request_id, route, body }) => Self::Answer { request_id, route: Some(route), result: Ok(body) },
            Ok(ServerFrame::Rejection { request_id, code, message, route, match_id, in_match }) => {
                Self::Answer { request_id, route, result: Err(Rejection { code, message, match_id, in_match }) }
            }
            Ok(ServerFrame::Message(message)) => Self::Message(message),
            Ok(ServerFrame::Session(push)) => Self::News(News::Session(push)),
            Ok(ServerFrame::Placement(push)) => Self::News(News::Placement(push)),
            Ok(ServerFrame::Match(push)) => Self::News(News::Match(push)),
            Ok(ServerFrame::Pool(push)) => Self::News(News::Pool(push)),
            Err(_) => match serde_json::from_str::<GatewayFrame>(text) {
                Ok(GatewayFrame { kind: None, message, connection_id, request_id }) => {
                    Self::Gateway(GatewayError { message, connection_id, request_id })
                }
                _ => Self::Unknown,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use muster_protocol::{Code, MatchState, Outcome, PlacementPush, PoolOutcome};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_frame_without_a_type_is_the_gateways() {
        let text = r#"{"message": "Internal server error", "connectionId":"ZmDx-dJ4FiACFkQ=", "requestId":"ZmDyDGyFliAFhVQ="}"#;
        assert_eq!(
            Incoming::read(text),
            Incoming::Gateway(GatewayError {
                message: "Internal server error".into(),
                connection_id: Some("ZmDx-dJ4FiACFkQ=".into()),
                request_id: Some("ZmDyDGyFliAFhVQ=".into()),
            })
        );
        assert!(matches!(Incoming::read(r#"{"message":"Forbidden"}"#), Incoming::Gateway(_)));
    }

    #[test]
    fn unknown_fields_are_ignored_and_unknown_types_are_unknown() {
        let push = r#"{"type":"message","messageId":"m","senderId":"bob","message":"hi","sentAt":1,"mood":{"x":[1]}}"#;
        assert!(matches!(Incoming::read(push), Incoming::Message(message) if message.sender_id == "bob"));
        assert_eq!(Incoming::read(r#"{"type":"weather","message":"rain"}"#), Incoming::Unknown);
        assert_eq!(Incoming::read(r#"{"type":null,"message":"rain","sentAt":"x"}"#), Incoming::read(r#"{"message":"rain"}"#));
        assert_eq!(Incoming::read(r#"{"type":"message","messageId":7}"#), Incoming::Unknown);
        assert_eq!(Incoming::read(r#"{"type":"session","placementId":"p","ip":"127.0.0.1"}"#), Incoming::Unknown);
        assert_eq!(Incoming::read("not JSON"), Incoming::Unknown);
    }

    #[test]
    fn an_end_of_a_later_version_is_an_end() {
        let push = r#"{"type":"placement","placementId":"p","outcome":"vanished","whither":1}"#;
        let Incoming::News(News::Placement(PlacementPush { outcome: Outcome::Unknown, .. })) = Incoming::read(push) else {
            panic!("another frame")
        };
        let push = r#"{"type":"pool","ticketId":"t","outcome":"bored"}"#;
        assert!(matches!(Incoming::read(push), Incoming::News(News::Pool(push)) if push.outcome == PoolOutcome::Unknown));
    }

    #[test]
    fn a_match_is_read_whatever_state_it_is_in() {
        let push =
            r#"{"type":"match","matchId":"m","mode":"chess","version":3,"state":"paused","players":[],"now":7,"view":{"board":[1]}}"#;
        let Incoming::News(News::Match(push)) = Incoming::read(push) else { panic!("another frame") };
        assert_eq!((push.version, push.state, push.view), (3, MatchState::Unknown, Some(json!({"board": [1]}))));
    }

    #[test]
    fn replies_and_rejections_are_answers() {
        let reply = r#"{"type":"reply","requestId":"r","route":"ping","body":{"time":1}}"#;
        let expected = Incoming::Answer { request_id: Some("r".into()), route: Some("ping".into()), result: Ok(json!({"time": 1})) };
        assert_eq!(Incoming::read(reply), expected);
        let rejection = r#"{"type":"rejection","code":"of_next_year","message":"no"}"#;
        let expected = Incoming::Answer { request_id: None, route: None, result: Err(Rejection::new(Code::named("of_next_year"), "no")) };
        assert_eq!(Incoming::read(rejection), expected);
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in ".{0,300}") {
            Incoming::read(&text);
        }
    }
}
