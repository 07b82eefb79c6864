//! What befalls an environment, and what that means for its pool: it asks, it answers, it runs late, it ends.

use std::{io, process::ExitStatus, sync::Arc, time::Duration};

use rustix::process::Signal;
use tokio::{sync::oneshot, time::Instant};
use uuid::Uuid;

use super::{
    InvokeError, failure,
    invocation::{Answer, Delivery, Invocation},
    log_text::Level,
    phase::Phase,
    pool::Pool,
};
use crate::lock::lock;

/// With so many MB, a function has the whole of one processor (Lambda developer guide, "Configure Lambda function memory").
const MB_OF_A_PROCESSOR: f64 = 1769.0;
/// A cold start is not stretched by more.
const LONGEST_STRETCH: Duration = Duration::from_secs(5);

impl Pool {
    /// How much longer the start of a process that asks for its first invocation would have taken on AWS, where it is wanted so. This is a
    /// model: Lambda gives a function processor time in proportion to its memory, so what took a whole processor here takes a share there.
    pub(super) fn cold_start(&self, environment: Uuid) -> Duration {
        let stretch = (MB_OF_A_PROCESSOR / f64::from(self.function.memory_mb) - 1.0).max(0.0);
        match lock(&self.state).slots.get(&environment).map(|slot| &slot.phase) {
            Some(Phase::Started { since }) if self.host.options.pace_aws => since.elapsed().mul_f64(stretch).min(LONGEST_STRETCH),
            _ => Duration::ZERO,
        }
    }

    /// The process asks for its next invocation. It is given one at once, or where to await it; then it is frozen. `None` if it must not
    /// ask.
    pub(super) fn next(self: &Arc<Self>, environment: Uuid) -> Option<oneshot::Receiver<Delivery>> {
        let mut state = lock(&self.state);
        let (poll, polled) = oneshot::channel();
        if matches!(state.slots.get(&environment)?.phase, Phase::Running { .. } | Phase::Ending) {
            return None;
        }
        state.set(environment, Phase::Idle { since: Instant::now(), poll });
        state.idle.push(environment);
        self.hand_over(&mut state);
        let slot = state.slots.get(&environment)?;
        if self.host.options.weather.odds().freeze && matches!(slot.phase, Phase::Idle { .. }) {
            slot.environment.signal(Signal::STOP);
        }
        Some(polled)
    }

    /// The process answers its invocation, well or with an error; whether it may.
    pub(super) fn respond(&self, environment: Uuid, request_id: &str, answer: Answer) -> bool {
        let mut state = lock(&self.state);
        let since = match state.slots.get(&environment).map(|slot| &slot.phase) {
            Some(Phase::Running { invocation, since }) if invocation.request.id == request_id => *since,
            _ => return false,
        };
        let phase = state.set(environment, Phase::Returning { since });
        drop(state);
        if let Some(Phase::Running { invocation, .. }) = phase {
            self.answer(invocation, answer);
        }
        true
    }

    /// Does what is due for an environment. Returns when to look again, and `None` if the process must be ended.
    pub(super) fn look(&self, environment: Uuid) -> Option<Instant> {
        let mut state = lock(&self.state);
        let (options, timeout, now) = (&self.host.options, self.function.timeout, Instant::now());
        // Whatever phase comes next, it lasts at least as long as the shorter of the two. Looking that often misses nothing, and so no
        // hand-over and no answer needs to set a timer.
        let latest = now + timeout.min(options.idle);
        let due = state.slots.get(&environment)?.phase.due(options.init_timeout, timeout, options.idle)?;
        if due > now {
            return Some(due.min(latest));
        }
        let phase = state.set(environment, Phase::Ending);
        let late = phase.and_then(|phase| phase.awaited(&mut state.queue));
        self.fail(late, |id| failure::timed_out(id, timeout));
        None
    }

    /// The process has ended, or could not be started.
    pub(super) fn ended(self: &Arc<Self>, environment: Uuid, status: &io::Result<ExitStatus>) {
        let mut state = lock(&self.state);
        let phase = state.set(environment, Phase::Ending).unwrap_or(Phase::Ending);
        state.slots.remove(&environment);
        state.stats.deaths += u64::from(status.is_ok() && !matches!(phase, Phase::Ending));
        if matches!(phase, Phase::Idle { .. } | Phase::Returning { .. }) {
            self.logs.own(Level::Warn, "[environment] ended between invocations");
        }
        let failed = phase.awaited(&mut state.queue);
        self.fail(failed, |id| failure::ended(id, &self.host.options.program, status));
        self.grow(&mut state, 0);
    }

    /// Answers an invocation, if there is one, with an error of Lambda's own about its request id.
    fn fail(&self, invocation: Option<Invocation>, why: impl FnOnce(&str) -> InvokeError) {
        if let Some(invocation) = invocation {
            let error = why(&invocation.request.id);
            self.logs.own(Level::Error, &error.to_string());
            self.answer(invocation, Err(error));
        }
    }

    /// Ends every environment, and drops what waits or runs. Watchers finish the work.
    pub(super) fn stop(&self) {
        let mut state = lock(&self.state);
        state.queue.clear();
        for environment in state.slots.keys().copied().collect::<Vec<_>>() {
            state.set(environment, Phase::Ending);
        }
        state.slots.values().for_each(|slot| slot.environment.wake());
    }
}
