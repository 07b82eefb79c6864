//! What there is: topics and subscriptions. AWS lists a hundred at once; a template has fewer, so all are on one page.

use crate::{
    account::{ACCOUNT, function_arn},
    sns::{Sns, Subscription, error::SnsError, form::Parameters, xml},
};

impl Sns {
    pub(super) fn list_topics(&self, parameters: &Parameters) -> Result<String, SnsError> {
        first_page(parameters)?;
        Ok(xml::element("Topics", xml::members(self.topics.keys().map(|arn| xml::text("TopicArn", arn)))))
    }

    pub(super) fn list_subscriptions(&self, parameters: &Parameters) -> Result<String, SnsError> {
        first_page(parameters)?;
        Ok(subscriptions(self.topics.values().flat_map(|topic| &topic.subscriptions)))
    }

    pub(super) fn list_subscriptions_of(&self, parameters: &Parameters) -> Result<String, SnsError> {
        first_page(parameters)?;
        Ok(subscriptions(&self.topic(topic_arn(parameters)?)?.subscriptions))
    }

    pub(super) fn topic_attributes(&self, parameters: &Parameters) -> Result<String, SnsError> {
        let topic = self.topic(topic_arn(parameters)?)?;
        let confirmed = topic.subscriptions.len().to_string();
        let attributes = [
            ("DisplayName", ""),
            ("Owner", ACCOUNT),
            ("SubscriptionsConfirmed", &confirmed),
            ("SubscriptionsDeleted", "0"),
            ("SubscriptionsPending", "0"),
            ("TopicArn", &topic.arn),
        ];
        let entry = |(name, value)| xml::element("entry", xml::text("key", name) + &xml::text("value", value));
        Ok(xml::element("Attributes", attributes.map(entry).concat()))
    }
}

fn topic_arn(parameters: &Parameters) -> Result<&str, SnsError> {
    parameters.text("TopicArn").ok_or_else(|| SnsError::missing("topicArn"))
}

/// Refuses what asks for a page that nobody was told of.
fn first_page(parameters: &Parameters) -> Result<(), SnsError> {
    let asked = parameters.text("NextToken").is_some_and(|token| !token.is_empty());
    if asked { Err(SnsError::invalid("NextToken")) } else { Ok(()) }
}

fn subscriptions<'a>(subscriptions: impl IntoIterator<Item = &'a Subscription>) -> String {
    let member = |Subscription { arn, config }: &Subscription| {
        let named = config.function_arn.starts_with("arn:");
        let endpoint = if named { config.function_arn.clone() } else { function_arn(&config.function_arn) };
        let members = [
            ("SubscriptionArn", arn.as_str()),
            ("Owner", ACCOUNT),
            ("Protocol", "lambda"),
            ("Endpoint", &endpoint),
            ("TopicArn", &config.topic_arn),
        ];
        members.map(|(name, value)| xml::text(name, value)).concat()
    };
    xml::element("Subscriptions", xml::members(subscriptions.into_iter().map(member)))
}
