//! The `Globals` section, merged into functions as SAM does it: maps are merged, lists are appended to, and anything else is replaced.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html>

use super::{
    error::Report,
    node::{Entry, Kind, Node},
    section::Section,
};

/// What SAM does not take from `Globals`, because it belongs to one function.
const NOT_GLOBAL: [&str; 4] = ["Events", "FunctionName", "Policies", "Role"];

/// The properties that every function has.
pub(super) fn of_functions<'a>(globals: Option<&'a Node>, line: usize, report: &'a Report) -> Option<&'a Node> {
    let section = Section::new(globals?, line, "Globals", report)?;
    let function = section.node("Function");
    for entry in function.and_then(Node::entries).unwrap_or_default() {
        if NOT_GLOBAL.contains(&entry.key.as_str()) {
            report.problem(
                &section.at("Function"),
                entry.line,
                format!("SAM takes no {} from Globals; give it to each function", entry.key),
            );
        }
    }
    section.finish(&[]);
    function.filter(|node| node.entries().is_some())
}

/// A function's properties: the global ones under its own. An intrinsic function is one value, although it is written as a map.
pub(super) fn merge(global: &Node, own: &Node) -> Node {
    match (&global.kind, &own.kind) {
        (Kind::Map(global_entries), Kind::Map(own_entries)) if global.intrinsic().is_none() && own.intrinsic().is_none() => {
            let mut entries: Vec<Entry> = global_entries.clone();
            for entry in own_entries {
                match entries.iter_mut().find(|existing| existing.key == entry.key) {
                    Some(existing) => {
                        existing.value = merge(&existing.value, &entry.value);
                        existing.line = entry.line;
                    }
                    None => entries.push(entry.clone()),
                }
            }
            Node::new(own.line, Kind::Map(entries))
        }
        (Kind::List(global_elements), Kind::List(own_elements)) => {
            Node::new(own.line, Kind::List(global_elements.iter().chain(own_elements).cloned().collect()))
        }
        _ => own.clone(),
    }
}
