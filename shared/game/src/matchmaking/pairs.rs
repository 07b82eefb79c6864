//! Matches of two tickets of one player each.
//!
//! The rule is to go from the oldest ticket to the youngest and to match each with the oldest that fits. This goes the other way round: each
//! ticket, from the oldest to the youngest, takes the oldest before it that fits and is still free. The pairs are the same. For both take
//! pairs one by one and leave out those that share a ticket with one already taken, only in another order; and of two pairs that share a
//! ticket, both prefer the same one: with the shared ticket as the older one, that with the older partner; as the younger one, likewise; and as
//! the younger of one pair and the older of the other, the former.
//!
//! What is gained: the older tickets that are free fit none of each other, and none of their windows is narrower than that of the ticket
//! that looks. So in a region their skills are further apart than its window is wide, and there is at most one on either side of it within
//! its window: to find it is one search among few, whoever else is in the pool.

use super::{
    Windows,
    field::Field,
    line::{Around, Line, Tree},
};

/// The pairs, by the numbers of their entries, in order of the older ones.
pub fn matches(field: &Field, windows: &Windows, now: u64) -> Vec<Vec<usize>> {
    let mut free = Free::new(field);
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    for entry in 0..field.entries.len() as u32 {
        let (skill_width, latency_width) = field.widths(entry as usize, windows, now);
        match free.oldest_that_fits(entry, skill_width, latency_width) {
            Some(older) => {
                let (_, its_width) = field.widths(older as usize, windows, now);
                free.update(older, its_width, false);
                pairs.push((older, entry));
            }
            None => free.update(entry, latency_width, true),
        }
    }
    pairs.sort_unstable();
    pairs.into_iter().map(|(older, younger)| vec![older as usize, younger as usize]).collect()
}

/// The tickets that are free.
struct Free<'a> {
    field: &'a Field,
    /// Those that accept a region.
    regions: Vec<Line<u32>>,
    /// Those that accept every region.
    open: Line<u32>,
    /// Those that accept some regions, for tickets that accept every one. These may be of the same skill, in regions apart.
    choosy: Option<Tree>,
}

impl<'a> Free<'a> {
    fn new(field: &'a Field) -> Self {
        let opens = field.entries.iter().filter(|entry| entry.open).count();
        let choosy = (1..field.entries.len()).contains(&opens).then(|| {
            let skills: Vec<u16> = field.entries.iter().map(|entry| entry.skill).collect();
            Tree::new(&skills)
        });
        Self { field, regions: vec![Line::default(); field.shared as usize], open: Line::default(), choosy }
    }

    fn oldest_that_fits(&self, entry: u32, skill_width: u32, latency_width: u32) -> Option<u32> {
        let skill = self.field.entries[entry as usize].skill;
        if self.field.entries[entry as usize].open {
            let choosy = self.choosy.as_ref().and_then(|tree| tree.oldest_within(skill, skill_width));
            return nearest(&self.open, skill, skill_width).into_iter().chain(choosy).min();
        }
        let mut oldest = None;
        let mut somewhere = false;
        for place in self.field.places(entry as usize).iter().filter(|place| place.latency <= latency_width) {
            somewhere = true;
            if let Some(line) = self.regions.get(place.region as usize) {
                oldest = nearest(line, skill, skill_width).into_iter().chain(oldest).min();
            }
        }
        if somewhere {
            oldest = nearest(&self.open, skill, skill_width).into_iter().chain(oldest).min();
        }
        oldest
    }

    /// Adds or removes a ticket.
    fn update(&mut self, entry: u32, latency_width: u32, add: bool) {
        let skill = self.field.entries[entry as usize].skill;
        let update = |line: &mut Line<u32>| {
            if add {
                line.put(skill, entry, |_, _| true);
            } else {
                line.remove(skill);
            }
        };
        if self.field.entries[entry as usize].open {
            return update(&mut self.open);
        }
        let mut somewhere = false;
        for place in self.field.places(entry as usize).iter().filter(|place| place.latency <= latency_width) {
            somewhere = true;
            if let Some(line) = self.regions.get_mut(place.region as usize) {
                update(line);
            }
        }
        if let Some(tree) = self.choosy.as_mut().filter(|_| somewhere) {
            if add { tree.put(entry) } else { tree.remove(entry) }
        }
    }
}

/// The older one of those within `width` of `skill`.
fn nearest(line: &Line<u32>, skill: u16, width: u32) -> Option<u32> {
    let (below, above) = line.around(skill);
    let within = |near: &(u16, u32)| u32::from(near.0.abs_diff(skill)) <= width;
    below.into_iter().chain(above).filter(within).map(|(_, entry)| entry).min()
}

/// When the first two of the tickets that are `left` fit, if that is before `until`; else `until`. Nobody times out before.
///
/// Two tickets fit in a region from when both accept it and the window of the younger one, which is the narrower one, reaches from one
/// skill to the other. Each ticket, from the oldest to the youngest, looks on either side for the nearest that is there in time: those further
/// off would have it wait longer, unless the nearest comes to the region so late that it is of no use any more, and then it is taken away.
pub fn first_match(field: &Field, windows: &Windows, left: &[bool], until: u64) -> u64 {
    let mut race = Race { windows, first: until };
    let mut regions: Vec<Line<u64>> = vec![Line::default(); field.shared as usize];
    let (mut open, mut choosy) = (Line::default(), Line::default());
    for (entry, ticket) in field.entries.iter().enumerate().filter(|(entry, _)| left[*entry]) {
        let (skill, queued_at) = (ticket.skill, ticket.queued_at);
        let arrival = |since| Arrival { skill, queued_at, since };
        if ticket.open {
            race.meet(&mut open, arrival(0));
            race.meet(&mut choosy, arrival(0));
            open.put(skill, 0, u64::lt);
            continue;
        }
        let mut somewhere = u64::MAX;
        for place in field.places(entry) {
            // Each is within the cap.
            let since = windows.latency.reaches_at(place.latency, queued_at).unwrap_or(u64::MAX);
            somewhere = somewhere.min(since);
            if let Some(line) = regions.get_mut(place.region as usize).filter(|_| since < race.first) {
                race.meet(line, arrival(since));
                line.put(skill, since, u64::lt);
            }
        }
        if somewhere < race.first {
            race.meet(&mut open, arrival(somewhere));
            choosy.put(skill, somewhere, u64::lt);
        }
    }
    race.first
}

/// The search for the first moment at which two tickets fit.
struct Race<'a> {
    windows: &'a Windows,
    first: u64,
}

/// A ticket that comes to a line.
#[derive(Clone, Copy)]
struct Arrival {
    skill: u16,
    queued_at: u64,
    /// When it is there, in epoch milliseconds.
    since: u64,
}

impl Race<'_> {
    /// A ticket meets older ones in a line, which says since when each is there.
    fn meet(&mut self, line: &mut Line<u64>, arrival: Arrival) {
        self.meet_side(line, arrival, |(below, _)| below);
        self.meet_side(line, arrival, |(_, above)| above);
    }

    fn meet_side(&mut self, line: &mut Line<u64>, arrival: Arrival, side: fn(Around<u64>) -> Option<(u16, u64)>) {
        while let Some((skill, since)) = side(line.around(arrival.skill)) {
            if since < self.first {
                let distance = skill.abs_diff(arrival.skill).into();
                let Some(wide) = self.windows.skill.reaches_at(distance, arrival.queued_at) else { return };
                self.first = self.first.min(wide.max(since).max(arrival.since));
            }
            if since < self.first {
                return;
            }
            line.remove(skill);
        }
    }
}
