//! Tests of the template room, on small templates and on the real one.

mod events;
mod functions;
mod intrinsics;
mod parameters;
mod policies;
mod real_template;
mod resources;
mod silence;

use std::collections::BTreeMap;

use super::{Manifest, TemplateError, load};

/// A function that is well, to be put under `Resources`. Its lines are indented by two.
const FUNCTION: &str = "
  Worker:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: worker, Runtime: provided.al2023, Handler: work }
";

/// A table with a stream, and a queue.
const ROWS_AND_WORK: &str = "
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: rows
      DeletionProtectionEnabled: true
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }, { AttributeName: at, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }, { AttributeName: at, KeyType: RANGE }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
      TimeToLiveSpecification: { AttributeName: expiresAt, Enabled: true }
  Work: { Type: 'AWS::SQS::Queue', Properties: { QueueName: work } }
";

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Loads a template that lacks the transform only.
fn read(text: &str) -> Result<Manifest, TemplateError> {
    load(&format!("Transform: AWS::Serverless-2016-10-31\n{text}"), &BTreeMap::new())
}

/// The problems of a template that lacks the transform only, one per line.
fn problems(text: &str) -> String {
    read(text).expect_err("the template has a problem").to_string()
}

/// The worker with more properties.
fn worker(properties: &str) -> String {
    FUNCTION.replace("Handler: work }", &format!("Handler: work, {properties} }}"))
}

/// Expects of properties that have one value here, each by its path, that another is refused with both.
fn each_has_one_value(text: &str, properties: &[(&str, &str, &str)]) {
    read(text).unwrap();
    for (path, known, other) in properties {
        let problem = problems(&text.replacen(known, other, 1));
        let begins = problem.contains(&format!("{path}: the local stack does not implement "));
        let names_both = problem.contains(&format!("\"{other}\"")) && problem.ends_with(&format!(" here; it knows {known}"));
        assert!(begins && names_both && problem.lines().count() == 1, "{path} gave {problem}");
    }
}

/// Expects that each change to a template that is well gives one problem, in these words.
fn each_is_named(text: &str, changes: &[(&str, &str, &str)]) {
    read(text).unwrap();
    for (from, to, expected) in changes {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let problem = problems(&changed);
        assert!(problem.contains(expected) && problem.lines().count() == 1, "{to} gave {problem}");
    }
}
