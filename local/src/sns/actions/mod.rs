//! The requests that are answered: `Publish`, `PublishBatch`, and reading what there is. The rest of SNS is refused by name.

mod batch;
mod describe;

use axum::response::Response;
use uuid::Uuid;

use super::{Sns, error::SnsError, form::Parameters, message::Message, xml};

/// The version of the API.
const VERSION: &str = "2010-03-31";

impl Sns {
    /// Answers a request with this form as its body.
    pub fn handle(&self, body: &[u8]) -> Response {
        let request_id = Uuid::new_v4().to_string();
        let parameters = Parameters::read(body);
        let action = parameters.text("Action").unwrap_or_default();
        match self.act(action, &parameters) {
            Ok(result) => xml::answer(action, &result, &request_id),
            Err(error) => xml::refusal(&error, &request_id),
        }
    }

    /// Answers the request `action`, one of those below, with what stands in its `…Result`.
    fn act(&self, action: &str, parameters: &Parameters) -> Result<String, SnsError> {
        if action.is_empty() {
            return Err(SnsError::missing_action());
        }
        // Services that speak the same protocol are told apart by their versions.
        if let Some(version) = parameters.text("Version").filter(|version| *version != VERSION) {
            let message = format!("{action} of version {version} is not implemented: this stack has SNS, whose version is {VERSION}");
            return Err(SnsError::action(message));
        }
        match action {
            "Publish" => self.publish_one(parameters),
            "PublishBatch" => self.publish_batch(parameters),
            "GetTopicAttributes" => self.topic_attributes(parameters),
            "ListSubscriptions" => self.list_subscriptions(parameters),
            "ListSubscriptionsByTopic" => self.list_subscriptions_of(parameters),
            "ListTopics" => self.list_topics(parameters),
            "CreateTopic" | "DeleteTopic" | "SetTopicAttributes" | "Subscribe" | "Unsubscribe" | "SetSubscriptionAttributes" => {
                Err(SnsError::action(format!("{action} is refused: topics and subscriptions of this stack are those of its template")))
            }
            _ => Err(SnsError::action(format!("{action} is not implemented by this stack"))),
        }
    }

    fn publish_one(&self, parameters: &Parameters) -> Result<String, SnsError> {
        let message = Message::read(parameters)?;
        // A topic may also be named as a target, as endpoints of mobile devices are.
        let topic_arn = parameters.text("TopicArn").or_else(|| parameters.text("TargetArn"));
        let missing = || SnsError::invalid("TopicArn or TargetArn Reason: no value for required parameter");
        let topic = self.topic(topic_arn.ok_or_else(missing)?)?;
        self.meter.sns_publish(message.bytes());
        Ok(xml::text("MessageId", &self.send(topic, message)))
    }
}
