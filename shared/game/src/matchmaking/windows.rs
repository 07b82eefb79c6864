//! What a ticket asks of others, by how long it has waited.

use std::ops::RangeInclusive;

/// A width that grows with waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How wide it is at first.
    pub start: u32,
    /// By how much it grows in a second.
    pub per_second: u32,
    /// How wide it is at most.
    pub cap: u32,
}

/// How the windows of a ticket widen, and when it gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// How far the skill of others may be from its own, in points.
    pub skill: Window,
    /// How far a region may be, in milliseconds.
    pub latency: Window,
    /// When a ticket times out, in milliseconds from when it was queued.
    pub give_up_milliseconds: u64,
}

/// The windows of a mode that has none of its own.
///
/// In a busy pool somebody is within them at once: 100 points are a fiftieth of the scale. In an empty one they reach, after about a
/// minute, a third of the scale to either side and regions of a quarter of a second, with which turns can still be played. After two
/// minutes nobody is likely to come any more, and a player had better be told.
pub const DEFAULT_WINDOWS: Windows = Windows {
    skill: Window { start: 100, per_second: 20, cap: 1_500 },
    latency: Window { start: 60, per_second: 3, cap: 250 },
    give_up_milliseconds: 120_000,
};

impl Window {
    /// How wide it is after `milliseconds` of waiting.
    #[must_use]
    pub fn after(&self, milliseconds: u64) -> u32 {
        let grown = u64::from(self.per_second).saturating_mul(milliseconds) / 1_000;
        grown.saturating_add(u64::from(self.start)).min(u64::from(self.cap)) as u32
    }

    /// The milliseconds of waiting after which it is at least `width` wide. `None` if it never is.
    #[must_use]
    pub fn reaches(&self, width: u32) -> Option<u64> {
        if width > self.cap {
            return None;
        }
        match (width.saturating_sub(self.start), self.per_second) {
            (0, _) => Some(0),
            (_, 0) => None,
            (missing, per_second) => Some((u64::from(missing) * 1_000).div_ceil(u64::from(per_second))),
        }
    }
}

impl Windows {
    /// When a ticket queued at `queued_at` times out, both in epoch milliseconds.
    #[must_use]
    pub const fn times_out_at(&self, queued_at: u64) -> u64 {
        queued_at.saturating_add(self.give_up_milliseconds)
    }

    /// Whether it has timed out at `now`.
    #[must_use]
    pub const fn timed_out(&self, queued_at: u64, now: u64) -> bool {
        now >= self.times_out_at(queued_at)
    }
}

/// Points of skill in a band.
const BAND: u16 = 500;

/// How many bands there are.
///
/// A pool is a partition of its table, which takes some thousand writes a second, and a matcher reads one partition. Ten bands spread a
/// busy mode over ten of each. Narrower ones would spread it further, but with their windows at the widest tickets would have to be looked
/// for in more of them, of which each is one more query.
const BANDS: u16 = 10;

/// The band of a skill. The highest has no upper end.
#[must_use]
pub const fn band(skill: u16) -> u16 {
    let band = skill / BAND;
    if band < BANDS { band } else { BANDS - 1 }
}

/// The bands that may hold somebody for a ticket of this skill that has waited for so long.
///
/// An older ticket never reaches further for a younger one than the younger one does for it, as both have to agree: so it is enough to look
/// this far whenever a ticket comes or its window has grown.
#[must_use]
pub fn bands_within(windows: &Windows, skill: u16, waited_milliseconds: u64) -> RangeInclusive<u16> {
    let width = u16::try_from(windows.skill.after(waited_milliseconds)).unwrap_or(u16::MAX);
    band(skill.saturating_sub(width))..=band(skill.saturating_add(width))
}
