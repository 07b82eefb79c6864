//! `AWS::DynamoDB::Table`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html>

use serde::Deserialize;

use super::{error::Problem, manifest::Table, scalars::Parsed};

/// The properties of a table.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct TableProperties {
    #[serde(rename = "AttributeDefinitions")]
    _attribute_definitions: Vec<AttributeDefinition>,
    key_schema: Vec<KeyElement>,
    stream_specification: Option<StreamSpecification>,
    time_to_live_specification: Option<TimeToLive>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AttributeDefinition {
    #[serde(rename = "AttributeName")]
    _attribute_name: String,
    #[serde(rename = "AttributeType")]
    _attribute_type: AttributeType,
}

#[derive(Deserialize)]
enum AttributeType {
    #[serde(rename = "S")]
    String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct KeyElement {
    attribute_name: String,
    key_type: KeyType,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum KeyType {
    Hash,
    Range,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct StreamSpecification {
    #[serde(rename = "StreamViewType")]
    _stream_view_type: StreamViewType,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum StreamViewType {
    NewImage,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TimeToLive {
    attribute_name: String,
    enabled: Parsed<bool>,
}

impl TableProperties {
    /// The table.
    pub(super) fn table(self, logical_id: String, name: String) -> Result<Table, Problem> {
        let key = |kind| self.key_schema.iter().find(|key| key.key_type == kind).map(|key| key.attribute_name.clone());
        Ok(Table {
            logical_id,
            name,
            hash_key: key(KeyType::Hash).ok_or_else(|| Problem::new("there is no HASH key").within("KeySchema"))?,
            range_key: key(KeyType::Range),
            stream: self.stream_specification.is_some(),
            ttl_attribute: self.time_to_live_specification.filter(|ttl| ttl.enabled.0).map(|ttl| ttl.attribute_name),
        })
    }
}
