//! `AWS::DynamoDB::Table`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html>

use std::collections::BTreeMap;

use super::{manifest::Table, notes, resolver::Resolver, section::Section};

/// Reads a table. `None` if it cannot be created.
pub(super) fn read(id: &str, properties: Section<'_>, resolver: &Resolver<'_>) -> Option<Table> {
    let name = resolver.physical_name(id);
    if let Some(name) = properties.text("TableName")
        && (!(3..=255).contains(&name.len()) || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
    {
        properties.problem("TableName", format!("`{name}` is not a table's name: 3 to 255 letters, digits, hyphens, underscores and dots"));
    }
    let (hash_key, range_key) = keys(&properties);
    let stream = properties.section("StreamSpecification").is_some_and(|section| {
        section.require("StreamViewType");
        let view = section.choice("StreamViewType", &["NEW_IMAGE"]);
        section.finish(notes::STREAM);
        view.is_some()
    });
    let ttl_attribute = properties.section("TimeToLiveSpecification").and_then(|section| {
        section.require("Enabled");
        let enabled = section.boolean("Enabled").unwrap_or(false);
        if enabled {
            section.require("AttributeName");
        }
        let attribute = section.text("AttributeName");
        section.finish(&[]);
        attribute.filter(|_| enabled)
    });
    properties.finish(notes::TABLE);
    Some(Table { logical_id: id.to_owned(), name: name?, hash_key: hash_key?, range_key, stream, ttl_attribute })
}

/// The keys with their types. As on AWS, every key has a definition and every definition is of a key.
fn keys(properties: &Section<'_>) -> (Option<String>, Option<String>) {
    properties.require("KeySchema");
    properties.require("AttributeDefinitions");
    let mut types = BTreeMap::new();
    for definition in properties.sections("AttributeDefinitions") {
        definition.require("AttributeType");
        let name = definition.required_text("AttributeName");
        let kind = definition.choice("AttributeType", &["S"]);
        definition.finish(&[]);
        if let (Some(name), Some(kind)) = (name, kind)
            && types.insert(name.clone(), kind).is_some()
        {
            properties.problem("AttributeDefinitions", format!("{name} is defined twice"));
        }
    }
    let (mut hash_key, mut range_key) = (None, None);
    for element in properties.sections("KeySchema") {
        element.require("KeyType");
        let name = element.required_text("AttributeName");
        let role = element.choice("KeyType", &["HASH", "RANGE"]);
        element.finish(&[]);
        let (Some(name), Some(role)) = (name, role) else { continue };
        if types.remove(&name).is_none() {
            properties.problem("KeySchema", format!("the key {name} has no AttributeDefinition of its own"));
            continue;
        }
        let place = if role == "HASH" { &mut hash_key } else { &mut range_key };
        if place.replace(name).is_some() {
            properties.problem("KeySchema", format!("there is more than one {role} key"));
        }
    }
    if hash_key.is_none() && !properties.list("KeySchema").is_empty() {
        properties.problem("KeySchema", "there is no HASH key");
    }
    if properties.has("KeySchema") {
        for name in types.keys() {
            properties.problem("AttributeDefinitions", format!("{name} is not a key; DynamoDB refuses definitions of other attributes"));
        }
    }
    (hash_key, range_key)
}
