//! The environments of one function, and the invocations that wait for one.
//!
//! An invocation goes to the environment that was used last, without a search; with none idle it waits, and the pool starts as many
//! environments as there are invocations waiting, up to its limit. Whichever environment is ready first takes the oldest.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use hdrhistogram::Histogram;
use tokio::{
    sync::oneshot::{Receiver, error::RecvError},
    time::{Instant, sleep, timeout},
};

use super::{
    FunctionStats, Host, InvokeError,
    billing::Billing,
    environment::Environment,
    failure,
    invocation::{Answer, Invocation, Request},
    logs::FunctionLog,
    phase::Phase,
};
use crate::{lock::lock, template::Function, weather::Mishap};

/// An environment that has answered normally asks for its next invocation within a millisecond. For so long it is worth waiting for;
/// one that takes longer is not counted on.
const RETURN_GRACE: Duration = Duration::from_millis(50);

/// Between two looks at whether an environment still starts for an invocation that has waited its time.
const LOOK: Duration = Duration::from_millis(10);

/// Lambda's own longest timeout.
const LONGEST_MICROSECONDS: u64 = 15 * 60 * 1_000_000;

/// How long after its hand-over a process is killed by the weather at most.
const KILLED_WITHIN_MICROSECONDS: u64 = 5_000;

/// One function's environments.
pub(super) struct Pool {
    pub(super) function: Function,
    pub(super) host: Arc<Host>,
    pub(super) logs: Arc<FunctionLog>,
    pub(super) state: Mutex<State>,
}

/// A pool's changing part.
#[derive(Default)]
pub(super) struct State {
    pub(super) slots: HashMap<u64, Slot>,
    /// Numbers of idle environments, the one used last at the end.
    pub(super) idle: Vec<u64>,
    /// Invocations that wait for an environment, the oldest first.
    pub(super) queue: VecDeque<Invocation>,
    /// What is counted of it, as it is told.
    pub(super) stats: FunctionStats,
    /// From the hand-over to the answer, or to the end without one, in microseconds: two digits tell times apart well enough.
    pub(super) durations: Option<Histogram<u64>>,
    pub(super) stopped: bool,
}

/// An environment and where it is in its life.
pub(super) struct Slot {
    pub(super) environment: Arc<Environment>,
    pub(super) phase: Phase,
    billing: Billing,
}

impl State {
    /// Changes a slot's phase, and thaws the environment unless it is to wait or to end. `None` if the environment is gone.
    pub(super) fn set(&mut self, number: u64, phase: Phase) -> Option<Phase> {
        let slot = self.slots.get_mut(&number)?;
        if matches!(slot.phase, Phase::Idle { .. }) {
            self.idle.retain(|idle| *idle != number);
        }
        if !matches!(phase, Phase::Idle { .. } | Phase::Ending) {
            slot.environment.thaw();
        }
        if let (Phase::Running { since, .. }, Some(durations)) = (&slot.phase, &mut self.durations) {
            durations.saturating_record(since.elapsed().as_micros() as u64);
        }
        self.stats.billed_ms += slot.billing.changed(&slot.phase, &phase, Instant::now());
        Some(std::mem::replace(&mut slot.phase, phase))
    }

    /// How many environments start.
    fn starting(&self) -> usize {
        self.slots.values().filter(|slot| matches!(slot.phase, Phase::Started { .. })).count()
    }
}

impl Pool {
    pub(super) fn new(function: Function, host: Arc<Host>, logs: FunctionLog) -> Pool {
        let state = State { durations: Histogram::new_with_max(LONGEST_MICROSECONDS, 2).ok(), ..State::default() };
        Pool { function, host, logs: Arc::new(logs), state: Mutex::new(state) }
    }

    /// Runs one invocation and awaits its answer.
    pub(super) async fn invoke(self: &Arc<Self>, request: Request) -> Answer {
        lock(&self.state).stats.invocations += 1;
        let request_id = request.id.clone();
        let (invocation, mut answered) = Invocation::new(request);
        let result = match self.submit(invocation) {
            true => self.wait_in_queue(&request_id, &mut answered).await?,
            false => answered.await,
        };
        // An invocation is only dropped unanswered when the stack itself is going down.
        let result = result.unwrap_or_else(|_| Err(failure::stopped(&request_id)));
        lock(&self.state).stats.errors += u64::from(result.is_err());
        result
    }

