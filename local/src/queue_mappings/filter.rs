//! Which messages the function wants (Lambda developer guide, "Using event filtering with an Amazon SQS event source").
//!
//! Only the body counts. A pattern is for bodies that are JSON (`{"body": {"type": ["x"]}}`) or for plain texts (`{"body": ["x"]}`), and
//! a body of the other kind does not match it. The guide does not say what a body like `5` is; here, JSON is an object or a list.

use serde_json::{Value, json};

use crate::streams::{FilterError, Filters, Subject};

const MESSAGE: Subject = Subject { name: "message of a queue", members: &["body"], has_numbers: true };

/// The patterns of which one must match.
#[derive(Clone, Debug, Default)]
pub(super) struct MessageFilters {
    /// Each with the form of the bodies it is for; none: any.
    patterns: Vec<(Option<Form>, Filters)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Json,
    Text,
}

impl MessageFilters {
    pub(super) fn compile(patterns: &[Value]) -> Result<MessageFilters, FilterError> {
        // All of them at once, so that an error has the pattern's place.
        Filters::compile_for(&MESSAGE, patterns)?;
        let compile = |pattern: &Value| {
            let form = pattern.get("body").map(|body| if body.is_object() { Form::Json } else { Form::Text });
            Ok((form, Filters::compile_for(&MESSAGE, std::slice::from_ref(pattern))?))
        };
        Ok(MessageFilters { patterns: patterns.iter().map(compile).collect::<Result<_, _>>()? })
    }

    pub(super) fn matches(&self, body: &str) -> bool {
        if self.patterns.is_empty() {
            return true;
        }
        let json = serde_json::from_str::<Value>(body).ok().filter(|body| body.is_object() || body.is_array());
        let (form, body) = json.map_or_else(|| (Form::Text, body.into()), |body| (Form::Json, body));
        let message = json!({"body": body});
        self.patterns.iter().any(|(of, pattern)| of.is_none_or(|of| of == form) && pattern.matches(&message))
    }
}
