//! Places in an inbox. An inbox is in the order of its ids, which are UUIDs of version 7: their first 48 bits are a time.

use std::fmt;

/// Most milliseconds that 48 bits hold.
const LATEST: u64 = (1 << 48) - 1;

/// The id that comes before all messages of `time` (epoch milliseconds) or later, and after all earlier ones.
#[must_use]
pub fn first_id_of(time: u64) -> String {
    let time = time.min(LATEST);
    format!("{:08x}-{:04x}-7000-8000-000000000000", time >> 16, time & 0xffff)
}

/// The time in an id, in epoch milliseconds; `None` if it is no UUID of version 7 as Muster writes them: in lower case, with hyphens.
#[must_use]
pub fn time_of(id: &str) -> Option<u64> {
    let bytes = id.as_bytes();
    let in_form = bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            14 => *byte == b'7',
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b'),
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        });
    if !in_form {
        return None;
    }
    u64::from_str_radix(&format!("{}{}", id.get(..8)?, id.get(9..13)?), 16).ok()
}

/// Longest id that a row of the inbox can have, in bytes: the longest sort key of DynamoDB.
const LONGEST_ID: usize = 1_024;

/// Where the next page of a resume begins. To clients it is a text without meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// When the resume began, in epoch milliseconds: what it did not see by then, the one after it has to look for.
    pub begun_at: u64,
    /// The id of the last row before the page. It need not be one that Muster writes: other hands may have put a row into the inbox, and it
    /// must not end the resume.
    pub behind: String,
}

impl Next {
    /// Reads what [`Display`](fmt::Display) wrote; `None` if it is anything else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (begun_at, behind) = text.split_once('.')?;
        let begun_at = u64::from_str_radix(begun_at, 16).ok().filter(|time| *time <= LATEST)?;
        let in_form = (1..=LONGEST_ID).contains(&behind.len());
        in_form.then(|| Self { begun_at, behind: behind.to_owned() })
    }
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{}", self.begun_at, self.behind)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_ids_as_muster_writes_them_have_a_time() {
        assert_eq!(time_of("0192f0c1-0002-7abc-8def-0123456789ab"), Some(0x0192_f0c1_0002));
        for text in ["", "0192f0c1-0002-4abc-8def-0123456789ab", "0192F0C1-0002-7abc-8def-0123456789ab", "0192f0c100027abc8def0123456789ab"]
        {
            assert_eq!(time_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_place_behind_a_row_of_other_hands_is_a_place() {
        for behind in ["bad", "a.b", "\u{1F600}"] {
            let next = Next { begun_at: 7, behind: behind.into() };
            assert_eq!(Next::read(&next.to_string()), Some(next));
        }
        assert_eq!(Next::read("7."), None);
        assert_eq!(Next::read(&format!("7.{}", "x".repeat(1_025))), None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_place_or_none(text in ".{0,60}") {
            if let Some(next) = Next::read(&text) {
                prop_assert_eq!(Next::read(&next.to_string()), Some(next));
            }
        }

        #[test]
        fn an_id_stands_between_the_first_of_its_time_and_the_first_of_the_next(time in 0..LATEST, rest in "[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}") {
            let first = first_id_of(time);
            let id = format!("{}7{rest}", &first[..14]);
            prop_assert_eq!(time_of(&id), Some(time));
            prop_assert!(first <= id && id < first_id_of(time + 1));
            let next = Next { begun_at: time, behind: id };
            prop_assert_eq!(Next::read(&next.to_string()), Some(next));
        }
    }
}
