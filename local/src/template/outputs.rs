//! The `Outputs` section.

use std::collections::BTreeMap;

use super::{manifest::Output, node::Node, notes, resolver::Resolver, section::Section};

/// Reads the outputs that their conditions keep.
pub(super) fn read(declared: Option<&Node>, line: usize, resolver: &Resolver<'_>) -> BTreeMap<String, Output> {
    let mut outputs = BTreeMap::new();
    let Some(section) = declared.and_then(|node| Section::new(node, line, "Outputs", resolver.report)) else { return outputs };
    for entry in section.members() {
        let Some(body) = Section::new(&entry.value, entry.line, section.at(&entry.key), resolver.report) else { continue };
        let kept = body.text("Condition").is_none_or(|name| match resolver.conditions.get(&name) {
            Some(outcome) => outcome.unwrap_or(false),
            None => {
                body.problem("Condition", format!("there is no condition {name}"));
                false
            }
        });
        let description = body.text("Description");
        body.require("Value");
        let value = body.node("Value").filter(|_| kept).and_then(|node| resolver.resolve_text(node, &body.at("Value")));
        body.finish(notes::OUTPUT);
        if let Some(value) = value {
            outputs.insert(entry.key.clone(), Output { value, description });
        }
    }
    outputs
}
