//! The envelope of a client's frame.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{Code, Rejection, limits, reading};

/// `{"route":…,"requestId":…,"body":…}`, its body not looked into yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    /// The route asked for, which may not exist.
    pub route: String,
    /// Chosen by the client, echoed in the answer, and the same when a request is sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = limits::REQUEST_ID_CHARACTERS)))]
    pub request_id: Option<String>,
    /// `false`: the request is answered only when it is refused; a push acknowledges it. Only `play` can be asked for so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<bool>,
    /// The request's own fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
    pub body: Option<Box<RawValue>>,
}

/// Why a frame goes no further than its envelope, and whose answer that is: the frame's `requestId`, if it has one that can be read.
pub type Refused = (Option<String>, Rejection);

impl Frame {
    /// Reads the envelope of `text`. Whatever else is in the frame, and whatever its body is, need not be readable.
    ///
    /// # Errors
    /// A [`Code::BadFrame`] rejection if it is not a JSON object with a text `route`, or one of the other fields is of the wrong type, or
    /// `route` or `requestId` has half of a surrogate pair, and a [`Code::BadRequest`] one if `requestId` is too long.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        // Only the gateway could not find the route of a frame with such a mark. If it did, there is nothing wrong with it.
        let text = reading::without_mark(text);
        // An envelope is an object, though the derived reader would take an array of its fields for one as well.
        if !text.trim_start().starts_with('{') {
            let problem = match serde_json::from_str::<&RawValue>(text) {
                Ok(_) => "the frame is not a JSON object",
                Err(_) => "the frame is not JSON",
            };
            return Err((None, Rejection::new(Code::BadFrame, problem)));
        }
        let frame: Self = reading::envelope(text).map_err(|complaint| {
            let problem = match complaint.path() {
                "" if complaint.is_of_syntax() => format!("the frame is {complaint}"),
                "" => format!("the frame is not as it should be: {complaint}"),
                _ => complaint.to_string(),
            };
            (request_id(text), Rejection::new(Code::BadFrame, problem))
        })?;
        let characters = frame.request_id.as_ref().map_or(0, |id| id.chars().count());
        if characters > limits::REQUEST_ID_CHARACTERS {
            let limit = limits::REQUEST_ID_CHARACTERS;
            return Err((None, Rejection::field("requestId", format_args!("at most {limit} characters, not {characters}"))));
        }
        Ok(frame)
    }

    /// Reads the body as `B`; a missing body reads as an empty object.
    ///
    /// # Errors
    /// A [`Code::BadRequest`] rejection that names the field.
    pub fn body<B: DeserializeOwned>(&self) -> Result<B, Rejection> {
        let text = self.body.as_ref().map_or("{}", |body| body.get());
        if !text.starts_with('{') {
            return Err(Rejection::field("body", "must be an object"));
        }
        reading::read(text).map_err(|complaint| Rejection::new(Code::BadRequest, complaint.within("body").to_string()))
    }
}

