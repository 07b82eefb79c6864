//! Values that properties share. Scalars arrive as text.

use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

/// A number or a boolean.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String", bound(deserialize = "T: FromStr"))]
pub(super) struct Parsed<T>(pub(super) T);

impl<T: FromStr> TryFrom<String> for Parsed<T> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("`{text}` is not a value of type {}", std::any::type_name::<T>()))
    }
}

/// A document of JSON in a text.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Json(pub(super) Value);

impl TryFrom<String> for Json {
    type Error = serde_json::Error;

    fn try_from(text: String) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&text).map(Self)
    }
}

/// A text or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Vec<String> {
    fn from(texts: OneOrMany) -> Self {
        match texts {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        }
    }
}
