//! Policies: of functions, of programs outside of the stack, and of topics and queues.

use serde::Deserialize;
use serde_json::Value;

use super::{
    error::{self, Problem},
    manifest::{ResourcePolicy, Statement},
    resources::put,
    rules::{self, Notes},
    scalars::texts,
};

/// A document.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    statement: Vec<Value>,
}

/// Of whom a statement of a topic or a queue speaks.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Principal {
    service: String,
}

/// When it does. Both operators take wildcards.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Condition {
    #[serde(alias = "ArnLike", deserialize_with = "texts")]
    arn_equals: Vec<String>,
}

/// The statements of the document at `place`, of who has the policy.
pub(super) fn of_identity(document: Value, place: &str, notes: &mut Notes) -> Result<Vec<Statement>, Problem> {
    statements(document, place, notes, |statement, _| error::read(statement))
}

/// The statements of the document at `place`, of what has the policy.
pub(super) fn of_resource(document: Value, place: &str, notes: &mut Notes) -> Result<Vec<ResourcePolicy>, Problem> {
    statements(document, place, notes, |mut statement, notes| {
        let (principal, mut condition) = (statement["Principal"].take(), statement["Condition"].take());
        statement.as_object_mut().into_iter().for_each(|members| members.retain(|_, member| !member.is_null()));
        rules::apply("a condition", &mut condition, notes).map_err(|problem| problem.within("Condition"))?;
        let condition: Option<Condition> = error::read(condition).map_err(|problem| problem.within("Condition"))?;
        let principal: Principal = error::read(principal).map_err(|problem| problem.within("Principal"))?;
        let source_arns = condition.map(|condition| condition.arn_equals);
        Ok(ResourcePolicy { statement: error::read(statement)?, service: principal.service, source_arns })
    })
}

fn statements<T>(
    mut document: Value,
    place: &str,
    notes: &mut Notes,
    read: impl Fn(Value, &mut Notes) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    rules::apply("a policy document", &mut document, notes)?;
    let document: Document = error::read(document)?;
    let statements = document.statement.into_iter().enumerate().map(|(index, mut statement)| {
        let applied = rules::apply("a statement", &mut statement, notes);
        put(&mut statement, [("Place", &format!("{place}.Statement[{index}]"))]);
        applied.and_then(|()| read(statement, notes)).map_err(|problem| problem.at(index).within("Statement"))
    });
    statements.collect()
}
