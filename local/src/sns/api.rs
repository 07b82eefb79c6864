//! The requests that are answered, `Publish` and `ListTopics`: they come as forms, and their answers are XML.

use axum::{http::StatusCode, response::Response};
use serde_json::Value;
use uuid::Uuid;

use super::{Sns, SnsError};
use crate::front_door::{query, xml};

const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

impl Sns {
    /// Answers a request with these parameters.
    pub(crate) fn handle(&self, form: &Value) -> Response {
        let action = form["Action"].as_str().unwrap_or_default();
        match self.act(action, form) {
            Ok(result) => {
                let result = element(&format!("{action}Result"), &result);
                let metadata = element("ResponseMetadata", &element("RequestId", &Uuid::new_v4().to_string()));
                xml(StatusCode::OK, format!("<{action}Response xmlns=\"{NAMESPACE}\">{result}{metadata}</{action}Response>"))
            }
            Err(SnsError { status, code, message }) => query(status, code, &message),
        }
    }

    /// Answers the request `action` with what stands in its `…Result`.
    fn act(&self, action: &str, form: &Value) -> Result<String, SnsError> {
        let known: &[&str] = match action {
            "Publish" => &["Action", "Version", "TopicArn", "Message"],
            "ListTopics" => &["Action", "Version"],
            _ => return Err(SnsError::new("InvalidAction", format!("{action} is not implemented by this stack"))),
        };
        if let Some(unknown) = form.as_object().and_then(|form| form.keys().find(|name| !known.contains(&name.as_str()))) {
            return Err(SnsError::invalid(format!("{unknown} Reason: it is not implemented by this stack")));
        }
        if action == "ListTopics" {
            let topic = |arn| element("member", &element("TopicArn", arn));
            return Ok(element("Topics", &self.topics.keys().map(|arn| topic(arn)).collect::<String>()));
        }
        let topic_arn = form["TopicArn"].as_str();
        let topic_arn = topic_arn.ok_or_else(|| SnsError::invalid("TopicArn or TargetArn Reason: no value for required parameter"))?;
        let problem = "Value null at 'message' failed to satisfy constraint: Member must not be null";
        let missing = || SnsError::new("ValidationError", format!("1 validation error detected: {problem}"));
        let message = form["Message"].as_str().ok_or_else(missing)?;
        Ok(element("MessageId", &self.publish(topic_arn, message.to_owned())?))
    }
}

fn element(name: &str, content: &str) -> String {
    format!("<{name}>{content}</{name}>")
}
