//! The environments of one function, and the invocations that wait for one.
//!
//! An invocation goes to the environment that was used last, without a search; with none idle it waits, and the pool starts as many
//! environments as there are invocations waiting, up to its limit. Whichever environment is ready first takes the oldest.

use std::{
    collections::{HashMap, VecDeque},
    process::ExitStatus,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};

use super::{
    FunctionConfig, FunctionStats, Host, InvokeError,
    environment::Environment,
    failure,
    invocation::{Delivery, Invocation},
    logs::FunctionLog,
    phase::Phase,
};

/// An environment that has answered normally asks for its next invocation within a millisecond. For so long it is worth waiting for;
/// one that takes longer is not counted on.
const RETURN_GRACE: Duration = Duration::from_millis(50);

/// How long a process that reported an init error may take to end by itself.
const INIT_ERROR_GRACE: Duration = Duration::from_secs(1);

/// Locks, also after a panic elsewhere: every critical section here leaves a consistent state.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One function's environments.
pub(super) struct Pool {
    pub(super) function: FunctionConfig,
    pub(super) arn: String,
    pub(super) host: Arc<Host>,
    pub(super) logs: Arc<FunctionLog>,
    state: Mutex<State>,
    invocations: AtomicU64,
    errors: AtomicU64,
    throttles: AtomicU64,
}

#[derive(Default)]
struct State {
    slots: HashMap<u64, Slot>,
    /// Numbers of idle environments, the one used last at the end.
    idle: Vec<u64>,
    /// Invocations that wait for an environment, the oldest first.
    queue: VecDeque<Invocation>,
    /// How many slots are in [`Phase::Started`].
    starting: usize,
    /// How many slots are in [`Phase::ResponseSent`].
    returning: usize,
    numbers: u64,
    stopped: bool,
}

struct Slot {
    environment: Arc<Environment>,
    phase: Phase,
}

/// What an environment's watcher does next.
pub(super) enum Look {
    /// Look again then, unless the process ends before.
    Again(Instant),
    /// End the process.
    Kill,
}

/// Why the Runtime API refuses a call.
pub(super) enum Refusal {
    /// The request id is not that of the environment's invocation.
    InvalidRequestId,
    /// The state named does not allow this.
    State(&'static str),
    /// The environment has ended.
    Ended,
}

impl State {
    /// Changes a slot's phase and keeps the counts. `None` if the environment is gone.
    fn set(&mut self, number: u64, phase: Phase) -> Option<Phase> {
        let slot = self.slots.get_mut(&number)?;
        let count =
            |phase: &Phase| (usize::from(matches!(phase, Phase::Started { .. })), usize::from(matches!(phase, Phase::ResponseSent { .. })));
        let (started, sent) = count(&phase);
        let before = std::mem::replace(&mut slot.phase, phase);
        let (was_started, was_sent) = count(&before);
        self.starting = self.starting + started - was_started;
        self.returning = self.returning + sent - was_sent;
        Some(before)
    }

    fn remove(&mut self, number: u64) -> Option<Phase> {
        let phase = self.set(number, Phase::Ending)?;
        self.slots.remove(&number);
        self.idle.retain(|idle| *idle != number);
        Some(phase)
    }

    /// The oldest invocation that somebody still awaits.
    fn oldest(&mut self) -> Option<Invocation> {
        std::iter::from_fn(|| self.queue.pop_front()).find(|invocation| !invocation.is_abandoned())
    }
}

impl Pool {
    pub(super) fn new(function: FunctionConfig, arn: String, host: Arc<Host>, logs: FunctionLog) -> Pool {
        let (invocations, errors, throttles) = Default::default();
        Pool { function, arn, host, logs: Arc::new(logs), state: Mutex::default(), invocations, errors, throttles }
    }

