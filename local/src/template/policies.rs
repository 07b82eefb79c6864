//! IAM's policy documents: those of functions, `AWS::IAM::ManagedPolicy`, and the policies of queues and topics.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>

use super::{
    manifest::{ManagedPolicy, ResourcePolicy, Statement},
    notes,
    section::Section,
};

/// The statements of a function's `Policies`, which are documents written out.
pub(super) fn of_function(id: &str, properties: &Section<'_>) -> Vec<Statement> {
    let document = |(index, policy): (usize, Section<'_>)| statements(policy, &format!("{id}.Policies[{index}]"), |_| Some(()));
    let documents = properties.sections("Policies").into_iter().enumerate().flat_map(document);
    documents.map(|(statement, ())| statement).collect()
}

/// Reads an `AWS::IAM::ManagedPolicy`.
pub(super) fn managed(id: &str, properties: Section<'_>) -> ManagedPolicy {
    properties.text("ManagedPolicyName");
    properties.require("PolicyDocument");
    let read = properties.section("PolicyDocument").map(|document| statements(document, id, |_| Some(()))).unwrap_or_default();
    properties.finish(notes::POLICY);
    ManagedPolicy { logical_id: id.to_owned(), statements: read.into_iter().map(|(statement, ())| statement).collect() }
}

/// Reads the policy of resources, which are named in `resources`, such as `Queues`.
pub(super) fn of_resources(id: &str, properties: Section<'_>, resources: &str) -> Vec<ResourcePolicy> {
    properties.require(resources);
    properties.texts(resources);
    properties.require("PolicyDocument");
    let read = properties.section("PolicyDocument").map(|document| statements(document, id, who)).unwrap_or_default();
    properties.finish(&[]);
    read.into_iter().map(|(statement, (service, source_arn))| ResourcePolicy { statement, service, source_arn }).collect()
}

/// The service that may, and the ARN that it has to speak for.
fn who(statement: &Section<'_>) -> Option<(String, Option<String>)> {
    statement.require("Principal");
    let principal = statement.section("Principal")?;
    let service = principal.required_text("Service")?;
    principal.finish(&[]);
    let condition = statement.section("Condition");
    let source_arn = condition.as_ref().and_then(|condition| {
        let key = ["ArnLike", "ArnEquals"].into_iter().find_map(|operator| condition.section(operator))?;
        let source_arn = key.text("aws:SourceArn");
        key.finish(&[]);
        source_arn
    });
    if let Some(condition) = condition {
        condition.finish(&[]);
    }
    Some((service, source_arn))
}

/// The statements of a document at `place`, each with what `more` reads of it.
fn statements<T>(document: Section<'_>, place: &str, more: impl Fn(&Section<'_>) -> Option<T>) -> Vec<(Statement, T)> {
    document.choice("Version", &["2012-10-17"]);
    document.require("Statement");
    let statement = |(index, section): (usize, Section<'_>)| {
        for member in ["Effect", "Action", "Resource"] {
            section.require(member);
        }
        section.choice("Effect", &["Allow"]);
        let (actions, resources) = (section.texts("Action"), section.texts("Resource"));
        let more = more(&section);
        section.finish(&[]);
        Some((Statement { place: format!("{place}.Statement[{index}]"), actions, resources }, more?))
    };
    let read = document.sections("Statement").into_iter().enumerate().filter_map(statement).collect();
    document.finish(&[]);
    read
}
