//! The ids of messages, placements, tickets and matches: UUIDv7, so that they are in order of time, and the same when the same request is
//! handled twice. And the codes of private matches.

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

/// The id of the ticket that the request `cause`, received at `received_at` (epoch milliseconds), asks for.
#[must_use]
pub fn ticket_id(received_at: u64, player: &str, cause: &str) -> Uuid {
    id(received_at, &["ticket", player, cause])
}

/// The id of what these tickets are matched into, of which the newest is of `newest` (epoch milliseconds).
#[must_use]
pub fn group_id(newest: u64, tickets: &[&str]) -> Uuid {
    id(newest, tickets)
}

/// The id of a run of replays that begins at `now` (epoch milliseconds): a new one each time.
#[must_use]
pub fn run_id(now: u64) -> String {
    id(now, &[&Uuid::new_v4().to_string()]).to_string()
}

/// The letters and digits of codes: those that nobody mistakes for another when it is read out or written down.
const ALPHABET: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How long a code is: 729 million of them.
const CODE_CHARACTERS: usize = 6;

/// The code of the private match that the request `cause` opens, at the `attempt`th attempt: each of all codes is as likely as any other.
/// It is a hash of what nobody else knows, so that a repeated invocation opens the same match.
#[must_use]
pub fn match_code(received_at: u64, player: &str, cause: &str, attempt: u32) -> String {
    let mut code = String::new();
    for round in 0_u32.. {
        let name = format!("{received_at}:{attempt}:{round}:{}:{player}{cause}", player.len());
        let hash = Uuid::new_v5(&NAMESPACE, name.as_bytes()).into_bytes();
        // The bytes 6 and 8 hold version and variant. A byte from 240 on would favour the first letters of the alphabet.
        let bytes = hash.iter().enumerate().filter(|(index, byte)| *index != 6 && *index != 8 && **byte < 240);
        code.extend(bytes.map(|(_, byte)| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])));
        if code.len() >= CODE_CHARACTERS {
            break;
        }
    }
    code.truncate(CODE_CHARACTERS);
    code
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
    fn codes_are_of_an_alphabet_without_lookalikes_and_use_all_of_it_evenly() {
        let codes: Vec<String> = (0..5_000).map(|n| match_code(1_700_000_000_000, "alice", &n.to_string(), 0)).collect();
        assert!(codes.iter().all(|code| code.len() == 6 && code.bytes().all(|letter| ALPHABET.contains(&letter))));
        for letter in ALPHABET {
            // 30,000 letters, so a thousand of each, give or take.
            let times = codes.iter().flat_map(|code| code.bytes()).filter(|other| other == letter).count();
            assert!((850..1_150).contains(&times), "{}: {times}", char::from(*letter));
        }
        assert_eq!(match_code(7, "alice", "c", 0), match_code(7, "alice", "c", 0));
        assert_ne!(match_code(7, "alice", "c", 0), match_code(7, "alice", "c", 1));
    }

    #[test]
    fn ids_are_uuids_of_version_7_and_grow_with_time() {
        let ids: Vec<Uuid> = (0..1_000).map(|time| message_id(1_700_000_000_000 + time, "alice", "cause", "bob")).collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert!(ids.windows(2).all(|pair| pair[0].to_string() < pair[1].to_string()));
    }
}
