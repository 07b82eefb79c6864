//! Tables: what the template says of one, and its creation.

use dynoxide::Database;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{DynamoDbError, rows::Rows, streams_api::BOTH_IMAGES};

/// The type of a key attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeType {
    /// `S`.
    String,
    /// `N`.
    Number,
    /// `B`.
    Binary,
}

/// An attribute of the primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAttribute {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: AttributeType,
}

/// What a stream record carries of the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamViewType {
    /// The key alone.
    KeysOnly,
    /// The item after the change.
    NewImage,
    /// The item before the change.
    OldImage,
    /// Both.
    NewAndOldImages,
}

/// A table, billed on demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableConfig {
    /// The physical name, at least three characters.
    pub name: String,
    /// The partition key.
    pub hash_key: KeyAttribute,
    /// The sort key, if it has one.
    pub range_key: Option<KeyAttribute>,
    /// The stream, if it has one.
    pub stream: Option<StreamViewType>,
    /// The attribute with the epoch second after which an item may be removed.
    pub ttl_attribute: Option<String>,
}

impl AttributeType {
    fn code(self) -> &'static str {
        match self {
            AttributeType::String => "S",
            AttributeType::Number => "N",
            AttributeType::Binary => "B",
        }
    }
}

impl StreamViewType {
    /// The name as AWS writes it, such as `NEW_IMAGE`.
    pub(super) fn name(self) -> &'static str {
        match self {
            StreamViewType::KeysOnly => "KEYS_ONLY",
            StreamViewType::NewImage => "NEW_IMAGE",
            StreamViewType::OldImage => "OLD_IMAGE",
            StreamViewType::NewAndOldImages => "NEW_AND_OLD_IMAGES",
        }
    }
}

impl TableConfig {
    fn attributes(&self) -> impl Iterator<Item = (&KeyAttribute, &'static str)> {
        std::iter::once((&self.hash_key, "HASH")).chain(self.range_key.iter().map(|key| (key, "RANGE")))
    }

    fn key_schema(&self) -> Value {
        self.attributes().map(|(key, role)| json!({"AttributeName": key.name, "KeyType": role})).collect()
    }

    fn definitions(&self) -> Value {
        self.attributes().map(|(key, _)| json!({"AttributeName": key.name, "AttributeType": key.kind.code()})).collect()
    }

    /// What is said of the table's stream when it is as configured.
    fn stream_specification(&self) -> Value {
        match self.stream {
            Some(view) => json!({"StreamEnabled": true, "StreamViewType": view.name()}),
            None => Value::Null,
        }
    }
}

/// The engine's requests are built as the wire has them.
fn request<T: DeserializeOwned>(value: Value) -> Result<T, DynamoDbError> {
    Ok(serde_json::from_value(value)?)
}

/// Creates `table` unless it is there, and sets its expiry. `rows` keeps the stream's view type: the engine keeps both images, whatever it
/// is, because only both tell whether a write changed anything.
pub(super) fn create(database: &Database, rows: &Rows, table: &TableConfig) -> Result<(), DynamoDbError> {
    if database.get_table_metadata(&table.name)?.is_some() {
        check(database, rows, table)?;
    } else {
        let mut create = json!({
            "TableName": table.name, "KeySchema": table.key_schema(), "AttributeDefinitions": table.definitions(),
            "BillingMode": "PAY_PER_REQUEST",
        });
        if table.stream.is_some() {
            create["StreamSpecification"] = json!({"StreamEnabled": true, "StreamViewType": BOTH_IMAGES});
        }
        database.create_table(request(create)?)?;
        if let (Some(view), Some(stream)) = (table.stream, rows.describe(&table.name)?) {
            rows.keep_view(&table.name, &stream.label, view.name())?;
        }
    }
    set_expiry(database, table)
}

/// Whether the table that is there is the one that is wanted.
fn check(database: &Database, rows: &Rows, table: &TableConfig) -> Result<(), DynamoDbError> {
    let mut description = serde_json::to_value(database.describe_table(request(json!({"TableName": table.name}))?)?)?;
    if let Some(stream) = rows.describe(&table.name)? {
        description["Table"]["StreamSpecification"]["StreamViewType"] = stream.view_type.into();
    }
    let there = &description["Table"];
    let expected = [
        ("KeySchema", table.key_schema()),
        ("AttributeDefinitions", table.definitions()),
        ("StreamSpecification", table.stream_specification()),
    ];
    for (member, expected) in expected {
        if !same(&there[member], &expected) {
            let difference = format!("its {member} is {}, not {expected}", there[member]);
            return Err(DynamoDbError::OtherTable { table: table.name.clone(), difference });
        }
    }
    Ok(())
}

/// Equal, lists in any order.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => left.len() == right.len() && left.iter().all(|item| right.contains(item)),
        _ => left == right,
    }
}

fn set_expiry(database: &Database, table: &TableConfig) -> Result<(), DynamoDbError> {
    let there = database.get_table_metadata(&table.name)?;
    let there = there.filter(|there| there.ttl_enabled).and_then(|there| there.ttl_attribute);
    if there == table.ttl_attribute {
        return Ok(());
    }
    // The engine, as AWS, refuses to change the attribute without switching expiry off first.
    let changes = there.iter().map(|name| (name, false)).chain(table.ttl_attribute.iter().map(|name| (name, true)));
    for (name, enabled) in changes {
        let specification = json!({"AttributeName": name, "Enabled": enabled});
        database.update_time_to_live(request(json!({"TableName": table.name, "TimeToLiveSpecification": specification}))?)?;
    }
    Ok(())
}
