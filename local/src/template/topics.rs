//! `AWS::SNS::Topic`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html>

use super::{
    manifest::{Manifest, Topic},
    notes,
    resolver::Resolver,
    resources::TOPIC,
    section::Section,
};
use crate::account;

/// Reads a topic. `None` if it cannot be created.
pub(super) fn read(id: &str, properties: Section<'_>, resolver: &Resolver<'_>) -> Option<Topic> {
    let name = resolver.physical_name(id);
    if let Some(name) = properties.text("TopicName")
        && (name.is_empty() || name.len() > 256 || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
    {
        properties
            .problem("TopicName", format!("`{name}` is not a standard topic's name: 1 to 256 letters, digits, hyphens and underscores"));
    }
    if properties.boolean("FifoTopic") == Some(true) {
        properties.problem("FifoTopic", "the local stack has standard topics only; give messages an id or a version to order them by");
    }
    for subscription in properties.sections("Subscription") {
        notes::protocol(&subscription);
        subscription.require("Endpoint");
        subscription.text("Endpoint");
        subscription.finish(&[]);
    }
    properties.finish(notes::TOPIC);
    let name = name?;
    Some(Topic { logical_id: id.to_owned(), arn: account::arn("sns", &name), name })
}

/// Notes the topics that no function has subscribed to. What is published there is for people.
pub(super) fn note_unheard(manifest: &Manifest, resolver: &Resolver<'_>) {
    for topic in &manifest.topics {
        let heard = manifest.topic_subscriptions.iter().any(|subscription| subscription.topic_arn == topic.arn);
        if let Some(declaration) = resolver.resources.declared.get(&topic.logical_id)
            && !heard
        {
            resolver.report.note(&format!("Resources.{}", topic.logical_id), declaration.line, format!("{TOPIC}: {}", notes::PEOPLE));
        }
    }
}
