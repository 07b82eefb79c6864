//! What befalls an environment, and what that means for its pool: it asks, it answers, it runs late, it ends.

use std::{process::ExitStatus, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{sync::oneshot, time::Instant};

use super::{
    InvokeError, failure,
    invocation::Delivery,
    phase::Phase,
    pool::{Pool, State},
};
use crate::lock::lock;

/// How long a process that reported an init error may take to end by itself.
const INIT_ERROR_GRACE: Duration = Duration::from_secs(1);

/// However short timeout and idle limit are, an environment is not looked at more often.
const SHORTEST_LOOK: Duration = Duration::from_millis(10);

/// Why the Runtime API refuses a call.
pub(super) enum Refusal {
    /// The request id is not that of the environment's invocation.
    InvalidRequestId,
    /// The state named does not allow this.
    State(&'static str),
    /// The environment has ended.
    Ended,
}

impl Pool {
    /// The process asks for its next invocation. It is given one at once, or where to await it.
    pub(super) fn next(self: &Arc<Self>, number: u64) -> Result<oneshot::Receiver<Delivery>, Refusal> {
        let mut state = lock(&self.state);
        let (poll, polled) = oneshot::channel();
        match state.slots.get(&number).map(|slot| &slot.phase) {
            None | Some(Phase::Ending) => return Err(Refusal::Ended),
            Some(phase @ (Phase::InitError { .. } | Phase::Started { late: true, .. })) => return Err(Refusal::State(phase.name())),
            // Asking again without having answered gives the same invocation again, as AWS does.
            Some(Phase::Running { invocation, deadline }) => {
                let remaining = deadline.saturating_duration_since(Instant::now());
                drop(poll.send(invocation.delivery(remaining, true)));
                return Ok(polled);
            }
            Some(Phase::Started { .. } | Phase::Idle { .. } | Phase::Away | Phase::ResponseSent { .. }) => {}
        }
        // A second poll takes the place of the first, which is then answered as cut.
        state.idle.retain(|idle| *idle != number);
        state.set(number, Phase::Idle { since: Instant::now(), poll });
        match state.oldest() {
            None => state.idle.push(number),
            Some(invocation) => {
                if let Err(invocation) = self.hand_over(&mut state, number, invocation) {
                    state.queue.push_front(invocation);
                }
            }
        }
        Ok(polled)
    }

    /// The process's long poll was cut before it was answered. An invocation that was on its way goes to another environment.
    pub(super) fn poll_cut(self: &Arc<Self>, number: u64, undelivered: Option<Delivery>) {
        let mut state = lock(&self.state);
        let Some(slot) = state.slots.get(&number) else { return };
        match (&slot.phase, undelivered) {
            (Phase::Running { invocation, .. }, Some(delivery)) if invocation.request.id == delivery.request.id && !delivery.again => {
                let Some(Phase::Running { invocation, .. }) = state.set(number, Phase::Away) else { return };
                drop(state);
                if self.submit(invocation) {
                    self.logs.note("went away as it was handed an invocation, which waits for another environment");
                }
            }
            (Phase::Idle { poll, .. }, _) if poll.is_closed() => {
                state.set(number, Phase::Away);
                state.idle.retain(|idle| *idle != number);
            }
            _ => {}
        }
    }

    /// The process answers its invocation, well or with an error.
    pub(super) fn respond(&self, number: u64, request_id: &str, result: Result<Bytes, InvokeError>) -> Result<(), Refusal> {
        let mut state = lock(&self.state);
        let Some(slot) = state.slots.get(&number) else { return Err(Refusal::Ended) };
        if slot.phase.request_id() != Some(request_id) {
            return Err(Refusal::InvalidRequestId);
        }
        let &Phase::Running { deadline, .. } = &slot.phase else { return Err(Refusal::State(slot.phase.name())) };
        self.took_until_now(deadline);
        let sent = Phase::ResponseSent { request_id: request_id.to_owned(), deadline };
        if let Some(Phase::Running { invocation, .. }) = state.set(number, sent) {
            invocation.answer(result);
        }
        Ok(())
    }

    /// The process says that it cannot start. That is the answer of the invocation that waits longest.
    pub(super) fn init_error(&self, number: u64, error: InvokeError) -> Result<(), Refusal> {
        let mut state = lock(&self.state);
        let Some(slot) = state.slots.get(&number) else { return Err(Refusal::Ended) };
        let Phase::Started { .. } = slot.phase else { return Err(Refusal::State(slot.phase.name())) };
        slot.environment.wake();
        state.set(number, Phase::InitError { deadline: Instant::now() + INIT_ERROR_GRACE });
        self.logs.failed(&error);
        if let Some(invocation) = state.oldest() {
            invocation.answer(Err(error));
        }
        Ok(())
    }

    /// Does what is due for an environment at `now`. Returns when to look again, and `None` if the process must be ended.
    pub(super) fn look(&self, number: u64, now: Instant) -> Option<Instant> {
        let mut state = lock(&self.state);
        let (timeout, idle) = (self.function.timeout, self.host.options.idle);
        // Whatever state comes next, it lasts at least as long as the shorter of the two. Looking that often misses nothing, and so no
        // hand-over and no answer needs to set a timer.
        let latest = now + timeout.min(idle).max(SHORTEST_LOOK);
        let slot = state.slots.get_mut(&number)?;
        let due = slot.phase.due(idle);
        match slot.phase {
            Phase::Ending => return None,
            _ if due.is_some_and(|due| due <= now) => {}
            _ => return Some(due.unwrap_or(latest).min(latest)),
        }
        if let Phase::Started { retry: false, late, .. } = &mut slot.phase {
            // It still counts as starting, since it is started again as soon as it has ended.
            *late = true;
            self.logs.note("did not start in time and is started again");
            return None;
        }
        let answered = match state.set(number, Phase::Ending) {
            Some(Phase::Running { invocation, deadline }) => {
                self.took_until_now(deadline);
                Some(invocation)
            }
            Some(Phase::Started { .. }) => state.oldest(),
            Some(Phase::Idle { .. }) => {
                state.idle.retain(|idle| *idle != number);
                None
            }
            _ => None,
        };
        if let Some(invocation) = answered {
            let error = failure::timed_out(&invocation.request.id, timeout);
            self.logs.failed(&error);
            invocation.answer(Err(error));
        }
        None
    }

    /// The program cannot be run.
    pub(super) fn not_started(self: &Arc<Self>, number: u64, error: &std::io::Error) {
        let mut state = lock(&self.state);
        let invocation = state.oldest();
        let request_id = invocation.as_ref().map_or("-", |invocation| &invocation.request.id);
        let failure = failure::invalid_entrypoint(request_id, &self.function.program, error);
        self.logs.failed(&failure);
        if let Some(invocation) = invocation {
            invocation.answer(Err(failure));
        }
        self.forget(&mut state, number);
        self.grow(&mut state, 0);
    }

    /// The process has ended.
    pub(super) fn ended(self: &Arc<Self>, number: u64, status: std::io::Result<ExitStatus>) {
        let status = status.unwrap_or_else(|error| {
            self.logs.note(&format!("ended, and the system does not say how: {error}"));
            ExitStatus::default()
        });
        let mut state = lock(&self.state);
        let (retry, asked) = match state.slots.get(&number).map(|slot| &slot.phase) {
            Some(Phase::Started { late, .. }) => (*late, *late),
            phase => (false, matches!(phase, Some(Phase::Ending))),
        };
        state.deaths += u64::from(!asked);
        let failed = match self.forget(&mut state, number) {
            Some(Phase::Running { invocation, deadline }) => {
                self.took_until_now(deadline);
                Some(invocation)
            }
            Some(Phase::Started { .. }) if !retry => state.oldest(),
            Some(Phase::Idle { .. } | Phase::Away | Phase::ResponseSent { .. }) => {
                self.logs.note(&format!("ended between invocations: {status}"));
                None
            }
            _ => None,
        };
        if let Some(invocation) = failed {
            let error = failure::exited(&invocation.request.id, status);
            self.logs.failed(&error);
            invocation.answer(Err(error));
        }
        if retry && !state.stopped && !state.queue.is_empty() {
            self.start(&mut state, true);
        }
        self.grow(&mut state, 0);
    }

    /// Counts the time of an invocation that ends now. The deadline was set at the hand-over.
    fn took_until_now(&self, deadline: Instant) {
        self.durations.add(self.function.timeout.saturating_sub(deadline.saturating_duration_since(Instant::now())));
    }

    fn forget(&self, state: &mut State, number: u64) -> Option<Phase> {
        if let Some(slot) = state.slots.get(&number) {
            self.host.unregister(&slot.environment);
        }
        state.remove(number)
    }

    /// Ends every environment and answers what waits or runs. Watchers finish the work.
    pub(super) fn stop(&self) {
        let mut state = lock(&self.state);
        state.stopped = true;
        state.idle.clear();
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
