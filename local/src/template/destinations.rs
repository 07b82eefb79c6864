//! `DestinationConfig`, of a function's asynchronous invocations and of its stream events.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-onfailure.html>

use super::{resolver::Resolver, resources::QUEUE, section::Section};

/// Reads `DestinationConfig.OnFailure`, which is a queue: its ARN.
pub(super) fn on_failure(section: &Section<'_>, resolver: &Resolver<'_>) -> Option<String> {
    let destinations = section.section("DestinationConfig")?;
    let destination = destinations.section("OnFailure");
    destinations.finish(&[]);
    let destination = destination?;
    destination.choice("Type", &["SQS"]);
    let arn = destination.required_text("Destination");
    if let Some(arn) = &arn
        && resolver.owner(QUEUE, "Arn", arn).is_none()
    {
        destination.problem("Destination", format!("{arn} is not a queue of this template; use !GetAtt SomeQueue.Arn"));
    }
    destination.finish(&[]);
    arn
}