    /// Runs one invocation and awaits its answer.
    pub(super) async fn invoke(self: &Arc<Self>, payload: Bytes) -> Result<Bytes, InvokeError> {
        self.invocations.fetch_add(1, Relaxed);
        let (invocation, mut answered) = Invocation::new(payload);
        let request_id = invocation.request_id.clone();
        let waits = self.submit(invocation);
        let result = match waits {
            false => answered.await,
            true => match self.wait_in_queue(&request_id, &mut answered).await {
                Some(result) => result,
                None => {
                    self.throttles.fetch_add(1, Relaxed);
                    return Err(InvokeError::Throttled);
                }
            },
        };
        // An invocation is only dropped unanswered when the stack itself is going down.
        let result = result.unwrap_or_else(|_| Err(failure::stopped(&request_id)));
        if result.is_err() {
            self.errors.fetch_add(1, Relaxed);
        }
        result
    }

    /// Hands the invocation to an idle environment or puts it into the queue; `true` if it waits there.
    fn submit(self: &Arc<Self>, invocation: Invocation) -> bool {
        let mut state = lock(&self.state);
        if state.stopped {
            let stopped = failure::stopped(&invocation.request_id);
            invocation.answer(Err(stopped));
            return false;
        }
        let mut invocation = invocation;
        while let Some(number) = state.idle.pop() {
            match self.hand_over(&mut state, number, invocation) {
                Ok(()) => return false,
                Err(back) => invocation = back,
            }
        }
        state.queue.push_back(invocation);
        let expected = state.returning;
        self.grow(&mut state, expected);
        true
    }

    /// Awaits the answer of an invocation that is in the queue. `None`: it waited too long and was taken out again.
    async fn wait_in_queue(
        self: &Arc<Self>,
        request_id: &str,
        answered: &mut oneshot::Receiver<Result<Bytes, InvokeError>>,
    ) -> Option<Result<Result<Bytes, InvokeError>, oneshot::error::RecvError>> {
        tokio::select! {
            result = &mut *answered => return Some(result),
            () = sleep(RETURN_GRACE) => self.grow(&mut lock(&self.state), 0),
        }
        loop {
            tokio::select! {
                result = &mut *answered => return Some(result),
                () = sleep(self.host.options.queue_wait) => {}
            }
            let mut state = lock(&self.state);
            match state.queue.iter().position(|waiting| waiting.request_id == request_id) {
                // It has been handed over meanwhile, or is about to be: an environment is starting for it.
                None => {}
                Some(position) if position < state.starting => {}
                Some(position) => {
                    state.queue.remove(position);
                    return None;
                }
            }
        }
    }

    /// Gives the invocation to an idle environment, unless that has ended or gone away.
    fn hand_over(&self, state: &mut State, number: u64, invocation: Invocation) -> Result<(), Invocation> {
        let Some(slot) = state.slots.get(&number) else { return Err(invocation) };
        let alive = slot.environment.is_alive();
        let delivery = invocation.delivery(self.function.timeout);
        let deadline = Instant::now() + self.function.timeout;
        let Some(Phase::Idle { poll, .. }) = state.set(number, Phase::Away) else { return Err(invocation) };
        if !alive || poll.send(delivery).is_err() {
            return Err(invocation);
        }
        state.set(number, Phase::Running { invocation, deadline });
        Ok(())
    }

    /// Starts environments until every waiting invocation has one coming: those that start, and `returning` that will ask again.
    fn grow(self: &Arc<Self>, state: &mut State, returning: usize) {
        while !state.stopped && state.queue.len() > state.starting + returning && state.slots.len() < self.host.options.max_environments {
            self.start(state, false);
        }
    }

    fn start(self: &Arc<Self>, state: &mut State, retry: bool) {
        state.numbers += 1;
        let environment = Arc::new(Environment::new(state.numbers));
        let limit = if retry { self.function.timeout } else { self.host.options.init_timeout };
        let phase = Phase::Started { deadline: Instant::now() + limit, retry, late: false };
        state.starting += 1;
        state.slots.insert(environment.number, Slot { environment: Arc::clone(&environment), phase });
        self.host.register(&environment, self);
        self.host.tasks.spawn(environment.run(Arc::clone(self)));
    }

