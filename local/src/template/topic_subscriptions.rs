//! Events of a function: `Type: SNS`, a subscription to a topic.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-sns.html>

use super::{
    manifest::TopicSubscription,
    resolver::Resolver,
    resources::{QUEUE, TOPIC},
    section::Section,
};

/// What SAM takes, and what would change which messages come to the function or how.
const NOT_IMPLEMENTED: [(&str, &str); 4] = [
    ("FilterPolicy", "the local stack does not implement filters of subscriptions; look at the message in the function"),
    ("FilterPolicyScope", "the local stack does not implement filters of subscriptions; look at the message in the function"),
    ("Region", "the local stack does not implement topics of other Regions; all of it is in one"),
    ("SqsSubscription", "the local stack does not implement a queue between topic and function; leave it out"),
];

/// Reads the properties of one event.
pub(super) fn read(
    logical_id: &str,
    function_arn: Option<&str>,
    section: Section<'_>,
    resolver: &Resolver<'_>,
) -> Option<TopicSubscription> {
    let topic_arn = section.required_text("Topic");
    if let Some(arn) = &topic_arn
        && resolver.owner(TOPIC, "TopicArn", arn).is_none()
    {
        section.problem("Topic", format!("{arn} is not a topic of this template; use !Ref SomeTopic"));
    }
    let dead_letter_queue_arn = section.section("RedrivePolicy").and_then(|policy| {
        let arn = policy.required_text("deadLetterTargetArn");
        if let Some(arn) = &arn
            && resolver.owner(QUEUE, "Arn", arn).is_none()
        {
            policy.problem("deadLetterTargetArn", format!("{arn} is not a queue of this template; use !GetAtt SomeQueue.Arn"));
        }
        policy.finish(&[]);
        arn
    });
    for (key, message) in NOT_IMPLEMENTED {
        if section.node(key).is_some() {
            section.problem(key, message);
        }
    }
    section.finish(&[]);
    Some(TopicSubscription {
        logical_id: logical_id.to_owned(),
        function_arn: function_arn?.to_owned(),
        topic_arn: topic_arn?,
        dead_letter_queue_arn,
    })
}
