//! What must hold of a match, what may become of it, and why every run has an end.

use super::{
    state::{Cause, Worker},
    *,
};

pub const RESOLVED_ONCE: &str = "each round is resolved once";
pub const NO_PLAY_IS_LOST: &str = "a play that counts is in its round's result";
pub const NEVER_EARLY: &str = "no round is resolved before both have played or its time is up";
pub const FIRST_ENDING_STAYS: &str = "the first ending stays";
pub const ENDS_WELL: &str = "nothing stops before the match is over";

type Holds = fn(&Playing, &World) -> bool;

pub fn all() -> Vec<Property<Playing>> {
    let always: [(&'static str, Holds); 7] = [
        (RESOLVED_ONCE, |_, world| {
            let last = world.row.last.as_ref().map_or(0, |last| last.round);
            let open = world.row.state == State::Playing;
            last == world.resolved && (!open || world.row.round == last + 1)
        }),
        (NO_PLAY_IS_LOST, |_, world| !world.lost && world.row.plays == world.accepted),
        (NEVER_EARLY, |_, world| !world.early),
        ("scores are the rounds won", |_, world| world.row.scores == world.won),
        (FIRST_ENDING_STAYS, |_, world| match world.row.state {
            State::Over(ending) => world.ending == Some(ending),
            State::Waiting | State::Playing => world.ending.is_none(),
        }),
        ("limits are kept", |_, world| {
            let Match { scores, round, unanswered, .. } = &world.row;
            let within = scores.first <= RULES.wins && scores.second <= RULES.wins && scores.first + scores.second <= *round;
            within && *round <= RULES.most_rounds && *unanswered <= RULES.most_unanswered && world.played <= 2
        }),
        (ENDS_WELL, |_, world| {
            let mut must = Vec::new();
            world.must(&mut must);
            !must.is_empty() || world.over()
        }),
    ];
    let sometimes: [(&'static str, Holds); 10] = [
        ("resolved by the last play", |_, world| world.writes_next(|worker| worker.cause == Cause::Play)),
        ("resolved by the timer", |_, world| world.writes_next(|worker| matches!(worker.cause, Cause::Timer(_)) && worker.played < 2)),
        ("left unresolved by the last play, and resolved by the timer", |_, world| {
            let by_play = world.workers.iter().any(|worker| worker.cause == Cause::Play);
            world.writes_next(|worker| matches!(worker.cause, Cause::Timer(_)) && worker.played == 2) && !by_play
        }),
        ("resolved at the third try", |_, world| world.writes_next(|worker| worker.cause.resolves() && worker.tries == 1)),
        ("forfeited while a round is being resolved", |_, world| {
            let leaves = |worker: &Worker| matches!(worker.cause, Cause::Leave { .. });
            world.writes_next(leaves) && world.writes_next(|worker| worker.cause.resolves())
        }),
        ("joined while its first player is about to leave", |_, world| {
            let leaves = |worker: &Worker| matches!(worker.cause, Cause::Leave { .. });
            world.writes_next(leaves) && world.writes_next(|worker| worker.cause == Cause::Join)
        }),
        ("abandoned before it began", |_, world| world.row.state == State::Over(Ending::Abandoned) && world.row.round == 0),
        ("abandoned", |_, world| world.row.state == State::Over(Ending::Abandoned) && world.row.round > 0),
        ("won", |_, world| matches!(world.row.state, State::Over(Ending::Won(_)))),
        ("drawn", |_, world| world.row.state == State::Over(Ending::Drawn)),
    ];
    let always = always.map(|(name, holds)| Property::always(name, holds));
    let sometimes = sometimes.map(|(name, holds)| Property::sometimes(name, holds));
    always.into_iter().chain(sometimes).collect()
}

impl World {
    /// How much is ahead, the weightiest first. It shrinks with everything that happens.
    pub fn ahead(&self) -> [u32; 8] {
        let one = |is: bool| u32::from(is);
        let left = if self.over() { 0 } else { RULES.most_rounds + 1 - self.row.round };
        [
            u32::from(self.faults),
            left,
            2 - self.played,
            one(!self.leaving.first) + one(!self.leaving.second) + one(self.may_join()),
            self.records.count_ones(),
            self.timers.count_ones(),
            self.workers.iter().map(|worker| u32::from(worker.tries)).sum(),
            one(!self.is_due()),
        ]
    }

    /// Whether one of such workers would write, and not be refused.
    fn writes_next(&self, such: impl Fn(&Worker) -> bool) -> bool {
        self.workers.iter().any(|worker| self.is_as_read(worker) && such(worker))
    }
}
