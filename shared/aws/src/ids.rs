//! The ids of messages and placements: UUIDv7, so that they are in order of time, and the same when the same request is handled twice.

use uuid::{Builder, Uuid};

/// The namespace of the hashes below: any fixed id will do.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d75_7374_6572_4d65_8173_6167_6549_6421);

/// The id of the message that the request `cause`, received at `received_at` (epoch milliseconds), sends to `recipient`.
#[must_use]
pub fn message_id(received_at: u64, sender: &str, cause: &str, recipient: &str) -> Uuid {
    id(received_at, &[sender, cause, recipient])
}

/// The id of the placement that the request `cause`, received at `received_at` (epoch milliseconds), asks for.
#[must_use]
pub fn placement_id(received_at: u64, player: &str, cause: &str) -> Uuid {
    id(received_at, &[player, cause])
}

/// Instead of random bits it has a hash of what makes the thing the one it is. So an invocation that is repeated with the same event
/// writes the same row again, which changes nothing, and its stream event is not repeated.
fn id(received_at: u64, parts: &[&str]) -> Uuid {
    // All parts but the last are length-prefixed, because a player id may contain any separator.
    let (last, others) = parts.split_last().unwrap_or((&"", &[]));
    let name: String = others.iter().map(|part| format!("{}:{part}", part.len())).chain([(*last).to_owned()]).collect();
    let hash = Uuid::new_v5(&NAMESPACE, name.as_bytes()).into_bytes();
    let mut bits = [0; 10];
    // The hash's bytes 6 and 8 hold its version and variant: they are left out, being the same in every hash.
    bits[..6].copy_from_slice(&hash[..6]);
    bits[6] = hash[7];
    bits[7..].copy_from_slice(&hash[9..12]);
    Builder::from_unix_timestamp_millis(received_at, &bits).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_request_gives_the_same_id_and_any_other_another() {
        let id = message_id(1_700_000_000_000, "alice", "cause", "bob");
        assert_eq!(id, message_id(1_700_000_000_000, "alice", "cause", "bob"));
        assert_ne!(id, message_id(1_700_000_000_001, "alice", "cause", "bob"));
        assert_ne!(id, message_id(1_700_000_000_000, "alicec", "ause", "bob"));
        assert_ne!(id, message_id(1_700_000_000_000, "alice", "causeb", "ob"));
        assert_ne!(id, message_id(1_700_000_000_000, "alice", "other", "bob"));
    }

    #[test]
    fn ids_are_uuids_of_version_7_and_grow_with_time() {
        let ids: Vec<Uuid> = (0..1_000).map(|time| message_id(1_700_000_000_000 + time, "alice", "cause", "bob")).collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert!(ids.windows(2).all(|pair| pair[0].to_string() < pair[1].to_string()));
    }
}
