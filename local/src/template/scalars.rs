//! Properties whose values are text in the template and more than that in the manifest.

use std::{fmt::Display, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use crate::account;

/// A number.
pub(super) fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|error| Error::custom(format!("`{text}`: {error}")))
}

/// A number that may be missing. -1 is Lambda's word for no limit.
pub(super) fn limit<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parsed = (text != "-1").then(|| text.parse()).transpose();
    parsed.map_err(|error| Error::custom(format!("`{text}`: {error}")))
}

/// A number of seconds.
pub(super) fn seconds<'de, D: Deserializer<'de>, T: From<Duration>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Duration::from_secs(parsed(deserializer)?).into())
}

/// A text or a list of them.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(vec![text]),
        list => Vec::deserialize(list).map_err(Error::custom),
    }
}

/// The patterns of filters, each of which is JSON in a text.
pub(super) fn patterns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        #[serde(rename = "Pattern")]
        pattern: String,
    }
    let filters = Vec::<Filter>::deserialize(deserializer)?;
    filters.iter().map(|filter| serde_json::from_str(&filter.pattern).map_err(Error::custom)).collect()
}

/// The name of the table whose stream has this ARN.
pub(super) fn table<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    named(&String::deserialize(deserializer)?, &account::arn("dynamodb", "table/"))
}

/// The name of the queue that has this ARN.
pub(super) fn queue<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    named(&String::deserialize(deserializer)?, &account::queue_arn(""))
}

fn named<E: Error>(arn: &str, prefix: &str) -> Result<String, E> {
    let name = arn.strip_prefix(prefix).and_then(|rest| rest.split('/').next());
    name.map(str::to_owned).ok_or_else(|| E::custom(format!("`{arn}` is not an ARN that begins with {prefix}")))
}
