//! Where an environment is in its life.

use std::time::Duration;

use tokio::{sync::oneshot, time::Instant};

use super::invocation::{Delivery, Invocation};

/// One environment's state. All states of a function's environments are guarded by its pool's lock, so that a hand-over is one step.
pub(super) enum Phase {
    /// The process was started, and must have asked for an invocation by the deadline.
    Started { deadline: Instant },
    /// The process waits for an invocation: its long poll is open.
    Idle { since: Instant, poll: oneshot::Sender<Delivery> },
    /// The process is not serving, and its long poll was cut.
    Away,
    /// The process serves.
    Running { invocation: Invocation, deadline: Instant },
    /// The process has answered and will ask for the next invocation. What it does meanwhile counts against the same deadline.
    ResponseSent { deadline: Instant },
    /// The process is being killed, and its invocation, if any, has been answered.
    Ending,
}

impl Phase {
    /// Whether the environment does something that is billed.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Phase::Started { .. } | Phase::Running { .. } | Phase::ResponseSent { .. })
    }

    /// When this state has lasted too long, if it can.
    pub(super) fn due(&self, idle: Duration) -> Option<Instant> {
        match self {
            Phase::Started { deadline } | Phase::Running { deadline, .. } | Phase::ResponseSent { deadline } => Some(*deadline),
            Phase::Idle { since, .. } => Some(*since + idle),
            Phase::Away | Phase::Ending => None,
        }
    }
}
