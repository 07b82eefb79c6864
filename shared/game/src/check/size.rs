//! What a row costs: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>.

use serde_json::Value;

use crate::Match;

/// Bytes of a write unit.
const UNIT_BYTES: usize = 1_024;

/// A row's bytes, as DynamoDB counts them.
pub(super) fn bytes(row: &Match) -> usize {
    match serde_json::to_value(row) {
        Ok(Value::Object(attributes)) => attributes.iter().map(|(name, value)| name.len() + value_bytes(value)).sum(),
        _ => 0,
    }
}

/// Write units of a row.
pub(super) fn units(row: &Match) -> u32 {
    u32::try_from(bytes(row).div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX)
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::String(text) => text.len(),
        Value::Number(number) => {
            let text = number.to_string();
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            digits.div_ceil(2) + 1 + usize::from(text.starts_with('-'))
        }
        Value::Array(values) => 3 + values.iter().map(|value| 1 + value_bytes(value)).sum::<usize>(),
        Value::Object(values) => 3 + values.iter().map(|(name, value)| 1 + name.len() + value_bytes(value)).sum::<usize>(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_counted_as_dynamodb_does() {
        for (value, bytes) in
            [(json!("é"), 2), (json!(null), 1), (json!(7), 2), (json!(-100), 4), (json!(1_700_000_000_000_u64), 8), (json!([]), 3)]
        {
            assert_eq!(value_bytes(&value), bytes, "{value}");
        }
        assert_eq!(value_bytes(&json!({"ab": [true, "c"]})), 3 + 1 + 2 + (3 + 2 + 2));
    }
}
