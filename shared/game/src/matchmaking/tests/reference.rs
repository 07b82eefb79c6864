//! The rules word by word, at any price.

use super::*;

pub struct Reference<'a> {
    pub tickets: &'a [Ticket<'a>],
    pub team: usize,
    pub windows: &'a Windows,
}

impl Reference<'_> {
    /// Each ticket from the oldest on, with the first of all sets of tickets that are left in which it is the oldest.
    pub fn matches(&self, now: u64) -> Vec<Vec<usize>> {
        let mut left: Vec<usize> = (0..self.tickets.len()).collect();
        left.sort_by_key(|&position| (self.tickets[position].queued_at, position));
        left.retain(|&position| now < self.tickets[position].queued_at + self.windows.give_up_milliseconds);
        let (mut matches, mut passed) = (Vec::new(), Vec::new());
        while !left.is_empty() {
            match self.first_set(&[left[0]], &left[1..], now) {
                Some(set) => {
                    left.retain(|position| !set.contains(position));
                    matches.push(set);
                }
                None => passed.push(left.remove(0)),
            }
        }
        assert!(self.first_of(&passed, now).is_none(), "those who are left go together");
        matches
    }

    fn first_of(&self, among: &[usize], now: u64) -> Option<Vec<usize>> {
        (0..among.len()).find_map(|first| self.first_set(&among[first..=first], &among[first + 1..], now))
    }

    /// The first set that begins with `begun` and goes on with some of `among`, in their order.
    fn first_set(&self, begun: &[usize], among: &[usize], now: u64) -> Option<Vec<usize>> {
        let players: usize = begun.iter().map(|&position| self.tickets[position].players).sum();
        if players >= self.team || !self.go_together(begun, now) {
            return (players == self.team && self.go_together(begun, now)).then(|| begun.to_vec());
        }
        (0..among.len()).find_map(|next| self.first_set(&[begun, &among[next..=next]].concat(), &among[next + 1..], now))
    }

    /// Whether no window of these is broken.
    pub fn go_together(&self, set: &[usize], now: u64) -> bool {
        let tickets: Vec<&Ticket<'_>> = set.iter().map(|&position| &self.tickets[position]).collect();
        let waited = |ticket: &Ticket<'_>| now.saturating_sub(ticket.queued_at);
        let skilled = |one: &Ticket<'_>, other: &Ticket<'_>| {
            u32::from(one.skill.abs_diff(other.skill)) <= self.windows.skill.after(waited(one)).min(self.windows.skill.after(waited(other)))
        };
        let accepts = |ticket: &Ticket<'_>, region: &str| {
            ticket.latencies.is_empty()
                || ticket.latencies.get(region).is_some_and(|&latency| latency <= self.windows.latency.after(waited(ticket)))
        };
        // A region that nobody names does for those who accept every region.
        let regions: Vec<&str> = tickets.iter().flat_map(|ticket| ticket.latencies.keys().map(String::as_str)).chain([""]).collect();
        set.len() == 1
            || tickets.iter().all(|one| tickets.iter().all(|other| skilled(one, other)))
                && regions.iter().any(|region| tickets.iter().all(|ticket| accepts(ticket, region)))
    }
}
