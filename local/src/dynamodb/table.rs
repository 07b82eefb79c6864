//! The creation of tables.

use dynoxide::{Database, DynoxideError, TableMetadata};
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

/// Creates `table` with its expiry, unless it is there, and answers what the engine knows of it.
pub(super) fn create(database: &Database, table: &Table) -> Result<TableMetadata, DynamoDbError> {
    let wanted = definition(table);
    if database.get_table_metadata(&table.name)?.is_none() {
        database.create_table(request(wanted)?)?;
    } else {
        let there = serde_json::to_value(database.describe_table(request(json!({"TableName": table.name}))?)?)?;
        for member in ["KeySchema", "StreamSpecification"] {
            let (name, there, wanted) = (&table.name, &there["Table"][member], &wanted[member]);
            if there != wanted {
                let hint = "delete the data, or give the table another name";
                let message = format!("table {name} is there already, but its {member} is {there}, not {wanted}; {hint}");
                return Err(DynoxideError::ResourceInUseException(message).into());
            }
        }
    }
    let metadata = || database.get_table_metadata(&table.name)?.ok_or_else(|| DynoxideError::ResourceNotFoundException(table.name.clone()));
    let there = metadata()?;
    let expiry = there.ttl_attribute.as_ref().filter(|_| there.ttl_enabled);
    if expiry != table.ttl_attribute.as_ref() {
        // As AWS, the engine refuses to change the attribute.
        let specification = json!({"AttributeName": table.ttl_attribute.as_ref().or(expiry), "Enabled": table.ttl_attribute.is_some()});
        database.update_time_to_live(request(json!({"TableName": table.name, "TimeToLiveSpecification": specification}))?)?;
    }
    Ok(there)
}
