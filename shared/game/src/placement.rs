//! What may become of a placement: the life of its row, and what each of those who look after it does next.
//!
//! ```text
//!             claim                                  end: fulfilled, timedOut, failed, cancelled
//! requested ────────► pending ─────────────────────────────────────────────────────────────────► ended ──► told
//!     │                  │                                                                         ▲
//!     └──────────────────┴───────────────► cancelling ─────────────────────────────────────────────┘
//!                 cancel
//! ```
//!
//! - The *forwarder* (the row's stream consumer) asks GameLift to start and to stop, in the order of the row's changes.
//! - GameLift's *events* end it.
//! - The *timer* ends it when no event has come.
//!
//! All of them may run at once, twice, late, or die anywhere. What keeps that safe is that each [`Change`] is decided
//! here, on the row as it was read, and written on condition that it still is like that. The model in `placement/model.rs` tries every
//! order of them.

use muster_protocol::Outcome;

/// How often the timer looks again before it ends a placement that it cannot make sense of.
pub const MOST_RECHECKS: u32 = 10;

/// How long the timer waits for what may be under way, such as a start that is being retried, in milliseconds.
pub const RECHECK_MILLISECONDS: u64 = 30_000;

/// Where in its life a placement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// GameLift has not been asked yet.
    Requested,
    /// GameLift has been asked, or is about to be.
    Pending,
    /// A player does not want it any more.
    Cancelling,
    /// It has its outcome.
    Ended,
}

/// What decides about a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Placement {
    /// Where it is.
    pub status: Status,
    /// Whether the forwarder has claimed it: from then on GameLift may know it.
    pub claimed: bool,
    /// How often the timer has decided to look again.
    pub recheck: u32,
    /// When the timer looks, in epoch milliseconds.
    pub due_at: u64,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Whether its players have been told, and are free.
    pub told: bool,
}

/// A change of the row: one conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The forwarder is about to ask GameLift.
    Claim,
    /// A player cancels.
    Cancel,
    /// The timer will look again.
    Recheck {
        /// How often it had before: a repeated timer changes nothing.
        from: u32,
        /// When it looks again, in epoch milliseconds.
        due_at: u64,
    },
    /// It ends. Of all that would end it, the first one counts.
    End(Outcome),
    /// Its players have been told.
    Tell,
}

impl Placement {
    /// A new one, at which the timer looks at `due_at` (epoch milliseconds).
    #[must_use]
    pub const fn requested(due_at: u64) -> Self {
        Self { status: Status::Requested, claimed: false, recheck: 0, due_at, outcome: None, told: false }
    }

    /// The placement after `change`, or `None` if its condition does not hold.
    #[must_use]
    pub fn after(self, change: Change) -> Option<Self> {
        match change {
            Change::Claim => (self.status == Status::Requested).then_some(Self { status: Status::Pending, claimed: true, ..self }),
            Change::Cancel => {
                matches!(self.status, Status::Requested | Status::Pending).then_some(Self { status: Status::Cancelling, ..self })
            }
            Change::Recheck { from, due_at } => {
                (self.status != Status::Ended && self.recheck == from).then_some(Self { recheck: from + 1, due_at, ..self })
            }
            Change::End(outcome) => {
                (self.status != Status::Ended).then_some(Self { status: Status::Ended, outcome: Some(outcome), ..self })
            }
            Change::Tell => (self.status == Status::Ended).then_some(Self { told: true, ..self }),
        }
    }

    /// The outcome that its players have not been told yet. Whoever has ended it tells them, and so does whoever was refused a change
    /// because another has ended it, be it with the same outcome or not: that other may be dead by now, and nobody else may come by.
    #[must_use]
    pub const fn untold(&self) -> Option<Outcome> {
        if self.told { None } else { self.outcome }
    }
}

/// What GameLift says of a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Described {
    /// It does not know it.
    Unknown,
    /// It knows one of this id that is not this one: another program has taken the id.
    Foreign,
    /// It is looking for a server since then, in epoch milliseconds.
    Pending {
        /// When it began.
        since: u64,
    },
    /// It is through with it.
    Ended(Outcome),
}

/// What the forwarder does with a row that its stream shows as `seen`. The first step of a requested one is [`Change::Claim`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Forward {
    /// Set the timer, then ask GameLift to start. Asked twice, GameLift refuses the second time, since it knows the id.
    Start,
    /// Ask GameLift to stop.
    Stop,
    /// End it like this.
    End(Outcome),
    /// It has ended: see to it that its players know.
    Tell,
    /// Nothing is to be done.
    Nothing,
}

