//! A message that somebody wants to publish: reading it from a request, and the rules for it.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{AttributeValue, MessageAttributes, error::SnsError, form::Parameters};

/// The most that a message may have with its attributes, in bytes, and all messages of a batch together. (SNS API reference, `Publish` and
/// `PublishBatch`; a topic that says nothing else has this limit.)
pub const LARGEST_MESSAGE: usize = 256 * 1024;
/// Characters of a subject at most. (SNS API reference, `Publish`: less than 100, of which the service takes 100.)
const LONGEST_SUBJECT: usize = 100;
/// Characters of an attribute's name and of its type at most.
const LONGEST_NAME: usize = 256;

/// What a publisher gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) text: String,
    pub(super) subject: Option<String>,
    pub(super) attributes: MessageAttributes,
}

impl Message {
    /// Reads the parameters of `Publish`, or those of an entry of `PublishBatch`, and checks them.
    pub(super) fn read(parameters: &Parameters) -> Result<Message, SnsError> {
        for name in ["MessageStructure", "PhoneNumber"] {
            if parameters.text(name).is_some() {
                return Err(SnsError::invalid(format!("{name} Reason: the local stack does not implement it")));
            }
        }
        if parameters.text("MessageDeduplicationId").is_some() {
            let reason = "The request includes MessageDeduplicationId parameter that is not valid for this topic type";
            return Err(SnsError::invalid(format!("MessageDeduplicationId Reason: {reason}")));
        }
        let message = Message {
            text: parameters.text("Message").ok_or_else(|| SnsError::missing("message"))?.to_owned(),
            subject: parameters.text("Subject").map(str::to_owned),
            attributes: attributes(parameters)?,
        };
        message.check().map(|()| message)
    }

    /// The rules that hold whoever publishes.
    pub(super) fn check(&self) -> Result<(), SnsError> {
        if self.subject.as_deref().is_some_and(|subject| !is_subject(subject)) {
            return Err(SnsError::invalid("Subject"));
        }
        if self.text.is_empty() {
            return Err(SnsError::invalid("Empty message"));
        }
        if self.bytes() > LARGEST_MESSAGE { Err(SnsError::invalid("Message too long")) } else { Ok(()) }
    }

    /// What counts towards the limit of size and is billed: the text and the attributes with their names and types.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.attributes.iter().map(|(name, value)| name.len() + value.bytes()).sum::<usize>()
    }
}

fn is_subject(subject: &str) -> bool {
    !subject.is_empty() && subject.chars().count() <= LONGEST_SUBJECT && !subject.chars().any(char::is_control)
}

fn attributes(parameters: &Parameters) -> Result<MessageAttributes, SnsError> {
    let attribute = |entry: &Parameters| {
        let name = entry.text("Name").unwrap_or_default();
        Ok((name.to_owned(), attribute(name, entry)?))
    };
    parameters.elements("MessageAttributes.entry").iter().map(attribute).collect()
}

fn attribute(name: &str, entry: &Parameters) -> Result<AttributeValue, SnsError> {
    let refuse = |why: &str| SnsError::attribute(format!("The message attribute '{name}' {why}."));
    if !is_name(name) {
        let rule = "1 to 256 letters, digits, hyphens, underscores and periods, no period at an end or beside another, and no AWS. or \
                    Amazon. in front";
        return Err(refuse(&format!("has an invalid name: {rule}")));
    }
    let kind = entry.text("Value.DataType").ok_or_else(|| SnsError::missing(&format!("messageAttributes.{name}.member.dataType")))?;
    let (prefix, field) = match kind.split('.').next() {
        Some(prefix @ ("String" | "Number")) => (prefix, "StringValue"),
        Some(prefix @ "Binary") => (prefix, "BinaryValue"),
        _ => ("", ""),
    };
    if prefix.is_empty() || kind.ends_with('.') || kind.len() > LONGEST_NAME {
        return Err(refuse("has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String"));
    }
    let other = if field == "StringValue" { "BinaryValue" } else { "StringValue" };
    let value = match (entry.text(&format!("Value.{field}")), entry.text(&format!("Value.{other}"))) {
        (None, Some(_)) => return Err(refuse(&format!("with type '{kind}' must use field '{}'", field.trim_end_matches("Value")))),
        (None | Some(""), _) => {
            return Err(refuse(&format!("must contain non-empty message attribute value for message attribute type '{kind}'")));
        }
        (Some(value), _) => value,
    };
    match prefix {
        "Binary" => match BASE64_STANDARD.decode(value) {
            Ok(bytes) => Ok(AttributeValue::Binary(kind.to_owned(), bytes)),
            Err(error) => Err(refuse(&format!("with type '{kind}' must be Base64: {error}"))),
        },
        "Number" if value.parse::<f64>().map_or(true, |number| !number.is_finite()) => {
            Err(SnsError::attribute(format!("Could not cast message attribute '{name}' value to number.")))
        }
        _ => Ok(AttributeValue::Text(kind.to_owned(), value.to_owned())),
    }
}

/// Whether an attribute may have this name. (SNS developer guide, "Amazon SNS message attributes".)
fn is_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let reserved = lower.starts_with("aws.") || lower.starts_with("amazon.");
    let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    !name.is_empty() && name.len() <= LONGEST_NAME && letters && !dots && !reserved
}
