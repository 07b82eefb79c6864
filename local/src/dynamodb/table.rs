//! The creation of tables.

use dynoxide::Database;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::DynamoDbError;
use crate::template::Table;

/// The engine's requests are built as the wire has them.
fn request<T: DeserializeOwned>(value: Value) -> Result<T, DynamoDbError> {
    Ok(serde_json::from_value(value)?)
}

/// The `CreateTable` of `table`, billed on demand. The engine keeps both images of each record, because only both tell whether a write
/// changed anything.
fn definition(table: &Table) -> Value {
    let keys = || std::iter::once((&table.hash_key, "HASH")).chain(table.range_key.iter().map(|key| (key, "RANGE")));
    let mut definition = json!({
        "TableName": table.name, "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": keys().map(|(key, role)| json!({"AttributeName": key, "KeyType": role})).collect::<Value>(),
        "AttributeDefinitions": keys().map(|(key, _)| json!({"AttributeName": key, "AttributeType": "S"})).collect::<Value>(),
    });
    if table.stream {
        definition["StreamSpecification"] = json!({"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"});
    }
    definition
}

/// Creates `table` unless it is there, and sets its expiry.
///
/// # Errors
/// If the engine refuses it, or a table of that name with another shape is there.
pub(super) fn create(database: &Database, table: &Table) -> Result<(), DynamoDbError> {
    let wanted = definition(table);
    if database.get_table_metadata(&table.name)?.is_none() {
        database.create_table(request(wanted)?)?;
    } else {
        let there = serde_json::to_value(database.describe_table(request(json!({"TableName": table.name}))?)?)?;
        for member in ["KeySchema", "AttributeDefinitions", "StreamSpecification"] {
            let (there, wanted) = (&there["Table"][member], &wanted[member]);
            if there != wanted {
                let difference = format!("its {member} is {there}, not {wanted}");
                return Err(DynamoDbError::OtherTable { table: table.name.clone(), difference });
            }
        }
    }
    set_expiry(database, table)
}

fn set_expiry(database: &Database, table: &Table) -> Result<(), DynamoDbError> {
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
