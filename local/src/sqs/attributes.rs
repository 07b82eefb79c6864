//! Message attributes, and the checksum over them that SDKs verify.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::error::Refusal;

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
        return if value.is_null() {
            Ok(MessageAttributes::new())
        } else {
            Err(Refusal::invalid("MessageAttributes is no map.".to_owned()))
        };
    };
    if members.len() > 10 {
        return Err(Refusal::invalid("Number of message attributes exceeds the allowed maximum [10].".to_owned()));
    }
    members.iter().map(|(name, value)| Ok((name.clone(), attribute(name, value)?))).collect()
}

fn attribute(name: &str, value: &Value) -> Result<AttributeValue, Refusal> {
    let refuse = |why: &str| Refusal::invalid(format!("The message attribute '{name}' {why}."));
    let kind = value["DataType"].as_str().ok_or_else(|| refuse("must contain a DataType"))?;
    match kind.split('.').next() {
        Some("String" | "Number") => {
            let text = value["StringValue"].as_str().filter(|text| !text.is_empty());
            Ok(AttributeValue::Text(kind.to_owned(), text.ok_or_else(|| refuse("must contain a non-empty StringValue"))?.to_owned()))
        }
        Some("Binary") => {
            let text = value["BinaryValue"].as_str().filter(|text| !text.is_empty());
            let bytes = text.and_then(|text| BASE64_STANDARD.decode(text).ok());
            Ok(AttributeValue::Binary(kind.to_owned(), bytes.ok_or_else(|| refuse("must contain a base64 BinaryValue"))?))
        }
        _ => Err(refuse("has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String")),
    }
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

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
