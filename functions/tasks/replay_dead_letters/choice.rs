//! Which letters are meant.

use muster_protocol::operators::{Letter, Letters, Only};
use serde_json::Value;

/// Whether `asked` means this letter, which says `body`.
pub(super) fn is_meant(asked: &Letters, letter: &Letter, body: &Value) -> bool {
    let is_this = asked.message_id.as_ref().is_none_or(|id| *id == letter.message_id);
    is_this && asked.only.as_ref().is_none_or(|only| fits(only, letter, body))
}

/// Whether the text at the path is the one that is asked for: of the letter as it is told, else of what it says.
fn fits(only: &Only, letter: &Letter, body: &Value) -> bool {
    let told = serde_json::to_value(letter).unwrap_or_default();
    let path = |root: &Value| only.field.split('.').try_fold(root.clone(), |value, name| value.get(name).cloned());
    let within = only.field.strip_prefix("body.").map(|field| Only { field: field.to_owned(), value: only.value.clone() });
    if let Some(within) = within {
        return fits_in(&within, body);
    }
    path(&told).map_or_else(|| fits_in(only, body), |value| text(&value) == only.value)
}

fn fits_in(only: &Only, body: &Value) -> bool {
    let found = only.field.split('.').try_fold(body, |value, name| value.get(name));
    found.is_some_and(|value| text(value) == only.value)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
