//! `AWS::CloudWatch::Alarm`, of which an operator sees the name, the description and, if it watches queues, whether they are empty.

use super::{
    manifest::Alarm,
    node::{Kind, Node},
    section::Section,
};

/// Reads an alarm. Everything else of it has no effect on one machine.
pub(super) fn read(id: &str, properties: &Section<'_>, whole: &Node) -> Alarm {
    let mut queues = Vec::new();
    collect(whole, &mut queues);
    Alarm {
        name: properties.text("AlarmName").unwrap_or_else(|| id.to_owned()),
        description: properties.text("AlarmDescription").unwrap_or_default(),
        queues,
    }
}

/// The queues that are dimensions: `{ Name: QueueName, Value: … }`, however deep.
fn collect(node: &Node, queues: &mut Vec<String>) {
    if node.get("Name").and_then(Node::scalar).as_deref() == Some("QueueName") {
        queues.extend(node.get("Value").and_then(Node::scalar));
    }
    match &node.kind {
        Kind::List(elements) => elements.iter().for_each(|element| collect(element, queues)),
        Kind::Map(entries) => entries.iter().for_each(|entry| collect(&entry.value, queues)),
        _ => {}
    }
}
