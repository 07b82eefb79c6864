//! All placements, by their id. With `--data` they outlive the process.

use std::collections::{HashMap, VecDeque};

use super::placement::Placement;
use crate::keep::Keep;

/// How many placements are remembered, and their ids with them. GameLift does not say for how long it does. A stack that is under load for
/// hours must not fill the memory of the machine.
const REMEMBERED: usize = 100_000;
const ROOM: &str = "gamelift";

pub(super) struct Placements {
    by_id: HashMap<String, Placement>,
    /// The oldest first.
    order: VecDeque<String>,
    keep: Keep,
}

impl Placements {
    pub(super) fn load(keep: Keep) -> Placements {
        let mut kept = keep.all::<Placement>(ROOM);
        kept.sort_by_key(|(_, placement)| placement.start_time);
        let order = kept.iter().map(|(id, _)| id.clone()).collect();
        Placements { by_id: kept.into_iter().collect(), order, keep }
    }

    pub(super) fn get(&self, id: &str) -> Option<&Placement> {
        self.by_id.get(id)
    }

    /// To be followed by [`Placements::keep`].
    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Placement> {
        self.by_id.get_mut(id)
    }

    /// Keeps a placement as it is now.
    pub(super) fn keep(&self, id: &str) {
        if let Some(placement) = self.by_id.get(id) {
            self.keep.put(ROOM, id, placement);
        }
    }

    /// Those about which something is still to be done.
    pub(super) fn unfinished(&mut self) -> impl Iterator<Item = &mut Placement> {
        self.by_id.values_mut().filter(|placement| placement.next().is_some())
    }

    /// Adds a placement whose id is not there, and forgets the oldest where there are too many, unless its event is still to come.
    pub(super) fn add(&mut self, placement: Placement) {
        let id = placement.request.placement_id.clone();
        self.order.push_back(id.clone());
        self.by_id.insert(id.clone(), placement);
        self.keep(&id);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            if self.by_id.get(&oldest).is_some_and(|placement| placement.next().is_some()) {
                self.order.push_back(oldest);
            } else {
                self.by_id.remove(&oldest);
                self.keep.delete(ROOM, &oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn placement(id: usize, status: &str) -> Placement {
        let request = json!({"PlacementId": id.to_string(), "GameSessionQueueName": "q", "MaximumPlayerSessionCount": 1});
        let placement = json!({
            "request": request, "players": [], "status": status, "start_time": id, "end_time": null, "session": null, "due": 0,
            "fleet": {"outcome": "fail"}, "topic_arn": null, "untold": [],
        });
        serde_json::from_value(placement).unwrap()
    }

    #[test]
    fn the_newest_placements_are_remembered_and_all_that_are_under_way() {
        let mut placements = Placements::load(Keep::default());
        placements.add(placement(0, "PENDING"));
        for id in 1..=REMEMBERED + 1 {
            placements.add(placement(id, "FAILED"));
        }
        let there = [0, 1, 2, REMEMBERED + 1].map(|id| placements.get(&id.to_string()).is_some());
        assert_eq!(there, [true, false, true, true]);
    }
}
