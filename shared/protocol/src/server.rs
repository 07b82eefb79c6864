//! The frames that Muster sends. API Gateway's own frames (`Forbidden`, `Internal server error`, …) have no `type` and are not here.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Code, MatchPush, PlacementPush, PoolPush, Rejection, SessionPush};

/// One frame to a client, told apart by `type`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ServerFrame {
    /// The answer to a request.
    Reply {
        /// The request's own id, if it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        /// The route that answers.
        route: String,
        /// What the route answers.
        body: Value,
    },
    /// The refusal of a request.
    Rejection {
        /// The request's own id, if it had one that could be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        /// What kind of mistake it is.
        code: Code,
        /// What is wrong, naming the field and the limit.
        message: String,
        /// The route that refuses, if it could be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        route: Option<String>,
        /// The match that was meant, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        match_id: Option<String>,
        /// That match as it is, where the action was `stale`.
        #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
        in_match: Option<Box<MatchPush>>,
    },
    /// A message from a player, or a service's announcement.
    Message(MessagePush),
    /// The player's game server.
    Session(SessionPush),
    /// A placement that came to nothing, or a game session that is over.
    Placement(PlacementPush),
    /// A match of the player, as it is now.
    Match(MatchPush),
    /// A ticket that came to nothing.
    Pool(PoolPush),
}

impl ServerFrame {
    /// The frame that tells a client of `rejection`, of a request to `route`.
    #[must_use]
    pub fn rejection(request_id: Option<String>, route: Option<String>, rejection: Rejection) -> Self {
        let Rejection { code, message, match_id, in_match } = rejection;
        Self::Rejection { request_id, code, message, route, match_id, in_match }
    }
}

/// A message as its recipient sees it. The same id is the same message: drop what was seen before. Ids sort by the time of the request,
/// which is not always the order of arrival, so remember the ids that were seen and not the highest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessagePush {
    /// The message's id in the recipient's inbox, a UUIDv7.
    pub message_id: String,
    /// The player who sent it, as its token says; `service` for an announcement.
    pub sender_id: String,
    /// The `type` of an announcement. No player can send a message that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement: Option<String>,
    /// The sender's request: the same when the sender repeated itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The text.
    pub message: String,
    /// When it reached Muster, in epoch milliseconds.
    pub sent_at: u64,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn frames_look_as_documented() {
        let push = MessagePush {
            message_id: "m1".into(),
            sender_id: "alice".into(),
            announcement: None,
            request_id: None,
            message: "hi".into(),
            sent_at: 7,
        };
        assert_eq!(
            serde_json::to_value(ServerFrame::Message(push)).unwrap(),
            json!({"type": "message", "messageId": "m1", "senderId": "alice", "message": "hi", "sentAt": 7})
        );
        assert_eq!(
            serde_json::to_value(ServerFrame::rejection(Some("r1".into()), Some("play".into()), Rejection::field("body", "is odd")))
                .unwrap(),
            json!({"type": "rejection", "requestId": "r1", "code": "bad_request", "message": "body: is odd", "route": "play"})
        );
        assert_eq!(
            serde_json::to_value(ServerFrame::Reply { request_id: None, route: "ping".into(), body: json!({"time": 1}) }).unwrap(),
            json!({"type": "reply", "route": "ping", "body": {"time": 1}})
        );
    }

    #[test]
    fn a_code_of_a_game_or_of_a_later_version_is_kept() {
        let frame = r#"{"type":"rejection","code":"banned","message":"…","more":1}"#;
        assert!(matches!(serde_json::from_str(frame).unwrap(), ServerFrame::Rejection { code: Code::Other(code), .. } if code == "banned"));
    }
}
