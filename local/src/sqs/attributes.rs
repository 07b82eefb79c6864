//! Message attributes, and the checksum over them that SDKs verify.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use md5::{Digest, Md5};
use serde_json::{Map, Value, json};

use super::error::Refusal;

/// Attributes of one message at most. (SQS developer guide, "Amazon SQS message metadata".)
const MOST_ATTRIBUTES: usize = 10;
/// Characters of an attribute's name and of its type at most.
const LONGEST_NAME: usize = 256;

/// A message's attributes by name.
pub type MessageAttributes = BTreeMap<String, AttributeValue>;

/// One attribute of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// Text, with its type: `String`, `Number`, or one of these with a label (`Number.int`).
    Text(String, String),
    /// Bytes, with their type: `Binary` or `Binary.label`.
    Binary(String, Vec<u8>),
}

impl AttributeValue {
    /// What the value and its type count towards the size of a message.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            AttributeValue::Text(kind, value) => kind.len() + value.len(),
            AttributeValue::Binary(kind, value) => kind.len() + value.len(),
        }
    }

    /// The attribute as the JSON protocol has it.
    pub(super) fn to_json(&self) -> Value {
        match self {
            AttributeValue::Text(kind, value) => json!({"DataType": kind, "StringValue": value}),
            AttributeValue::Binary(kind, value) => json!({"DataType": kind, "BinaryValue": BASE64_STANDARD.encode(value)}),
        }
    }
}

/// Reads the `MessageAttributes` of a request.
pub(super) fn read(value: &Value) -> Result<MessageAttributes, Refusal> {
    let Some(members) = value.as_object() else {
        return if value.is_null() { Ok(MessageAttributes::new()) } else { Err(Refusal::invalid("MessageAttributes is no map.")) };
    };
    if members.len() > MOST_ATTRIBUTES {
        let message = format!("Number of message attributes [{}] exceeds the allowed maximum [{MOST_ATTRIBUTES}].", members.len());
        return Err(Refusal::invalid(message));
    }
    members.iter().map(|(name, value)| Ok((name.clone(), attribute(name, value)?))).collect()
}

/// Reads the one attribute of the system that a sender may give: `{"AWSTraceHeader": {"DataType": "String", "StringValue": …}}`.
pub(super) fn read_trace_header(value: &Value) -> Result<Option<String>, Refusal> {
    let mut header = None;
    for (name, value) in value.as_object().into_iter().flatten() {
        match (name.as_str(), attribute(name, value)?) {
            ("AWSTraceHeader", AttributeValue::Text(kind, value)) if kind == "String" => header = Some(value),
            _ => return Err(Refusal::invalid(format!("Message system attribute name '{name}' is invalid."))),
        }
    }
    Ok(header)
}

fn attribute(name: &str, value: &Value) -> Result<AttributeValue, Refusal> {
    let refuse = |why: &str| Refusal::invalid(format!("Message (user) attribute '{name}' {why}."));
    if !is_name(name) {
        return Err(refuse("has an invalid name"));
    }
    let kind = value["DataType"].as_str().filter(|kind| !kind.is_empty() && kind.len() <= LONGEST_NAME);
    let kind = kind.ok_or_else(|| refuse("must contain a DataType of at most 256 characters"))?;
    match kind.split('.').next() {
        Some("String" | "Number") => {
            let text = value["StringValue"].as_str().filter(|text| !text.is_empty());
            let text = text.ok_or_else(|| refuse(&format!("must contain a non-empty value of type '{kind}'")))?;
            if !text.chars().all(is_allowed) {
                return Err(refuse("contains characters that are not allowed"));
            }
            if kind.starts_with("Number") && text.parse::<f64>().map_or(true, |number| !number.is_finite()) {
                return Err(refuse("must be a number, because it is of type 'Number'"));
            }
            Ok(AttributeValue::Text(kind.to_owned(), text.to_owned()))
        }
        Some("Binary") => {
            let text = value["BinaryValue"].as_str().filter(|text| !text.is_empty());
            let bytes = text.and_then(|text| BASE64_STANDARD.decode(text).ok());
            let bytes = bytes.ok_or_else(|| refuse(&format!("must contain a non-empty value of type '{kind}'")))?;
            Ok(AttributeValue::Binary(kind.to_owned(), bytes))
        }
        _ => Err(refuse("has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String")),
    }
}

/// Whether an attribute may have this name. (SQS API reference, `ReceiveMessage`, `MessageAttributeNames`.)
fn is_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let reserved = lower.starts_with("aws.") || lower.starts_with("amazon.");
    let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    !name.is_empty() && name.len() <= LONGEST_NAME && letters && !dots && !reserved
}

/// Whether a message may hold this character. (SQS API reference, `SendMessage`.)
pub(super) fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Attributes as the JSON protocol has them.
pub(super) fn to_json(attributes: &MessageAttributes) -> Value {
    attributes.iter().map(|(name, value)| (name.clone(), value.to_json())).collect::<Map<_, _>>().into()
}

/// `MD5OfMessageBody`.
pub(super) fn body_md5(body: &str) -> String {
    hexadecimal(&Md5::digest(body))
}

/// `MD5OfMessageAttributes`: names in order, each with type and value, all with their lengths. (SQS developer guide, "Calculating the MD5
/// message digest for message attributes".)
pub(super) fn attributes_md5(attributes: &MessageAttributes) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    // The transport byte (1 text, 2 binary) stands between type and value, without a length.
    let mut parts: Vec<u8> = Vec::new();
    for (name, value) in attributes {
        let (kind, transport, value) = match value {
            AttributeValue::Text(kind, value) => (kind, 1, value.as_bytes()),
            AttributeValue::Binary(kind, value) => (kind, 2, value.as_slice()),
        };
        for bytes in [name.as_bytes(), kind.as_bytes()] {
            parts.extend((bytes.len() as u32).to_be_bytes());
            parts.extend(bytes);
        }
        parts.push(transport);
        parts.extend((value.len() as u32).to_be_bytes());
        parts.extend(value);
    }
    Some(hexadecimal(&Md5::digest(parts)))
}

/// `MD5OfMessageSystemAttributes`, which is reckoned alike.
pub(super) fn trace_header_md5(header: &str) -> Option<String> {
    let value = AttributeValue::Text("String".to_owned(), header.to_owned());
    attributes_md5(&MessageAttributes::from([("AWSTraceHeader".to_owned(), value)]))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