    /// The process asks for its next invocation. It is given one at once, or where to await it.
    pub(super) fn next(self: &Arc<Self>, number: u64) -> Result<oneshot::Receiver<Delivery>, Refusal> {
        let mut state = lock(&self.state);
        let (poll, polled) = oneshot::channel();
        match state.slots.get(&number).map(|slot| &slot.phase) {
            None | Some(Phase::Ending) => return Err(Refusal::Ended),
            Some(phase @ (Phase::InitError { .. } | Phase::Started { late: true, .. })) => return Err(Refusal::State(phase.name())),
            // Asking again without having answered gives the same invocation again, as AWS does.
            Some(Phase::Running { invocation, .. }) => {
                drop(poll.send(invocation.delivery(self.function.timeout)));
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
            (Phase::Running { invocation, .. }, Some(delivery)) if invocation.request_id == delivery.request_id => {
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
        match state.oldest() {
            Some(invocation) => invocation.answer(Err(error)),
            None => self.logs.note(&format!("failed to start: {error:?}")),
        }
        Ok(())
    }

    /// What is due for an environment at `now`.
    pub(super) fn look(&self, number: u64, now: Instant) -> Look {
        let mut state = lock(&self.state);
        let timeout = self.function.timeout;
        let Some(slot) = state.slots.get_mut(&number) else { return Look::Kill };
        let at = slot.phase.next_look(now, timeout, self.host.options.idle);
        match slot.phase {
            Phase::Ending => return Look::Kill,
            _ if at > now => return Look::Again(at),
            _ => {}
        }
        if let Phase::Started { retry: false, late, .. } = &mut slot.phase {
            // It still counts as starting, since it is started again as soon as it has ended.
            *late = true;
            self.logs.note("did not start in time and is started again");
            return Look::Kill;
        }
        let answered = match state.set(number, Phase::Ending) {
            Some(Phase::Running { invocation, .. }) => Some(invocation),
            Some(Phase::Started { .. }) => state.oldest(),
            Some(Phase::Idle { .. }) => {
                state.idle.retain(|idle| *idle != number);
                None
            }
            _ => None,
        };
        if let Some(invocation) = answered {
            let error = failure::timed_out(&invocation.request_id, timeout);
            self.logs.failed(&error);
            invocation.answer(Err(error));
        }
        Look::Kill
    }

    /// The program cannot be run.
    pub(super) fn not_started(self: &Arc<Self>, number: u64, error: &std::io::Error) {
        let mut state = lock(&self.state);
        let invocation = state.oldest();
        let request_id = invocation.as_ref().map_or("-", |invocation| &invocation.request_id);
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
        let retry = match state.slots.get(&number).map(|slot| &slot.phase) {
            Some(Phase::Started { late, .. }) => *late,
            _ => false,
        };
        let failed = match self.forget(&mut state, number) {
            Some(Phase::Running { invocation, .. }) => Some(invocation),
            Some(Phase::Started { .. }) if !retry => state.oldest(),
            _ => None,
        };
        if let Some(invocation) = failed {
            let error = failure::exited(&invocation.request_id, status);
            self.logs.failed(&error);
            invocation.answer(Err(error));
        }
        if retry && !state.stopped && !state.queue.is_empty() {
            self.start(&mut state, true);
        }
        self.grow(&mut state, 0);
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
            let stopped = failure::stopped(&invocation.request_id);
            invocation.answer(Err(stopped));
        }
    }

    pub(super) fn pids(&self) -> Vec<u32> {
        lock(&self.state).slots.values().filter_map(|slot| slot.environment.pid()).collect()
    }

    pub(super) fn stats(&self) -> FunctionStats {
        let state = lock(&self.state);
        FunctionStats {
            invocations: self.invocations.load(Relaxed),
            errors: self.errors.load(Relaxed),
            throttles: self.throttles.load(Relaxed),
            environments: state.slots.len(),
            environments_started: state.numbers,
        }
    }
}
