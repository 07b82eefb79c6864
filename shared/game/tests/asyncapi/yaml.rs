//! JSON as YAML that people read.

use saphyr::{LoadableYamlNode, Scalar, Yaml, YamlEmitter};
use serde_json::Value;

/// What comes first in an object, in this order. The rest follows by the alphabet, since whether JSON keeps the order in which it was made
/// depends on what else is compiled.
const FIRST: [&str; 25] = [
    "asyncapi",
    "info",
    "defaultContentType",
    "servers",
    "channels",
    "operations",
    "components",
    "host",
    "pathname",
    "protocol",
    "address",
    "action",
    "name",
    "title",
    "summary",
    "description",
    "channel",
    "parameters",
    "contentType",
    "correlationId",
    "type",
    "const",
    "format",
    "required",
    "properties",
];

/// `value` as a YAML document that reads as what it was made of.
pub fn text(value: &Value) -> String {
    let yaml = node(value);
    let mut text = String::new();
    let mut emitter = YamlEmitter::new(&mut text);
    emitter.multiline(true);
    emitter.dump(&yaml).unwrap();
    // An empty line of a long text need not be indented.
    let text: Vec<&str> = text.trim_start_matches("---\n").lines().map(str::trim_end).collect();
    let text = text.join("\n") + "\n";
    assert_eq!(Yaml::load_from_str(&text).unwrap(), [yaml], "the YAML does not read as it was written");
    text
}

fn node(value: &Value) -> Yaml<'_> {
    match value {
        Value::Null => Yaml::Value(Scalar::Null),
        Value::Bool(truth) => Yaml::Value(Scalar::Boolean(*truth)),
        Value::Number(number) => Yaml::Value(Scalar::Integer(number.as_i64().unwrap())),
        Value::String(text) => string(text),
        Value::Array(items) => Yaml::Sequence(items.iter().map(node).collect()),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| (FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()), *name));
            Yaml::Mapping(fields.into_iter().map(|(name, value)| (string(name), node(value))).collect())
        }
    }
}

fn string(text: &str) -> Yaml<'_> {
    Yaml::Value(Scalar::String(text.into()))
}
