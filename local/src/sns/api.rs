//! The requests that are answered, `Publish` and `ListTopics`: they come as forms, and their answers are XML.

use std::collections::BTreeMap;

use axum::{
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use url::form_urlencoded;
use uuid::Uuid;

use super::{Sns, SnsError};

/// The version of the API.
const VERSION: &str = "2010-03-31";
const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";
const CONTENT_TYPE: (HeaderName, &str) = (header::CONTENT_TYPE, "text/xml");

/// Parameters by name.
type Form = BTreeMap<String, String>;

impl Sns {
    /// Answers a request with this form as its body.
    pub fn handle(&self, body: &[u8]) -> Response {
        let request_id = Uuid::new_v4().to_string();
        let form: Form = form_urlencoded::parse(body).into_owned().collect();
        let action = form.get("Action").map_or("", String::as_str);
        let id = element("RequestId", &request_id);
        let (status, root, content) = match self.act(action, &form) {
            Ok(result) => {
                let content = element(&format!("{action}Result"), &result) + &element("ResponseMetadata", &id);
                (StatusCode::OK, format!("{action}Response"), content)
            }
            Err(SnsError { status, code, message }) => {
                let error = element("Type", "Sender") + &element("Code", code) + &element("Message", &escape(&message));
                (status, "ErrorResponse".to_owned(), element("Error", &error) + &id)
            }
        };
        let body = format!("<{root} xmlns=\"{NAMESPACE}\">{content}</{root}>");
        (status, [CONTENT_TYPE, (HeaderName::from_static("x-amzn-requestid"), &request_id)], body).into_response()
    }

    /// Answers the request `action` with what stands in its `…Result`.
    fn act(&self, action: &str, form: &Form) -> Result<String, SnsError> {
        if action.is_empty() {
            return Err(SnsError::new("MissingAction", "The request must contain the parameter Action"));
        }
        // Services that speak the same protocol are told apart by their versions.
        if let Some(version) = form.get("Version").filter(|version| *version != VERSION) {
            let message = format!("{action} of version {version} is not implemented: this stack has SNS, whose version is {VERSION}");
            return Err(SnsError::new("InvalidAction", message));
        }
        let known: &[&str] = match action {
            "Publish" => &["Action", "Version", "TopicArn", "Message"],
            "ListTopics" => &["Action", "Version"],
            _ => return Err(SnsError::new("InvalidAction", format!("{action} is not implemented by this stack"))),
        };
        if let Some(unknown) = form.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(SnsError::invalid(format!("{unknown} Reason: it is not implemented by this stack")));
        }
        if action == "ListTopics" {
            let topic = |arn| element("member", &element("TopicArn", arn));
            return Ok(element("Topics", &self.topics.keys().map(|arn| topic(arn)).collect::<String>()));
        }
        let missing = || SnsError::invalid("TopicArn or TargetArn Reason: no value for required parameter");
        let topic_arn = form.get("TopicArn").ok_or_else(missing)?;
        let problem = "Value null at 'message' failed to satisfy constraint: Member must not be null";
        let missing = || SnsError::new("ValidationError", format!("1 validation error detected: {problem}"));
        let message = form.get("Message").ok_or_else(missing)?;
        Ok(element("MessageId", &self.publish(topic_arn, message.clone())?))
    }
}

fn element(name: &str, content: &str) -> String {
    format!("<{name}>{content}</{name}>")
}

/// Text as it stands in XML, of which control characters can be no part.
fn escape(text: &str) -> String {
    let text = text.replace(|character: char| character.is_control() || character > '\u{fffd}', "\u{fffd}");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
