//! Ids of connections, requests and messages.

use base64::{Engine, engine::general_purpose::URL_SAFE};
use uuid::Uuid;

/// A new random id in API Gateway's form, such as `ZmDx-dJ4FiACFkQ=`: eleven bytes in URL-safe base64, so that it always ends
/// in `=` and has to be percent-encoded in a path, as AWS's ids do.
pub(super) fn new_id() -> String {
    // The sixth and the eighth byte of a version 4 UUID are not wholly random.
    let bytes = Uuid::new_v4().into_bytes();
    let mut id = [0; 11];
    id[..6].copy_from_slice(&bytes[..6]);
    id[6..].copy_from_slice(&bytes[11..]);
    URL_SAFE.encode(id)
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
            assert_eq!(id.len(), 16);
            assert!(id.ends_with('=') && !id.ends_with("=="), "{id}");
            assert!(id[..15].chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "{id}");
        }
    }
}
