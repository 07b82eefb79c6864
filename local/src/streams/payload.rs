//! The event of a batch: `{"Records":[…]}`.

use bytes::{BufMut, Bytes, BytesMut};

/// The most bytes of a batch's records, with a comma each: a payload's limit, 6 MB, with room for what stands around them.
pub(crate) const LARGEST_PAYLOAD: usize = 6 * 1024 * 1024 - 64;

/// The event with these records, each in JSON.
pub(crate) fn payload<'a>(records: impl Iterator<Item = &'a str> + Clone) -> Bytes {
    let mut payload = BytesMut::with_capacity(records.clone().map(|record| record.len() + 1).sum::<usize>() + 16);
    payload.put_slice(b"{\"Records\":[");
    for (index, record) in records.enumerate() {
        if index > 0 {
            payload.put_u8(b',');
        }
        payload.put_slice(record.as_bytes());
    }
    payload.put_slice(b"]}");
    payload.freeze()
}
