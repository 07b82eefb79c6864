//! Tests of the template room, on small templates and on the real one.

mod apis;
mod functions;
mod game_session_queues;
mod intrinsics;
mod laws;
mod parameters;
mod policies;
mod queue_events;
mod real_template;
mod silence;
mod tables_and_queues;
mod topics;
mod yaml;

use std::collections::BTreeMap;

use super::{Manifest, Note, TemplateError, load};

const HEADER: &str = "Transform: AWS::Serverless-2016-10-31\n";

/// A function that is well, to be put under `Resources`. Its lines are indented by two.
const FUNCTION: &str = "
  Worker:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: worker } }
    Properties: { FunctionName: worker, Runtime: provided.al2023, Handler: bootstrap }
";

/// A table with a stream, to be put under `Resources`.
const TABLE: &str = "
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: rows
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
";

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Loads a template that lacks the transform only.
fn read(text: &str) -> Result<Manifest, TemplateError> {
    load(&format!("{HEADER}{text}"), &BTreeMap::new(), "stack")
}

/// The problems of a template that lacks the transform only, one per line. Its first line is line 2.
fn problems(text: &str) -> String {
    read(text).expect_err("the template has a problem").to_string()
}

/// The value of the output `X` of a template with an outputs section in which `X` is `expression`.
fn output(sections: &str, expression: &str) -> Result<String, TemplateError> {
    let sections = if sections.contains("Resources:") { sections.to_owned() } else { format!("{sections}\nResources: {{}}") };
    let manifest = read(&format!("{sections}\nOutputs:\n  X:\n    Value: {expression}\n"))?;
    Ok(manifest.outputs["X"].value.clone())
}

/// The logical id of the resource that a note is about, if it is about one.
fn resource(note: &Note) -> Option<&str> {
    note.path.strip_prefix("Resources.")?.split('.').next()
}