/// The `requestId` of a frame that has something else that is wrong.
fn request_id(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Asked {
        request_id: Option<String>,
    }
    let Asked { request_id } = reading::envelope(text).ok()?;
    request_id.filter(|id| id.chars().count() <= limits::REQUEST_ID_CHARACTERS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::routes::{Ping, SendMessage};

    fn rejection(text: &str) -> Rejection {
        Frame::parse(text).unwrap_err().1
    }

    fn body_problem(text: &str) -> String {
        Frame::parse(text).unwrap().body::<SendMessage>().unwrap_err().message
    }

    #[test]
    fn what_is_not_json_and_what_is_no_object_are_told_apart() {
        assert_eq!(rejection("hello").message, "the frame is not JSON");
        assert_eq!(rejection("").message, "the frame is not JSON");
        assert_eq!(rejection(r#"["ping",null,null]"#).message, "the frame is not a JSON object");
        assert_eq!(rejection("42").message, "the frame is not a JSON object");
        assert_eq!(rejection(r#"{"route":"ping""#).message, "the frame is not JSON: EOF while parsing an object");
    }

    #[test]
    fn a_missing_route_is_named() {
        assert_eq!(rejection(r#"{"action":"ping"}"#).code, Code::BadFrame);
        assert!(rejection(r#"{"action":"ping"}"#).message.contains("missing field `route`"));
        assert!(rejection(r#"{"route":"ping","route":"ping"}"#).message.contains("duplicate field `route`"));
    }

    #[test]
    fn a_request_id_is_at_most_64_characters() {
        let frame = |id: &str| format!(r#"{{"route":"ping","requestId":"{id}"}}"#);
        assert_eq!(Frame::parse(&frame(&"ü".repeat(64))).unwrap().request_id.unwrap().chars().count(), 64);
        assert_eq!(rejection(&frame(&"x".repeat(65))).message, "requestId: at most 64 characters, not 65");
    }

    #[test]
    fn a_body_problem_names_the_field() {
        assert_eq!(body_problem(r#"{"route":"sendMessage"}"#), "body: missing field `playerIds`");
        assert_eq!(body_problem(r#"{"route":"sendMessage","body":{"playerIds":["a"]}}"#), "body: missing field `message`");
        assert_eq!(body_problem(r#"{"route":"sendMessage","body":[]}"#), "body: must be an object");
        assert_eq!(
            body_problem(r#"{"route":"sendMessage","body":{"playerIds":["a",5],"message":"hi"}}"#),
            "body.playerIds[1]: invalid type: integer `5`, expected a string"
        );
    }

    #[test]
    fn a_rejection_does_not_repeat_all_that_the_client_sent() {
        let long = "x".repeat(100_000);
        let problem = body_problem(&format!(r#"{{"route":"sendMessage","body":{{"playerIds":"{long}","message":"hi"}}}}"#));
        assert!(problem.starts_with("body.playerIds: invalid type: string \"xxx") && problem.len() < 200, "{}", problem.len());
        assert!(rejection(&format!(r#"{{"route":"ping","requestId":["{long}"]}}"#)).message.len() < 200);
    }

    #[test]
    fn a_frame_reaches_its_route_whatever_else_is_in_it() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        for odd in [deep.as_str(), "1e999", r#""\ud800""#, r#"{"\ud800":null}"#, "null"] {
            let text = format!(
                "\u{feff} {{\"odd\":{odd},\"\\udc00\":{odd},\"route\":\"ping\",\"body\":{{\"odd\":{odd},\"\\ud800\":{odd}}},\"requestId\":\"r1\"}}"
            );
            let frame = Frame::parse(&text).unwrap();
            assert_eq!((frame.route.as_str(), frame.request_id.as_deref()), ("ping", Some("r1")));
            assert_eq!(frame.body::<Ping>(), Ok(Ping::default()));
        }
    }

    #[test]
    fn half_of_a_surrogate_pair_is_mended_in_a_body_only() {
        let frame = Frame::parse(r#"{"route":"sendMessage","body":{"playerIds":["a"],"message":"hi \ud83d"}}"#).unwrap();
        assert_eq!(frame.body::<SendMessage>().unwrap().message, "hi \u{fffd}");
        let refused = Frame::parse(r#"{"route":"pin\ud800","requestId":"r1"}"#).unwrap_err();
        let rejection = Rejection::new(Code::BadFrame, "route: half of a surrogate pair is no text");
        assert_eq!(refused, (Some("r1".into()), rejection));
        let refused = Frame::parse(r#"{"route":"ping","requestId":"\udc00"}"#).unwrap_err();
        assert_eq!(refused, (None, Rejection::new(Code::BadFrame, "requestId: half of a surrogate pair is no text")));
    }

    #[test]
    fn null_is_absent() {
        let frame = Frame::parse(r#"{"route":"ping","requestId":null,"reply":null,"body":null}"#).unwrap();
        assert!(frame.request_id.is_none() && frame.reply.is_none() && frame.body.is_none());
        assert_eq!(rejection(r#"{"route":null}"#).message, "the frame is not as it should be: missing field `route`");
    }

    #[test]
    fn what_is_wrong_in_the_envelope_is_named_and_answered_with_the_request_id() {
        for (frame, problem, id) in [
            (r#"{"requestId":"r1"}"#, "the frame is not as it should be: missing field `route`", Some("r1")),
            (r#"{"route":7.0,"requestId":"r1"}"#, "route: invalid type: floating point `7.0`, expected a string", Some("r1")),
            (r#"{"route":"ping","requestId":"r1","reply":"no"}"#, "reply: invalid type: string \"no\", expected a boolean", Some("r1")),
            (
                r#"{"route":"ping","requestId":"r1","body":{},"body":{}}"#,
                "the frame is not as it should be: duplicate field `body`",
                Some("r1"),
            ),
            (r#"{"route":"ping","requestId":7}"#, "requestId: invalid type: integer `7`, expected a string", None),
            (r#"{"route":"ping","requestId":"r1""#, "the frame is not JSON: EOF while parsing an object", None),
        ] {
            let refused = Frame::parse(frame).unwrap_err();
            assert_eq!(refused, (id.map(str::to_owned), Rejection::new(Code::BadFrame, problem)));
        }
    }

    #[test]
    fn a_client_may_want_no_reply() {
        assert_eq!(Frame::parse(r#"{"route":"ping","reply":false}"#).unwrap().reply, Some(false));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_rejected(text in ".{0,200}") {
            if let Ok(frame) = Frame::parse(&text) {
                let _: Result<SendMessage, Rejection> = frame.body();
            }
        }

        #[test]
        fn a_frame_survives_the_wire(route in ".{0,20}", id in prop::option::of(".{0,64}"), reply: Option<bool>, message in ".{1,50}") {
            let body = SendMessage { player_ids: vec!["a".into()], message };
            let raw = RawValue::from_string(serde_json::to_string(&body).unwrap()).unwrap();
            let sent = Frame { route, request_id: id, reply, body: Some(raw) };
            let read = Frame::parse(&serde_json::to_string(&sent).unwrap()).unwrap();
            prop_assert_eq!(&read.route, &sent.route);
            prop_assert_eq!(&read.request_id, &sent.request_id);
            prop_assert_eq!(read.reply, sent.reply);
            prop_assert_eq!(read.body::<SendMessage>().unwrap(), body);
        }
    }
}
