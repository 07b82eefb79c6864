//! All placements, by their id.

use std::collections::{HashMap, VecDeque};

use super::placement::Placement;

/// How many placements are remembered. GameLift does not say for how long it does. A stack that is under load for hours must not fill the
/// memory of the machine, and nobody asks for a placement that so many others have followed.
const REMEMBERED: usize = 100_000;
/// How many bytes they may take together: the data of one game session can have a quarter of a megabyte.
const REMEMBERED_BYTES: usize = 256 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Placements {
    by_id: HashMap<String, Placement>,
    /// The oldest first.
    order: VecDeque<String>,
    bytes: usize,
}

impl Placements {
    pub(super) fn get(&self, id: &str) -> Option<&Placement> {
        self.by_id.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Placement> {
        self.by_id.get_mut(id)
    }

    /// Adds a placement whose id is not there, and forgets the oldest where there are too many: with them their ids, which can then be used
    /// again, as they cannot on AWS. What is under way is kept, since its event is still to come.
    pub(super) fn add(&mut self, placement: Placement) {
        let id = placement.request.placement_id.clone();
        self.bytes += placement.size();
        self.order.push_back(id.clone());
        self.by_id.insert(id, placement);
        let mut looked_at = 0;
        while (self.order.len() > REMEMBERED || self.bytes > REMEMBERED_BYTES) && looked_at < self.order.len() {
            let Some(oldest) = self.order.pop_front() else { return };
            if self.by_id.get(&oldest).is_some_and(Placement::is_under_way) {
                self.order.push_back(oldest);
                looked_at += 1;
            } else if let Some(forgotten) = self.by_id.remove(&oldest) {
                self.bytes -= forgotten.size();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gamelift::{fleet::Behaviour, placement::Ending, request::StartRequest};

    fn placement(id: usize, data: usize) -> Placement {
        let request = StartRequest { placement_id: id.to_string(), game_session_data: Some("x".repeat(data)), ..StartRequest::default() };
        Placement { request, behaviour: Behaviour::default(), start_time: 0, end: Some((Ending::Failed, 0)), task: None }
    }

    #[tokio::test]
    async fn the_newest_placements_are_remembered_and_all_that_are_under_way() {
        let mut placements = Placements::default();
        let task = tokio::spawn(std::future::pending::<()>()).abort_handle();
        placements.add(Placement { end: None, task: Some(task), ..placement(0, 0) });
        for id in 1..=REMEMBERED + 1 {
            placements.add(placement(id, 0));
        }
        assert_eq!(placements.order.len(), REMEMBERED);
        let there = [0, 1, 2, 3, REMEMBERED + 1].map(|id| placements.get(&id.to_string()).is_some());
        assert_eq!(there, [true, false, false, true, true]);
    }

    #[test]
    fn placements_with_much_data_are_forgotten_sooner() {
        let mut placements = Placements::default();
        for id in 0..4 {
            placements.add(placement(id, REMEMBERED_BYTES / 3));
        }
        assert_eq!([0, 1, 2, 3].map(|id| placements.get(&id.to_string()).is_some()), [false, false, true, true]);
        assert!(placements.bytes <= REMEMBERED_BYTES);
    }
}
