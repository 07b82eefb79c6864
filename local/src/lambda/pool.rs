//! The environments of one function, and the invocations that wait for one.
//!
//! An invocation goes to the environment that was used last, without a search; with none idle it waits, and the pool starts as many
//! environments as there are invocations waiting, up to its limit. Whichever environment is ready first takes the oldest.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
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
    billing::Billing,
    durations::Durations,
    environment::Environment,
    failure,
    invocation::{Invocation, Request},
    logs::FunctionLog,
    phase::Phase,
};
use crate::lock::lock;

/// An environment that has answered normally asks for its next invocation within a millisecond. For so long it is worth waiting for;
/// one that takes longer is not counted on.
const RETURN_GRACE: Duration = Duration::from_millis(50);

/// Between two looks at whether an environment still starts for an invocation that has waited its time.
const LOOK: Duration = Duration::from_millis(10);

/// One function's environments.
pub(super) struct Pool {
    pub(super) function: FunctionConfig,
    pub(super) arn: String,
    pub(super) host: Arc<Host>,
    pub(super) logs: Arc<FunctionLog>,
    pub(super) state: Mutex<State>,
    pub(super) durations: Durations,
    invocations: AtomicU64,
    errors: AtomicU64,
    throttles: AtomicU64,
    /// Asynchronous invocations on their way.
    pub(super) events: AtomicUsize,
}

/// A pool's changing part.
#[derive(Default)]
pub(super) struct State {
    pub(super) slots: HashMap<u64, Slot>,
    /// Numbers of idle environments, the one used last at the end.
    pub(super) idle: Vec<u64>,
    /// Invocations that wait for an environment, the oldest first.
    pub(super) queue: VecDeque<Invocation>,
    /// How many slots are in [`Phase::Started`].
    starting: usize,
    /// How many slots are in [`Phase::ResponseSent`].
    returning: usize,
    numbers: u64,
    billed_ms: u64,
    /// Processes that ended without having been told to.
    pub(super) deaths: u64,
    /// Invocations that nobody awaited any more when their turn came.
    abandoned: u64,
    pub(super) stopped: bool,
}

/// An environment and where it is in its life.
pub(super) struct Slot {
    pub(super) environment: Arc<Environment>,
    pub(super) phase: Phase,
    billing: Billing,
}

impl State {
    /// Changes a slot's phase and keeps the counts. `None` if the environment is gone.
    pub(super) fn set(&mut self, number: u64, phase: Phase) -> Option<Phase> {
        let slot = self.slots.get_mut(&number)?;
        let count =
            |phase: &Phase| (usize::from(matches!(phase, Phase::Started { .. })), usize::from(matches!(phase, Phase::ResponseSent { .. })));
        let (started, sent) = count(&phase);
        let before = std::mem::replace(&mut slot.phase, phase);
        self.billed_ms += slot.billing.changed(&before, &slot.phase, Instant::now());
        let (was_started, was_sent) = count(&before);
        self.starting = self.starting + started - was_started;
        self.returning = self.returning + sent - was_sent;
        Some(before)
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Phase> {
        let phase = self.set(number, Phase::Ending)?;
        self.slots.remove(&number);
        self.idle.retain(|idle| *idle != number);
        Some(phase)
    }

    /// The oldest invocation that somebody still awaits.
    pub(super) fn oldest(&mut self) -> Option<Invocation> {
        while let Some(invocation) = self.queue.pop_front() {
            if !invocation.is_abandoned() {
                return Some(invocation);
            }
            self.abandoned += 1;
        }
        None
    }
}

impl Pool {
    pub(super) fn new(function: FunctionConfig, arn: String, host: Arc<Host>, logs: FunctionLog) -> Pool {
        let (invocations, errors, throttles, events, durations) = Default::default();
        Pool { function, arn, host, logs: Arc::new(logs), state: Mutex::default(), invocations, errors, throttles, events, durations }
    }

