//! When a connection is replaced by another before its time is up, and the attempts to get that other one.

use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::Driver;
use crate::{
    ConnectError, Event, Options,
    handshake::{self, Opened},
};

/// How long before its token expires a connection is replaced; sooner for a token that is given out for less than four times this.
const TOKEN_MARGIN: Duration = Duration::from_secs(60);

/// A token that expires sooner is left to expire: whoever gives out such tokens has no better one, and would be asked without end.
const SHORTEST_TOKEN: Duration = Duration::from_secs(5);

type Attempt = Pin<Box<dyn Future<Output = Result<Box<Opened>, ConnectError>> + Send>>;

/// The replacement of one connection.
pub(super) struct RollOver {
    due_at: Option<Instant>,
    attempt: Option<Attempt>,
    failures: u32,
}

impl RollOver {
    /// For a connection that was opened just now, with a token that expires then.
    pub(super) fn new(options: &Options, expires_at: Option<SystemTime>, now: Instant) -> Self {
        let expires_in = expires_at.filter(|_| options.token.is_renewed()).and_then(|time| time.duration_since(SystemTime::now()).ok());
        let due_in = options.roll_over.map(|age| due_in(age, expires_in, fastrand::f64()));
        Self { due_at: due_in.and_then(|due_in| now.checked_add(due_in)), attempt: None, failures: 0 }
    }

    /// When the next attempt is to begin, if none is under way. While the connection before is `draining`, none can begin, and a time that
    /// has come must not keep the driver awake.
    pub(super) fn due_at(&self, draining: bool) -> Option<Instant> {
        if draining || self.attempt.is_some() { None } else { self.due_at }
    }

    /// Begins an attempt.
    pub(super) fn begin(&mut self, options: &Arc<Options>) {
        let options = Arc::clone(options);
        self.attempt = Some(Box::pin(async move { handshake::connect(&options).await }));
    }

    /// The outcome of the attempt under way.
    pub(super) async fn outcome(&mut self) -> Result<Box<Opened>, ConnectError> {
        let Some(attempt) = &mut self.attempt else { return std::future::pending().await };
        let outcome = attempt.await;
        self.attempt = None;
        outcome
    }
}

impl Driver {
    /// There is no other connection yet: the old one goes on.
    pub(super) fn roll_over_failed(&self, roll_over: &mut RollOver, error: ConnectError) {
        let hopeless = error.is_refusal() && !self.options.token.is_renewed();
        let backoff = self.options.backoff.unwrap_or_default();
        let retry_in = (!hopeless).then(|| backoff.delay(roll_over.failures, fastrand::f64()));
        roll_over.failures = roll_over.failures.saturating_add(1);
        roll_over.due_at = retry_in.and_then(|wait| Instant::now().checked_add(wait));
        self.events.send(Event::RollOverFailed { error, retry_in });
    }
}

/// After how long a connection is replaced: at the latest at this `age` and some time before its token expires, and up to a tenth earlier
/// (`jitter`, from 0 to 1).
fn due_in(age: Duration, expires_in: Option<Duration>, jitter: f64) -> Duration {
    let renewed_in = expires_in.filter(|left| *left >= SHORTEST_TOKEN).map(|left| left - TOKEN_MARGIN.min(left / 4));
    let latest = renewed_in.map_or(age, |left| left.min(age));
    latest - latest.mul_f64(jitter.clamp(0.0, 1.0) / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_replaced_before_its_age_and_before_its_token_expires() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        assert_eq!(due_in(minutes(110), None, 0.0), minutes(110));
        assert_eq!(due_in(minutes(110), None, 1.0), minutes(99));
        assert_eq!(due_in(minutes(110), Some(minutes(60)), 0.0), minutes(59));
        assert_eq!(due_in(minutes(110), Some(minutes(1_440)), 0.0), minutes(110));
        assert_eq!(due_in(minutes(110), Some(Duration::from_secs(40)), 0.0), Duration::from_secs(30));
    }

    #[test]
    fn nothing_is_due_while_another_connection_is_draining() {
        let now = Instant::now();
        let options = Options { roll_over: Some(Duration::ZERO), ..Options::new("ws://localhost", "t") };
        let roll_over = RollOver::new(&options, None, now);
        assert_eq!(roll_over.due_at(true), None);
        assert_eq!(roll_over.due_at(false), Some(now));
    }

    #[test]
    fn a_token_that_is_all_but_expired_is_left_to_expire() {
        // A source that gives the same token until the end is asked a few times and not for ever.
        let (mut left, mut asked) = (Duration::from_secs(3_600), 0);
        while due_in(Duration::MAX, Some(left), 0.0) < left {
            left -= due_in(Duration::MAX, Some(left), 0.0);
            asked += 1;
        }
        assert!(asked < 10 && left < SHORTEST_TOKEN, "{asked} {left:?}");
    }
}