    /// Hands the invocation to an idle environment or puts it into the queue; `true` if it waits there.
    fn submit(self: &Arc<Self>, mut invocation: Invocation) -> bool {
        let mut state = lock(&self.state);
        if state.stopped {
            let stopped = failure::stopped(&invocation.request.id);
            invocation.answer(Err(stopped));
            return false;
        }
        while let Some(number) = state.idle.pop() {
            match self.hand_over(&mut state, number, invocation) {
                Ok(()) => return false,
                Err(back) => invocation = back,
            }
        }
        state.queue.push_back(invocation);
        let returning = state.slots.values().filter(|slot| matches!(slot.phase, Phase::ResponseSent { .. })).count();
        self.grow(&mut state, returning);
        true
    }

    /// Awaits the answer of an invocation that is in the queue. One that has waited too long, and for which no environment starts, is taken
    /// out again.
    async fn wait_in_queue(
        self: &Arc<Self>,
        request_id: &str,
        answered: &mut Receiver<Answer>,
    ) -> Result<Result<Answer, RecvError>, InvokeError> {
        if let Ok(result) = timeout(RETURN_GRACE, &mut *answered).await {
            return Ok(result);
        }
        self.grow(&mut lock(&self.state), 0);
        // One's own limit throttles at once, as on AWS; the machine's is so much lower than AWS's that a wait is due.
        let mut wait = if self.is_reserved() { Duration::ZERO } else { self.host.options.queue_wait };
        loop {
            if let Ok(result) = timeout(wait, &mut *answered).await {
                return Ok(result);
            }
            wait = wait.max(LOOK);
            let mut state = lock(&self.state);
            let position = state.queue.iter().position(|waiting| waiting.request.id == request_id);
            if let Some(position) = position.filter(|position| *position >= state.starting()) {
                state.queue.remove(position);
                state.stats.throttles += 1;
                return Err(InvokeError::Throttled);
            }
        }
    }

    /// Gives the invocation to an idle environment, unless that has ended or gone away.
    pub(super) fn hand_over(self: &Arc<Self>, state: &mut State, number: u64, invocation: Invocation) -> Result<(), Invocation> {
        let Some(slot) = state.slots.get(&number) else { return Err(invocation) };
        let environment = Arc::clone(&slot.environment);
        let Some(Phase::Idle { poll, .. }) = state.set(number, Phase::Away) else { return Err(invocation) };
        let now = Instant::now();
        *lock(&environment.handed_over) = Some(now);
        if !environment.is_alive() || poll.send(invocation.delivery(self.function.timeout)).is_err() {
            return Err(invocation);
        }
        let mishap = if self.function.handler.starts_with("routes/") { Mishap::KillRoute } else { Mishap::Kill };
        if self.host.options.weather.happens(mishap) {
            tokio::spawn(Arc::clone(self).kill_soon(environment, invocation.request.id.clone()));
        }
        state.set(number, Phase::Running { invocation, since: now });
        Ok(())
    }

    /// Kills the process if it still serves the invocation by then.
    async fn kill_soon(self: Arc<Self>, environment: Arc<Environment>, request_id: String) {
        sleep(Duration::from_micros(fastrand::u64(0..=KILLED_WITHIN_MICROSECONDS))).await;
        let state = lock(&self.state);
        let phase = state.slots.get(&environment.number).map(|slot| &slot.phase);
        if matches!(phase, Some(Phase::Running { invocation, .. }) if invocation.request.id == request_id) {
            self.logs.note("is killed by the weather");
            environment.kill();
        }
    }

    /// Starts environments until every waiting invocation has one coming: those that start, and `returning` that will ask again.
    pub(super) fn grow(self: &Arc<Self>, state: &mut State, returning: usize) {
        let most = self.host.options.max_environments;
        let limit = self.function.reserved_concurrency.map_or(most, |reserved| most.min(reserved));
        while !state.stopped && state.queue.len() > state.starting() + returning && state.slots.len() < limit {
            state.stats.environments_started += 1;
            let number = state.stats.environments_started;
            let environment = Arc::new(Environment::new(number));
            let phase = Phase::Started { deadline: environment.started + self.host.options.init_timeout };
            let billing = Billing::new(environment.started);
            state.slots.insert(number, Slot { environment: Arc::clone(&environment), phase, billing });
            self.host.watchers.spawn(environment.run(Arc::clone(self)));
        }
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
        let quantile = |share| Duration::from_micros(state.durations.as_ref().map_or(0, |histogram| histogram.value_at_quantile(share)));
        FunctionStats {
            environments: state.slots.len(),
            median: quantile(0.5),
            percentile_99: quantile(0.99),
            memory_mb: self.function.memory_mb,
            log_bytes: self.logs.bytes(),
            busy: state.stats.events + state.queue.len() + state.slots.values().filter(|slot| slot.phase.is_busy()).count(),
            ..state.stats
        }
    }
}
