//! What befalls an environment, and what that means for its pool: it asks, it answers, it runs late, it ends.

use std::{io, process::ExitStatus, sync::Arc, time::Duration};

use tokio::{sync::oneshot, time::Instant};

use super::{
    InvokeError, failure,
    invocation::{Answer, Delivery, Invocation},
    phase::Phase,
    pool::Pool,
};
use crate::lock::lock;

/// However short timeout and idle limit are, an environment is not looked at more often.
const SHORTEST_LOOK: Duration = Duration::from_millis(10);

/// With so many MB, a function has the whole of one processor (Lambda developer guide, "Configure Lambda function memory").
const MB_OF_A_PROCESSOR: f64 = 1769.0;
/// A cold start is not stretched by more.
const LONGEST_STRETCH: Duration = Duration::from_secs(5);

impl Pool {
    /// Whether there is such an environment with this secret.
    pub(super) fn knows(&self, number: u64, token: &str) -> bool {
        lock(&self.state).slots.get(&number).is_some_and(|slot| slot.environment.token == token)
    }

    /// How much longer the start of a process that asks for its first invocation would have taken on AWS, where it is wanted so. This is a
    /// model: Lambda gives a function processor time in proportion to its memory, so what took a whole processor here takes a share there.
    pub(super) fn cold_start(&self, number: u64) -> Duration {
        let state = lock(&self.state);
        let slot = state.slots.get(&number).filter(|slot| matches!(slot.phase, Phase::Started { .. }) && self.host.options.pace_aws);
        let stretch = (MB_OF_A_PROCESSOR / f64::from(self.function.memory_mb) - 1.0).max(0.0);
        slot.map_or(Duration::ZERO, |slot| slot.environment.started.elapsed().mul_f64(stretch).min(LONGEST_STRETCH))
    }

    /// The process asks for its next invocation. It is given one at once, or where to await it; then it is frozen. `None` if it must not ask.
    pub(super) fn next(self: &Arc<Self>, number: u64) -> Option<oneshot::Receiver<Delivery>> {
        let mut state = lock(&self.state);
        let (poll, polled) = oneshot::channel();
        match &state.slots.get(&number)?.phase {
            Phase::Ending => return None,
            // Its connection was cut before the invocation came, or it has forgotten it.
            Phase::Running { invocation, since } => {
                let remaining = self.function.timeout.saturating_sub(since.elapsed());
                drop(poll.send(invocation.delivery(remaining)));
                return Some(polled);
            }
            Phase::Started { .. } | Phase::Idle { .. } | Phase::Away | Phase::ResponseSent { .. } => {}
        }
        state.set(number, Phase::Idle { since: Instant::now(), poll });
        if let Some(invocation) = state.queue.pop_front() {
            if let Err(invocation) = self.hand_over(&mut state, number, invocation) {
                state.queue.push_front(invocation);
            }
            return Some(polled);
        }
        state.idle.push(number);
        if self.host.options.weather.odds().freeze
            && let Some(slot) = state.slots.get(&number)
        {
            slot.environment.freeze();
        }
        Some(polled)
    }

    /// The process answers its invocation, well or with an error; whether it may.
    pub(super) fn respond(&self, number: u64, request_id: &str, answer: Answer) -> bool {
        let mut state = lock(&self.state);
        let since = match state.slots.get(&number).map(|slot| &slot.phase) {
            Some(Phase::Running { invocation, since }) if invocation.request.id == request_id => *since,
            _ => return false,
        };
        if let Some(Phase::Running { invocation, .. }) = state.set(number, Phase::ResponseSent { since }) {
            invocation.answer(answer);
        }
        true
    }

    /// Does what is due for an environment at `now`. Returns when to look again, and `None` if the process must be ended.
    pub(super) fn look(&self, number: u64, now: Instant) -> Option<Instant> {
        let mut state = lock(&self.state);
        let (timeout, idle) = (self.function.timeout, self.host.options.idle);
        // Whatever state comes next, it lasts at least as long as the shorter of the two. Looking that often misses nothing, and so no
        // hand-over and no answer needs to set a timer.
        let latest = now + timeout.min(idle).max(SHORTEST_LOOK);
        let slot = state.slots.get(&number)?;
        match slot.phase.due(timeout, idle) {
            Some(due) if due <= now => {}
            due => return (!matches!(slot.phase, Phase::Ending)).then(|| due.unwrap_or(latest).min(latest)),
        }
        let late = match state.set(number, Phase::Ending) {
            Some(Phase::Running { invocation, .. }) => Some(invocation),
            Some(Phase::Started { .. }) => state.queue.pop_front(),
            _ => None,
        };
        self.fail(late, |id| failure::timed_out(id, timeout));
        None
    }

    /// The process has ended, or could not be started.
    pub(super) fn ended(self: &Arc<Self>, number: u64, status: &io::Result<ExitStatus>) {
        let mut state = lock(&self.state);
        let phase = state.set(number, Phase::Ending);
        state.slots.remove(&number);
        state.stats.deaths += u64::from(status.is_ok() && !matches!(phase, None | Some(Phase::Ending)));
        let failed = match phase {
            Some(Phase::Running { invocation, .. }) => Some(invocation),
            Some(Phase::Started { .. }) => state.queue.pop_front(),
            Some(Phase::Idle { .. } | Phase::Away | Phase::ResponseSent { .. }) => {
                self.logs.note("ended between invocations");
                None
            }
            None | Some(Phase::Ending) => None,
        };
        self.fail(failed, |id| failure::ended(id, &self.host.options.program, status));
        self.grow(&mut state, 0);
    }

    /// Answers an invocation, if there is one, with an error of Lambda's own about its request id.
    fn fail(&self, invocation: Option<Invocation>, why: impl FnOnce(&str) -> InvokeError) {
        if let Some(invocation) = invocation {
            let error = why(&invocation.request.id);
            self.logs.failed(&error);
            invocation.answer(Err(error));
        }
    }

    /// Ends every environment and answers what waits or runs. Watchers finish the work.
    pub(super) fn stop(&self) {
        let mut state = lock(&self.state);
        state.stopped = true;
        let mut unanswered: Vec<_> = state.queue.drain(..).collect();
        for number in state.slots.keys().copied().collect::<Vec<_>>() {
            if let Some(Phase::Running { invocation, .. }) = state.set(number, Phase::Ending) {
                unanswered.push(invocation);
            }
        }
        for slot in state.slots.values() {
            slot.environment.wake();
        }
        for invocation in unanswered {
            let stopped = failure::stopped(&invocation.request.id);
            invocation.answer(Err(stopped));
        }
    }
}
