//! The environments of one function, and the invocations that wait for one.
//!
//! An invocation goes to the environment that was used last, without a search; with none idle it waits, and the pool starts as many
//! environments as there are invocations waiting, up to its limit. Whichever environment is ready first takes the oldest.

use std::{
    collections::{HashMap, VecDeque},
    future, iter,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use hdrhistogram::Histogram;
use rustix::process::Signal;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    FunctionStats, Host, InvokeError,
    environment::Environment,
    failure,
    invocation::{Answer, Invocation, Request},
    log_text::Level,
    logs::FunctionLog,
    phase::Phase,
    version,
};
use crate::{clock, events::PastInvocation, lock::lock, meter::FunctionUsage, template::Function, weather::Mishap};

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
    pub(super) slots: HashMap<Uuid, Slot>,
    /// Idle environments, the one used last at the end.
    pub(super) idle: Vec<Uuid>,
    /// Invocations that wait for an environment, the oldest first.
    pub(super) queue: VecDeque<Invocation>,
    /// What is counted of it, as it is told.
    pub(super) stats: FunctionStats,
    /// From the hand-over to the answer, or to the end without one, in microseconds: two digits tell times apart well enough.
    durations: Option<Histogram<u64>>,
}

/// An environment and where it is in its life.
pub(super) struct Slot {
    pub(super) environment: Arc<Environment>,
    pub(super) phase: Phase,
    /// How long its start took, until that is billed.
    start: Duration,
}

impl State {
    /// Changes a slot's phase, and thaws the environment unless it is to wait or to end. `None` if the environment is gone.
    pub(super) fn set(&mut self, id: Uuid, phase: Phase) -> Option<Phase> {
        let slot = self.slots.get_mut(&id)?;
        if matches!(slot.phase, Phase::Idle { .. }) {
            self.idle.retain(|idle| *idle != id);
        }
        if !matches!(phase, Phase::Idle { .. } | Phase::Ending) {
            slot.environment.signal(Signal::CONT);
        }
        if let (Phase::Running { since, .. }, Some(durations)) = (&slot.phase, &mut self.durations) {
            durations.saturating_record(since.elapsed().as_micros() as u64);
        }
        self.stats.usage.billed_ms += slot.phase.billed(&phase, &mut slot.start, Instant::now());
        Some(std::mem::replace(&mut slot.phase, phase))
    }

    fn count(&self, is: impl Fn(&Phase) -> bool) -> usize {
        self.slots.values().filter(|slot| is(&slot.phase)).count()
    }

    fn starting(&self) -> usize {
        self.count(|phase| matches!(phase, Phase::Started { .. }))
    }
}

impl Pool {
    pub(super) fn new(function: Function, host: Arc<Host>, logs: FunctionLog) -> Pool {
        let state = State { durations: Histogram::new_with_max(LONGEST_MICROSECONDS, 2).ok(), ..State::default() };
        Pool { function, host, logs: Arc::new(logs), state: Mutex::new(state) }
    }

    /// Runs one invocation and awaits its answer.
    pub(super) async fn invoke(self: &Arc<Self>, request: Request) -> Answer {
        let id = request.id.clone();
        let (invocation, answered) = Invocation::new(request);
        self.submit(invocation);
        let result = tokio::select! {
            biased;
            // An invocation is only dropped unanswered when the stack itself is going down.
            answer = answered => answer.unwrap_or_else(|_| Err(failure::stopped(&id))),
            () = self.throttle(&id) => return Err(InvokeError::Throttled),
        };
        lock(&self.state).stats.errors += u64::from(result.is_err());
        result
    }

    fn submit(self: &Arc<Self>, invocation: Invocation) {
        let mut state = lock(&self.state);
        state.stats.invocations += 1;
        if !self.host.stopping.is_cancelled() {
            state.queue.push_back(invocation);
            self.hand_over(&mut state);
            let returning = state.count(|phase| matches!(phase, Phase::Returning { .. }));
            self.grow(&mut state, returning);
        }
    }

    /// Returns when the invocation has waited in the queue for too long and no environment starts for it; it is taken out then.
    async fn throttle(self: &Arc<Self>, request_id: &str) {
        // One's own limit throttles at once, as on AWS; the machine's is so much lower than AWS's that a wait is due.
        let patience = if self.is_reserved() { Duration::ZERO } else { self.host.options.queue_wait };
        for (nth, wait) in [RETURN_GRACE, patience].into_iter().chain(iter::repeat(LOOK)).enumerate() {
            sleep(wait).await;
            let mut state = lock(&self.state);
            // What does not wait any more is served.
            let Some(position) = state.queue.iter().position(|waiting| waiting.request.id == request_id) else { break };
            if nth == 0 {
                self.grow(&mut state, 0);
            } else if position >= state.starting() {
                state.queue.remove(position);
                state.stats.throttles += 1;
                return;
            }
        }
        future::pending().await
    }

