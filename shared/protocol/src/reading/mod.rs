//! How everything is read that others have written: frames, their bodies, trusted events, timers, and whatever JSON was passed through.
//!
//! One way for all of it, so that no field is read more strictly than another:
//! - a whole number may be written `1.0` or `1e3`;
//! - `null` for an optional field means that it is absent, whatever the type of the field: text, a list, anything with a default;
//! - unknown members are skipped, however deep or large they are, and whatever their names, numbers and texts are;
//! - half of a surrogate pair in a text (`"\ud800"`, as browsers write a text that was cut within an emoji) reads as U+FFFD;
//! - a byte order mark in front is skipped;
//! - JSON that only passes through, a [`RawValue`](serde_json::value::RawValue), keeps its bytes.
//!
//! Nearly everything is written as it should be, and serde_json reads it at once. What it refuses is read again by the `reader`. Types
//! whose derived reader gathers the members first (`serde(flatten)`, `serde(untagged)`, an enum with `serde(tag)`) can hold no
//! `RawValue`, and a `null` in them is absent where the type is an `Option` only.

mod complaint;
mod key;
#[cfg(test)]
mod properties;
mod reader;
#[cfg(test)]
mod tests;
mod text;
mod whole;

use serde::Deserialize;

pub use complaint::Complaint;
use reader::{Manner, read_liberally};

/// Reads `text` as `T`.
///
/// # Errors
/// A [`Complaint`] about the first thing that cannot be read, even liberally.
pub fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Complaint> {
    let text = without_mark(text);
    serde_json::from_str(text).or_else(|_| read_liberally(text, Manner::Body))
}

/// Reads the envelope of a frame. Its texts are repeated in the answer, and decide where it goes: none is mended.
pub(crate) fn envelope<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Complaint> {
    serde_json::from_str(text).or_else(|_| read_liberally(text, Manner::Envelope))
}

/// Reads what a trusted program has published. In its optional fields, empty text means that they are absent, too.
pub(crate) fn event<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Complaint> {
    read_liberally(without_mark(text), Manner::Event)
}

/// `text` without a byte order mark in front.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
