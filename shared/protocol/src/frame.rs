//! The envelope of a client's frame.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{Code, Rejection, limits};

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

impl Frame {
    /// Reads the envelope of `text`.
    ///
    /// # Errors
    /// A [`Code::BadFrame`] rejection if it is not a JSON object with a text `route`, and a [`Code::BadRequest`] one if `requestId`
    /// is too long.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        // An envelope is an object, though the derived reader would take an array of its fields for one as well.
        if !text.trim_start().starts_with('{') {
            let problem = match serde_json::from_str::<&RawValue>(text) {
                Ok(_) => "the frame is not a JSON object",
                Err(_) => "the frame is not JSON",
            };
            return Err(Rejection::new(Code::BadFrame, problem));
        }
        let frame: Self = serde_json::from_str(text).map_err(|error| {
            let what = if error.is_data() { "the frame is not as it should be" } else { "the frame is not JSON" };
            Rejection::new(Code::BadFrame, format!("{what}: {}", problem(&error)))
        })?;
        let characters = frame.request_id.as_ref().map_or(0, |id| id.chars().count());
        if characters > limits::REQUEST_ID_CHARACTERS {
            let limit = limits::REQUEST_ID_CHARACTERS;
            return Err(Rejection::field("requestId", format_args!("at most {limit} characters, not {characters}")));
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
        let mut reader = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let field = if path == "." { "body".to_owned() } else { format!("body.{path}") };
            Rejection::field(&field, problem(error.inner()))
        })
    }
}

/// How much of a complaint is repeated. It quotes the value, which is whatever the client likes, and goes into the log, too.
const SHOWN_CHARACTERS: usize = 120;

/// The reader's complaint, cut short, and without its position, which speaks of a text that the client did not write as such.
fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(complaint, _)| complaint).chars().take(SHOWN_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::routes::{Ping, SendMessage};

    fn rejection(text: &str) -> Rejection {
        Frame::parse(text).unwrap_err()
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
        assert!(rejection(r#"{"route":"ping""#).message.starts_with("the frame is not JSON"));
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
    fn unknown_fields_are_ignored_however_deep() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        let frame = Frame::parse(&format!(r#"{{"route":"ping","else":{deep},"body":{{"more":1}}}}"#)).unwrap();
        assert_eq!(frame.body::<Ping>().unwrap(), Ping::default());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_rejected(text in ".{0,200}") {
            if let Ok(frame) = Frame::parse(&text) {
                let _: Result<SendMessage, Rejection> = frame.body();
            }
        }

        #[test]
        fn a_frame_survives_the_wire(route in ".{0,20}", id in prop::option::of(".{0,64}"), message in ".{1,50}") {
            let body = SendMessage { player_ids: vec!["a".into()], message };
            let raw = RawValue::from_string(serde_json::to_string(&body).unwrap()).unwrap();
            let sent = Frame { route, request_id: id, reply: None, body: Some(raw) };
            let read = Frame::parse(&serde_json::to_string(&sent).unwrap()).unwrap();
            prop_assert_eq!(&read.route, &sent.route);
            prop_assert_eq!(&read.request_id, &sent.request_id);
            prop_assert_eq!(read.body::<SendMessage>().unwrap(), body);
        }
    }
}
