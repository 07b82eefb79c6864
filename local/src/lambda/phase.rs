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
    /// The process serves since it was handed the invocation.
    Running { invocation: Invocation, since: Instant },
    /// The process has answered and will ask for the next invocation. What it does meanwhile counts against the same time.
    ResponseSent { since: Instant },
    /// The process is being killed, and its invocation, if any, has been answered.
    Ending,
}

impl Phase {
    /// Whether the environment does something that is billed.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Phase::Started { .. } | Phase::Running { .. } | Phase::ResponseSent { .. })
    }

    /// When this state has lasted too long, if it can.
    pub(super) fn due(&self, timeout: Duration, idle: Duration) -> Option<Instant> {
        match self {
            Phase::Started { deadline } => Some(*deadline),
            Phase::Running { since, .. } | Phase::ResponseSent { since } => Some(*since + timeout),
            Phase::Idle { since, .. } => Some(*since + idle),
            Phase::Away | Phase::Ending => None,
        }
    }
}
