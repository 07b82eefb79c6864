//! Where an environment is in its life. AWS's names of these states appear in the Runtime API's refusals.

use std::time::Duration;

use tokio::{sync::oneshot, time::Instant};

use super::invocation::{Delivery, Invocation};

/// One environment's state. All states of a function's environments are guarded by its pool's lock, so that a hand-over is one step.
pub(super) enum Phase {
    /// The process was started and has not asked for an invocation yet.
    Started {
        /// When it must have asked.
        deadline: Instant,
        /// Whether this is the second try, after the first took too long.
        retry: bool,
        /// Whether the deadline has passed and the process is being killed.
        late: bool,
    },
    /// The process reported that it cannot start. It has until `deadline` to end by itself.
    InitError { deadline: Instant },
    /// The process waits for an invocation: its long poll is open.
    Idle { since: Instant, poll: oneshot::Sender<Delivery> },
    /// The process is not serving and not asking: its long poll was cut.
    Away,
    /// The process serves.
    Running { invocation: Invocation, deadline: Instant },
    /// The process has answered and will ask for the next invocation. What it does meanwhile counts against the same deadline.
    ResponseSent { request_id: String, deadline: Instant },
    /// The process is being killed, and its invocation, if any, has been answered.
    Ending,
}

impl Phase {
    /// The state's name in AWS's messages.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Phase::Started { .. } => "Started",
            Phase::InitError { .. } => "InitError",
            Phase::Idle { .. } | Phase::Away | Phase::Running { .. } => "Ready",
            Phase::ResponseSent { .. } => "RuntimeResponseSentState",
            Phase::Ending => "Ending",
        }
    }

    /// The request id the process may answer, or has just answered.
    pub(super) fn request_id(&self) -> Option<&str> {
        match self {
            Phase::Running { invocation, .. } => Some(&invocation.request.id),
            Phase::ResponseSent { request_id, .. } => Some(request_id),
            _ => None,
        }
    }

    /// Whether the environment does something that is billed.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Phase::Started { .. } | Phase::InitError { .. } | Phase::Running { .. } | Phase::ResponseSent { .. })
    }

    /// When this state has lasted too long, if it can.
    pub(super) fn due(&self, idle: Duration) -> Option<Instant> {
        match self {
            Phase::Started { deadline, late: false, .. }
            | Phase::InitError { deadline }
            | Phase::Running { deadline, .. }
            | Phase::ResponseSent { deadline, .. } => Some(*deadline),
            Phase::Idle { since, .. } => Some(*since + idle),
            Phase::Started { late: true, .. } | Phase::Away | Phase::Ending => None,
        }
    }
}