/// What to do after [`Change::Claim`]: whether it has been `won`, and the row as it is `now`.
#[must_use]
pub fn claimed(won: bool, now: Option<&Placement>) -> Forward {
    match now {
        Some(now) if now.status == Status::Ended => {
            if now.untold().is_some() {
                Forward::Tell
            } else {
                Forward::Nothing
            }
        }
        // A claim that was lost to an earlier run of the same record, which died before or after it asked GameLift: nobody knows which.
        Some(now) if won || now.status == Status::Pending => Forward::Start,
        // Cancelled: that change comes next in the stream.
        _ => Forward::Nothing,
    }
}

/// What to do with a row that is being cancelled, as the stream shows it.
#[must_use]
pub const fn cancelled(seen: &Placement) -> Forward {
    // Whoever finds it requested from now on finds it cancelled: it never starts.
    if seen.claimed { Forward::Stop } else { Forward::End(Outcome::Cancelled) }
}

/// What to do when GameLift refused to start: it may know the placement already, from a start whose answer was lost.
#[must_use]
pub const fn start_refused(described: Described) -> Forward {
    match described {
        Described::Unknown | Described::Foreign => Forward::End(Outcome::Failed),
        Described::Pending { .. } => Forward::Nothing,
        Described::Ended(outcome) => Forward::End(outcome),
    }
}

/// What to do when GameLift would not stop what it knows or does not know.
#[must_use]
pub const fn stop_refused(described: Described) -> Forward {
    match described {
        // It never started, whatever the reason.
        Described::Unknown | Described::Foreign => Forward::End(Outcome::Cancelled),
        // It will not stop it, and its end is on its way.
        Described::Pending { .. } => Forward::Nothing,
        Described::Ended(outcome) => Forward::End(outcome),
    }
}

/// What the timer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reconcile {
    /// It fired early: wait for this many milliseconds.
    Wait(u64),
    /// Ask GameLift.
    Describe,
    /// End it like this.
    End(Outcome),
    /// Ask GameLift to stop, and then end it like this, whatever the answer is but an end.
    StopAndEnd(Outcome),
    /// Look again at this time, in epoch milliseconds.
    LookAgain(u64),
    /// It has ended: see to it that its players know.
    Tell,
    /// It fired for something that is over, or that another timer looks after.
    Nothing,
}

/// What to do when a timer fires that was set for the `recheck`th look.
#[must_use]
pub fn fired(row: Option<&Placement>, recheck: u32, now: u64) -> Reconcile {
    match row {
        None => Reconcile::Nothing,
        Some(row) if row.status == Status::Ended => {
            if row.untold().is_some() {
                Reconcile::Tell
            } else {
                Reconcile::Nothing
            }
        }
        Some(row) if row.recheck != recheck => Reconcile::Nothing,
        Some(row) if now < row.due_at => Reconcile::Wait(row.due_at - now),
        Some(_) => Reconcile::Describe,
    }
}

/// What to do with what GameLift says, or `None` if it does not answer. `patience` is the queue's timeout and the grace, in milliseconds.
#[must_use]
pub fn reconciled(row: &Placement, described: Option<Described>, patience: u64, now: u64) -> Reconcile {
    let given_up = if row.status == Status::Cancelling { Outcome::Cancelled } else { Outcome::TimedOut };
    let may_look_again = row.recheck < MOST_RECHECKS;
    match described {
        Some(Described::Ended(outcome)) => Reconcile::End(outcome),
        // It was started late, so that GameLift is still within the queue's time.
        Some(Described::Pending { since }) if since + patience > now && row.status != Status::Cancelling && may_look_again => {
            Reconcile::LookAgain(since + patience)
        }
        Some(Described::Pending { .. }) => Reconcile::StopAndEnd(given_up),
        // The forwarder may be about to start it.
        Some(Described::Unknown) if row.recheck == 0 => Reconcile::LookAgain(now + RECHECK_MILLISECONDS),
        Some(Described::Unknown) if row.status == Status::Cancelling => Reconcile::End(Outcome::Cancelled),
        Some(Described::Unknown | Described::Foreign) => Reconcile::End(Outcome::Failed),
        None if may_look_again => Reconcile::LookAgain(now + RECHECK_MILLISECONDS),
        None => Reconcile::End(given_up),
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
