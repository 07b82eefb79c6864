//! Properties whose values are text in the template and more than that in the manifest.

use std::{fmt::Display, str::FromStr, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IntoDeserializer},
};
use serde_json::Value;

/// A number.
pub(super) fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|error| Error::custom(format!("`{text}`: {error}")))
}

/// A number that may be missing. -1 is Lambda's word for no limit.
pub(super) fn limit<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(deserializer: D) -> Result<Option<T>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "-1" => Ok(None),
        text => parsed(text.into_deserializer()).map(Some),
    }
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

/// The name of the queue that has this ARN, or of the table whose stream has it.
pub(super) fn source<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let arn = String::deserialize(deserializer)?;
    let name = arn.split(':').nth(5).and_then(|resource| resource.trim_start_matches("table/").split('/').next());
    name.map(str::to_owned).ok_or_else(|| Error::custom(format!("`{arn}` is not an ARN")))
}
