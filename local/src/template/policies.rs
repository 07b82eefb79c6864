//! Policies: of functions, of programs outside of the stack, and of topics and queues.

use serde::{Deserialize, de::IgnoredAny};

use super::{
    manifest::{ResourcePolicy, Statement},
    scalars::OneOrMany,
};

/// A document whose statements are of type `S`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct PolicyDocument<S> {
    #[serde(rename = "Version")]
    _version: Option<IgnoredAny>,
    statement: Vec<S>,
}

/// A statement of who has the policy.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct IdentityStatement {
    #[serde(rename = "Sid")]
    _sid: Option<IgnoredAny>,
    #[serde(rename = "Effect")]
    _effect: Effect,
    action: OneOrMany,
    resource: OneOrMany,
}

#[derive(Deserialize)]
enum Effect {
    Allow,
}

/// A statement of what has the policy.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ResourceStatement {
    #[serde(rename = "Sid")]
    _sid: Option<IgnoredAny>,
    #[serde(rename = "Effect")]
    _effect: Effect,
    principal: Principal,
    action: OneOrMany,
    resource: OneOrMany,
    condition: Option<Condition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Principal {
    service: String,
}

/// Both operators take wildcards. <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    #[serde(rename = "ArnEquals", alias = "ArnLike")]
    arn: Source,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    #[serde(rename = "aws:SourceArn")]
    source_arn: String,
}

/// The properties of a managed policy.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ManagedPolicyProperties {
    pub(super) policy_document: PolicyDocument<IdentityStatement>,
}

/// The properties of a topic's or a queue's policy.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ResourcePolicyProperties {
    #[serde(rename = "Topics", alias = "Queues")]
    _attached_to: Vec<String>,
    policy_document: PolicyDocument<ResourceStatement>,
}

impl PolicyDocument<IdentityStatement> {
    /// The statements of the document that stands at `place`.
    pub(super) fn statements(self, place: &str) -> impl Iterator<Item = Statement> {
        self.statement.into_iter().enumerate().map(move |(index, statement)| Statement {
            place: format!("{place}.Statement[{index}]"),
            actions: statement.action.into(),
            resources: statement.resource.into(),
        })
    }
}

impl ResourcePolicyProperties {
    /// The statements of the resource with this logical id.
    pub(super) fn statements(self, logical_id: &str) -> impl Iterator<Item = ResourcePolicy> {
        self.policy_document.statement.into_iter().enumerate().map(move |(index, statement)| ResourcePolicy {
            statement: Statement {
                place: format!("{logical_id}.PolicyDocument.Statement[{index}]"),
                actions: statement.action.into(),
                resources: statement.resource.into(),
            },
            service: statement.principal.service,
            source_arn: statement.condition.map(|condition| condition.arn.source_arn),
        })
    }
}
