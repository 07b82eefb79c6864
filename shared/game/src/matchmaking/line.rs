//! Those who wait, in order of skill.

/// Something of tickets by their skills, at most one for each. It is short, as those in it fit no other of it: see `pairs.rs`.
#[derive(Clone, Debug, Default)]
pub struct Line<T>(Vec<(u16, T)>);

/// What is nearest to a skill: at it or below, and above.
pub type Around<T> = (Option<(u16, T)>, Option<(u16, T)>);

impl<T: Copy> Line<T> {
    fn position(&self, skill: u16) -> Result<usize, usize> {
        self.0.binary_search_by_key(&skill, |(skill, _)| *skill)
    }

    /// The nearest of at most this skill, and of more.
    pub fn around(&self, skill: u16) -> Around<T> {
        let above = self.0.partition_point(|(other, _)| *other <= skill);
        (above.checked_sub(1).map(|below| self.0[below]), self.0.get(above).copied())
    }

    /// Puts something at a skill, unless what is there already is at least as good.
    pub fn put(&mut self, skill: u16, value: T, better: impl FnOnce(&T, &T) -> bool) {
        match self.position(skill) {
            Ok(position) if better(&value, &self.0[position].1) => self.0[position].1 = value,
            Ok(_) => {}
            Err(position) => self.0.insert(position, (skill, value)),
        }
    }

    pub fn remove(&mut self, skill: u16) {
        if let Ok(position) = self.position(skill) {
            self.0.remove(position);
        }
    }
}

/// The numbers of tickets, of which it finds the smallest among those of some skills.
#[derive(Debug)]
pub struct Tree {
    /// The skills in ascending order: one for each leaf.
    skills: Vec<u16>,
    /// The leaf of each ticket.
    leaves: Vec<u32>,
    /// The smallest number below each node; the leaves are the second half.
    smallest: Vec<u32>,
}

impl Tree {
    const NONE: u32 = u32::MAX;

    /// An empty one with room for tickets of these skills.
    pub fn new(skills: &[u16]) -> Self {
        let mut order: Vec<u32> = (0..skills.len() as u32).collect();
        order.sort_unstable_by_key(|&ticket| (skills[ticket as usize], ticket));
        let mut leaves = vec![0; skills.len()];
        for (leaf, &ticket) in order.iter().enumerate() {
            leaves[ticket as usize] = leaf as u32;
        }
        let skills = order.iter().map(|&ticket| skills[ticket as usize]).collect();
        Self { skills, smallest: vec![Self::NONE; 2 * leaves.len()], leaves }
    }

    pub fn put(&mut self, ticket: u32) {
        self.set(ticket, ticket);
    }

    pub fn remove(&mut self, ticket: u32) {
        self.set(ticket, Self::NONE);
    }

    fn set(&mut self, ticket: u32, value: u32) {
        let mut node = self.skills.len() + self.leaves[ticket as usize] as usize;
        self.smallest[node] = value;
        while node > 1 {
            node /= 2;
            self.smallest[node] = self.smallest[2 * node].min(self.smallest[2 * node + 1]);
        }
    }

    /// The smallest of those whose skill is at most `width` from `skill`.
    pub fn oldest_within(&self, skill: u16, width: u32) -> Option<u32> {
        let (skill, count) = (u32::from(skill), self.skills.len());
        let mut from = count + self.skills.partition_point(|&other| u32::from(other) < skill.saturating_sub(width));
        let mut to = count + self.skills.partition_point(|&other| u32::from(other) <= skill.saturating_add(width));
        let mut smallest = Self::NONE;
        while from < to {
            if from % 2 == 1 {
                smallest = smallest.min(self.smallest[from]);
                from += 1;
            }
            if to % 2 == 1 {
                to -= 1;
                smallest = smallest.min(self.smallest[to]);
            }
            (from, to) = (from / 2, to / 2);
        }
        (smallest != Self::NONE).then_some(smallest)
    }
}
