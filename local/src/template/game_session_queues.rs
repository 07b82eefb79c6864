//! `AWS::GameLift::GameSessionQueue`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-gamelift-gamesessionqueue.html>

use std::time::Duration;

use super::{manifest::GameSessionQueue, notes, resolver::Resolver, resources::TOPIC, section::Section};

/// The range of `CreateGameSessionQueue`.
/// <https://docs.aws.amazon.com/gameliftservers/latest/apireference/API_CreateGameSessionQueue.html>
const TIMEOUT_SECONDS: std::ops::RangeInclusive<i64> = 10..=600;
/// AWS has a default and does not say which; this one gives nothing up that AWS would not.
const DEFAULT_TIMEOUT_SECONDS: i64 = 600;

/// Reads a queue of GameLift's. `None` if it cannot be created.
pub(super) fn read(id: &str, properties: Section<'_>, resolver: &Resolver<'_>) -> Option<GameSessionQueue> {
    let name = properties.required_text("Name");
    if let Some(name) = &name
        && (name.is_empty() || name.len() > 128 || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
    {
        properties.problem("Name", format!("`{name}` is not a game session queue's name: 1 to 128 letters, digits and hyphens"));
    }
    let timeout_seconds = properties.integer("TimeoutInSeconds", TIMEOUT_SECONDS).unwrap_or(DEFAULT_TIMEOUT_SECONDS);
    // The fleet is pretended, so that it does not matter which it is.
    for destination in properties.sections("Destinations") {
        destination.required_text("DestinationArn");
        destination.finish(&[]);
    }
    let notification_topic_arn = properties.text("NotificationTarget");
    if let Some(arn) = &notification_topic_arn
        && resolver.owner(TOPIC, "TopicArn", arn).is_none()
    {
        properties.problem("NotificationTarget", format!("{arn} is not a topic of this template; use !Ref SomeTopic"));
    }
    properties.finish(notes::GAME_SESSION_QUEUE);
    Some(GameSessionQueue {
        logical_id: id.to_owned(),
        name: name?,
        arn: resolver.arn(id)?,
        timeout: Duration::from_secs(timeout_seconds.unsigned_abs()),
        notification_topic_arn,
    })
}
