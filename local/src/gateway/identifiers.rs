//! Ids of connections, requests and messages.

use base64::{Engine, engine::general_purpose::URL_SAFE};
use uuid::Uuid;

/// A new random id in API Gateway's form, such as `ZmDx-dJ4FiACFkQ=`: eleven bytes in URL-safe base64, so that it always ends
/// in `=` and has to be percent-encoded in a path, as AWS's ids do.
pub(super) fn new_id() -> String {
    // The sixth and the eighth byte of a version 4 UUID are not wholly random.
    let bytes = Uuid::new_v4().into_bytes();
    URL_SAFE.encode([&bytes[..6], &bytes[11..]].concat())
}

/// Whether this can be the id of a connection. How long AWS's may be is not documented; those seen have 16 characters.
pub(super) fn is_connection_id(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let letters = text.trim_end_matches('=');
    letters.bytes().all(is_letter) && (8..=24).contains(&letters.len()) && (1..=2).contains(&(text.len() - letters.len()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn an_id_has_the_form_of_aws_and_comes_once() {
        let ids: HashSet<String> = (0..1000).map(|_| new_id()).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            assert_eq!((id.len(), id.find('='), is_connection_id(&id)), (16, Some(15), true), "{id}");
        }
    }

    #[test]
    fn what_has_another_form_is_no_id() {
        for text in
            ["", "=", "absent", "L0SM9cOFvHcCIhw", "L0SM9cOF/HcCIhw=", "L0SM9cOF HcCIhw=", "L0SM9=OFvHcCIhw=", &format!("{:x<40}=", "")]
        {
            assert!(!is_connection_id(text), "{text}");
        }
    }
}
