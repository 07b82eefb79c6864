//! Text to JSON: YAML with its tags (`!Ref x`) written out in long form (`{"Ref": "x"}`).
//!
//! Every scalar becomes text, as CloudFormation takes numbers and booleans for text and text for them; `scalars` reads it.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

use super::error::Problem;

/// Reads one document.
pub(super) fn parse(text: &str) -> Result<Value, Problem> {
    match Yaml::load_from_str(text) {
        Ok(documents) if documents.len() == 1 => value(&documents[0]),
        Ok(_) => Err(Problem::new("a template is one YAML document")),
        Err(error) => Err(Problem::new(format!("this is not YAML: {error}"))),
    }
}

fn value(yaml: &Yaml<'_>) -> Result<Value, Problem> {
    Ok(match yaml {
        Yaml::Value(scalar) => match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(boolean) => boolean.to_string().into(),
            Scalar::Integer(integer) => integer.to_string().into(),
            Scalar::FloatingPoint(float) => float.to_string().into(),
            Scalar::String(text) => text.to_string().into(),
        },
        Yaml::Sequence(elements) => elements.iter().map(value).collect::<Result<_, _>>()?,
        Yaml::Mapping(members) => {
            let member = |(key, member)| match value(key)? {
                Value::String(key) => Ok((key, value(member)?)),
                _ => Err(Problem::new("a key has to be text")),
            };
            Value::Object(members.iter().map(member).collect::<Result<_, _>>()?)
        }
        Yaml::Tagged(tag, inner) => {
            let function = match tag.suffix.as_str() {
                name @ ("Ref" | "Condition") => name.to_owned(),
                name => format!("Fn::{name}"),
            };
            Value::Object(Map::from_iter([(function, value(inner)?)]))
        }
        Yaml::BadValue | Yaml::Representation(..) | Yaml::Alias(_) => return Err(Problem::new("a value is not what its YAML tag says")),
    })
}
