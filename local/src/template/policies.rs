//! Policies: of functions, of programs outside of the stack, and of topics and queues.

use serde::Deserialize;
use serde_json::Value;

use super::{
    error::{self, Problem, Within},
    manifest::{ResourcePolicy, Statement},
    resources::put,
    rules::{self, Notes},
    scalars::texts,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    statement: Vec<Value>,
}

/// Whom a statement of a topic or a queue speaks of.
#[derive(Deserialize)]
enum Principal {
    Service(String),
}

/// When it does. Both operators take wildcards.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
#[derive(Deserialize)]
enum Condition {
    #[serde(alias = "ArnLike")]
    ArnEquals(Source),
}

#[derive(Deserialize)]
enum Source {
    #[serde(rename = "aws:SourceArn", deserialize_with = "texts")]
    Arn(Vec<String>),
}

/// Takes the statements of the property `Policies` of `logical_id`, which is a list of documents.
pub(super) fn take(properties: &mut Value, logical_id: &str, notes: &mut Notes) -> Result<Vec<Statement>, Problem> {
    let mut statements = Vec::new();
    for (index, document) in error::take::<Option<Vec<Value>>>(properties, "Policies")?.into_iter().flatten().enumerate() {
        let place = format!("Policies[{index}]");
        statements.extend(of_identity(document, &format!("{logical_id}.{place}"), notes).within(place)?);
    }
    Ok(statements)
}

/// The statements of the document at `place`, of who has the policy.
pub(super) fn of_identity(document: Value, place: &str, notes: &mut Notes) -> Result<Vec<Statement>, Problem> {
    statements(document, place, notes, error::read)
}

/// The statements of the document at `place`, of what has the policy.
pub(super) fn of_resource(document: Value, place: &str, notes: &mut Notes) -> Result<Vec<ResourcePolicy>, Problem> {
    statements(document, place, notes, |mut statement| {
        let Principal::Service(service) = error::take(&mut statement, "Principal")?;
        let condition: Option<Condition> = error::take(&mut statement, "Condition")?;
        let source_arns = condition.map(|Condition::ArnEquals(Source::Arn(arns))| arns);
        Ok(ResourcePolicy { statement: error::read(statement)?, service, source_arns })
    })
}

fn statements<T>(
    mut document: Value,
    place: &str,
    notes: &mut Notes,
    read: impl Fn(Value) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    rules::apply("a policy document", &mut document, notes)?;
    let document: Document = error::read(document)?;
    let statements = document.statement.into_iter().enumerate().map(|(index, mut statement)| {
        let applied = rules::apply("a statement", &mut statement, notes);
        put(&mut statement, [("Place", &format!("{place}.Statement[{index}]"))]);
        applied.and_then(|()| read(statement)).within(format_args!("[{index}]")).within("Statement")
    });
    statements.collect()
}