    /// Gives the oldest invocation that waits to the idle environment that was used last. One that has ended or gone away gets none, and
    /// the next is tried.
    pub(super) fn hand_over(self: &Arc<Self>, state: &mut State) {
        while let Some(request) = state.queue.front().map(|invocation| invocation.request.clone())
            && let Some(id) = state.idle.pop()
            && let Some(environment) = state.slots.get(&id).map(|slot| Arc::clone(&slot.environment))
        {
            let (since, request_id) = (Instant::now(), request.id.clone());
            let deadline = clock::now().saturating_add(clock::milliseconds(self.function.timeout));
            *lock(&environment.handed_over) = Some((since, request_id.clone()));
            if let Some(Phase::Idle { poll, .. }) = state.set(id, Phase::Returning { since })
                && environment.is_alive()
                && poll.send((request, deadline)).is_ok()
                && let Some(mut invocation) = state.queue.pop_front()
            {
                invocation.handed_over = Some(since);
                // A start that is not billed yet is the one before its first invocation.
                invocation.cold = state.slots.get(&id).is_some_and(|slot| !slot.start.is_zero());
                state.set(id, Phase::Running { invocation, since });
                let mishap = if self.function.handler.starts_with("routes/") { Mishap::KillRoute } else { Mishap::Kill };
                if self.host.options.weather.happens(mishap) {
                    tokio::spawn(Arc::clone(self).kill_soon(environment, request_id));
                }
            }
        }
    }

    /// Answers an invocation, once those who watch are told of it.
    pub(super) fn answer(&self, invocation: Invocation, answer: Answer) {
        let (answered, error) = match &answer {
            Ok(answer) => (answer.clone(), false),
            Err(InvokeError::Function { payload, .. }) => (payload.clone(), true),
            Err(error) => (error.to_string().into(), true),
        };
        let duration = invocation.handed_over.map_or(Duration::ZERO, |since| since.elapsed());
        // The copies are there because what comes may be a piece of the HTTP layer's larger buffer, which would be kept.
        self.host.options.events.invoked(PastInvocation {
            id: invocation.request.id.clone(),
            function: self.function.name.clone(),
            memory_mb: self.function.memory_mb,
            at: clock::now().saturating_sub(clock::milliseconds(duration)),
            duration,
            cold: invocation.cold,
            payload: Bytes::copy_from_slice(&invocation.request.payload),
            answer: Bytes::copy_from_slice(&answered),
            error,
        });
        invocation.answer(answer);
    }

    /// Kills the process if it still serves the invocation by then.
    async fn kill_soon(self: Arc<Self>, environment: Arc<Environment>, request_id: String) {
        sleep(Duration::from_micros(fastrand::u64(0..=KILLED_WITHIN_MICROSECONDS))).await;
        let state = lock(&self.state);
        let phase = state.slots.get(&environment.id).map(|slot| &slot.phase);
        if matches!(phase, Some(Phase::Running { invocation, .. }) if invocation.request.id == request_id) {
            self.logs.own(Level::Warn, "[environment] is killed by the weather");
            environment.signal(Signal::KILL);
        }
    }

    /// Starts environments until every waiting invocation has one coming: those that start, and `returning` that will ask again.
    pub(super) fn grow(self: &Arc<Self>, state: &mut State, returning: usize) {
        let most = self.host.options.max_environments;
        let limit = self.function.reserved_concurrency.map_or(most, |reserved| most.min(reserved));
        while state.queue.len() > state.starting() + returning
            && state.slots.len() < limit
            && let Some(last) = state.queue.back()
        {
            let environment = Arc::new(Environment::new(version(&last.request.arn)));
            state.stats.environments_started += 1;
            let phase = Phase::Started { since: Instant::now() };
            state.slots.insert(environment.id, Slot { environment: Arc::clone(&environment), phase, start: Duration::ZERO });
            self.host.watchers.spawn(environment.run(Arc::clone(self)));
        }
    }

    /// Whether the limit is the function's reserved concurrency.
    pub(super) fn is_reserved(&self) -> bool {
        self.function.reserved_concurrency.is_some_and(|reserved| reserved <= self.host.options.max_environments)
    }

    pub(super) fn stats(&self) -> FunctionStats {
        let state = lock(&self.state);
        let quantile = |share| Duration::from_micros(state.durations.as_ref().map_or(0, |histogram| histogram.value_at_quantile(share)));
        FunctionStats {
            processes: state.slots.values().filter_map(|slot| slot.environment.pid()).collect(),
            median: quantile(0.5),
            percentile_99: quantile(0.99),
            usage: FunctionUsage {
                // What was throttled is free.
                requests: state.stats.invocations - state.stats.throttles,
                billed_ms: state.stats.usage.billed_ms,
                memory_mb: self.function.memory_mb,
                log_bytes: self.logs.bytes(),
            },
            busy: state.stats.events + state.queue.len() + state.count(Phase::is_busy),
            ..state.stats.clone()
        }
    }
}