    /// Runs one invocation and awaits its answer.
    pub(super) async fn invoke(self: &Arc<Self>, request: Request) -> Result<Bytes, InvokeError> {
        self.invocations.fetch_add(1, Relaxed);
        let request_id = request.id.clone();
        let (invocation, mut answered) = Invocation::new(request);
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
    pub(super) fn submit(self: &Arc<Self>, invocation: Invocation) -> bool {
        let mut state = lock(&self.state);
        if state.stopped {
            let stopped = failure::stopped(&invocation.request.id);
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
        let mut wait = self.queue_wait();
        loop {
            tokio::select! {
                result = &mut *answered => return Some(result),
                () = sleep(wait) => {}
            }
            match self.is_given_up(request_id) {
                None => return Some(answered.await),
                Some(true) => return None,
                Some(false) => wait = self.queue_wait().max(LOOK),
            }
        }
    }

    /// Takes the invocation out of the queue, unless an environment is starting for it. `None`: it has been handed over.
    fn is_given_up(&self, request_id: &str) -> Option<bool> {
        let mut state = lock(&self.state);
        let position = state.queue.iter().position(|waiting| waiting.request.id == request_id)?;
        let given_up = position >= state.starting;
        if given_up {
            state.queue.remove(position);
        }
        Some(given_up)
    }

    /// Gives the invocation to an idle environment, unless that has ended or gone away.
    pub(super) fn hand_over(&self, state: &mut State, number: u64, invocation: Invocation) -> Result<(), Invocation> {
        let Some(slot) = state.slots.get(&number) else { return Err(invocation) };
        let alive = slot.environment.is_alive();
        let delivery = invocation.delivery(self.function.timeout, false);
        let deadline = Instant::now() + self.function.timeout;
        let Some(Phase::Idle { poll, .. }) = state.set(number, Phase::Away) else { return Err(invocation) };
        if !alive || poll.send(delivery).is_err() {
            return Err(invocation);
        }
        state.set(number, Phase::Running { invocation, deadline });
        Ok(())
    }

    /// Starts environments until every waiting invocation has one coming: those that start, and `returning` that will ask again.
    pub(super) fn grow(self: &Arc<Self>, state: &mut State, returning: usize) {
        while !state.stopped && state.queue.len() > state.starting + returning && state.slots.len() < self.limit() {
            self.start(state, false);
        }
    }

    pub(super) fn start(self: &Arc<Self>, state: &mut State, retry: bool) {
        state.numbers += 1;
        let environment = Arc::new(Environment::new(state.numbers));
        let limit = if retry { self.function.timeout } else { self.host.options.init_timeout };
        let phase = Phase::Started { deadline: Instant::now() + limit, retry, late: false };
        state.starting += 1;
        state
            .slots
            .insert(environment.number, Slot { environment: Arc::clone(&environment), phase, billing: Billing::new(Instant::now()) });
        self.host.register(&environment, self);
        self.host.tasks.spawn(environment.run(Arc::clone(self)));
    }

    /// How many environments there may be at once.
    fn limit(&self) -> usize {
        let all = self.host.options.max_environments;
        self.function.reserved_concurrency.map_or(all, |reserved| all.min(reserved))
    }

    /// How long an invocation waits at the limit. One that the function reserved itself throttles at once, as on AWS; the machine's own is
    /// so much lower than AWS's that a wait is due.
    fn queue_wait(&self) -> Duration {
        if self.is_reserved() { Duration::ZERO } else { self.host.options.queue_wait }
    }

    /// Whether the limit is the function's reserved concurrency.
    pub(super) fn is_reserved(&self) -> bool {
        self.function.reserved_concurrency.is_some_and(|reserved| reserved <= self.host.options.max_environments)
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
            deaths: state.deaths,
            abandoned: state.abandoned,
            events: self.events.load(Relaxed),
            median: self.durations.quantile(0.5),
            percentile_99: self.durations.quantile(0.99),
            billed_ms: state.billed_ms,
            memory_mb: self.function.memory_mb,
            log_bytes: self.logs.bytes(),
            platform_lines: self.function.platform_lines,
            busy: self.events.load(Relaxed) + state.queue.len() + state.slots.values().filter(|slot| slot.phase.is_busy()).count(),
        }
    }
}
