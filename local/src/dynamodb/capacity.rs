//! The capacity that requests use up, told to the meter.

use dynoxide::types::ConsumedCapacity;

use crate::meter::{Meter, units::refused_write_units};

/// What an operation's units are, where its answer does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Read,
    Write,
}

/// Counts what one table's report says. A transaction says of its units which they are: one that is repeated with its token only reads.
pub(super) fn count(meter: &Meter, axis: Axis, consumed: &ConsumedCapacity) {
    match (consumed.read_capacity_units, consumed.write_capacity_units, axis) {
        (None, None, Axis::Read) => meter.dynamodb(0.0, consumed.capacity_units),
        (None, None, Axis::Write) => meter.dynamodb(consumed.capacity_units, 0.0),
        (read, write, _) => meter.dynamodb(write.unwrap_or(0.0), read.unwrap_or(0.0)),
    }
}

/// Counts a write whose condition was not met, with the bytes of the item that is there.
pub(super) fn count_refused(meter: &Meter, existing_bytes: Option<usize>) {
    meter.dynamodb(refused_write_units(existing_bytes) as f64, 0.0);
}

/// Counts a transaction that was cancelled, with the bytes of each of its items as far as they are known. AWS does not say what one uses up;
/// this is what it would have used up otherwise.
pub(super) fn count_cancelled(meter: &Meter, sizes: impl Iterator<Item = usize>) {
    let units: u64 = sizes.map(|size| 2 * refused_write_units(Some(size))).sum();
    meter.dynamodb(units as f64, 0.0);
}
