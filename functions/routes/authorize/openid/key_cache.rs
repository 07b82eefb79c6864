//! The issuer's keys, kept for as long as the environment lives: fetched when the first token comes, and again when they may have
//! changed.

use std::sync::Arc;

use muster_aws::Fault;
use tokio::sync::Mutex;

use super::{
    fetch::{FetchError, KeySource},
    jwks::KeySet,
};

/// How long an unknown key waits for the next fetch: anyone can send tokens with made-up key ids.
const REFETCH_SECONDS: u64 = 60;

/// When keys are fetched again though all tokens name known ones, so that a key which the issuer has withdrawn is not trusted for
/// the rest of a busy environment's life.
const MAX_AGE_SECONDS: u64 = 60 * 60;

/// The keys of one issuer.
#[derive(Debug)]
pub struct KeyCache {
    source: KeySource,
    state: Mutex<State>,
}

/// Times are in epoch seconds.
#[derive(Debug, Default)]
struct State {
    keys: Option<Arc<KeySet>>,
    fetched_at: u64,
    attempted_at: u64,
    /// Why the last attempt failed, if it did.
    failure: Option<Arc<FetchError>>,
}

impl KeyCache {
    /// A cache that has nothing yet.
    pub fn new(source: KeySource) -> Self {
        Self { source, state: Mutex::default() }
    }

    /// The keys at hand. Old ones are replaced; while the issuer cannot be reached they stay in use, because an outage of the
    /// issuer should not shut its players out.
    ///
    /// # Errors
    /// A [`FetchError`] if there are none and they cannot be had. The next call tries again.
    pub async fn current(&self, now: u64) -> Result<Arc<KeySet>, Arc<FetchError>> {
        let mut state = self.state.lock().await;
        let Some(keys) = state.keys.clone() else { return self.fetch(&mut state, now).await };
        if now.saturating_sub(state.fetched_at) < MAX_AGE_SECONDS || state.has_just_tried(now) {
            return Ok(keys);
        }
        Ok(self.fetch(&mut state, now).await.unwrap_or_else(|error| {
            tracing::warn!(error = Fault::new("renewing the issuer's keys", error).chain(), "the old keys stay in use");
            keys
        }))
    }

    /// Keys that are newer than those `seen`, unless the last fetch was less than a minute ago: then `None`.
    ///
    /// # Errors
    /// A [`FetchError`] if the last fetch has failed: then nobody knows whether there are newer keys.
    pub async fn newer_than(&self, seen: &Arc<KeySet>, now: u64) -> Result<Option<Arc<KeySet>>, Arc<FetchError>> {
        let mut state = self.state.lock().await;
        match &state.keys {
            Some(keys) if !Arc::ptr_eq(keys, seen) => Ok(Some(Arc::clone(keys))),
            _ if state.has_just_tried(now) => state.failure.clone().map_or(Ok(None), Err),
            _ => self.fetch(&mut state, now).await.map(Some),
        }
    }

    /// The lock is held meanwhile, so that tokens which come together share one fetch.
    async fn fetch(&self, state: &mut State, now: u64) -> Result<Arc<KeySet>, Arc<FetchError>> {
        state.attempted_at = now;
        match self.source.fetch().await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                (state.keys, state.fetched_at, state.failure) = (Some(Arc::clone(&keys)), now, None);
                Ok(keys)
            }
            Err(error) => {
                let error = Arc::new(error);
                state.failure = Some(Arc::clone(&error));
                Err(error)
            }
        }
    }
}

impl State {
    fn has_just_tried(&self, now: u64) -> bool {
        now.saturating_sub(self.attempted_at) < REFETCH_SECONDS
    }
}

#[cfg(test)]
mod tests {
    use super::{super::test_issuer::TestIssuer, *};

    const NOW: u64 = 1_700_000_000;

    #[tokio::test]
    async fn keys_are_fetched_once_and_again_after_an_hour() {
        let issuer = TestIssuer::start();
        let cache = KeyCache::new(issuer.key_source());
        assert_eq!(issuer.requests("/keys"), 0, "nothing is fetched before the first token");
        let first = cache.current(NOW).await.unwrap();
        assert!(Arc::ptr_eq(&first, &cache.current(NOW + 3_599).await.unwrap()));
        assert_eq!(issuer.requests("/keys"), 1);
        assert!(!Arc::ptr_eq(&first, &cache.current(NOW + 3_600).await.unwrap()));
        assert_eq!(issuer.requests("/keys"), 2);
    }

    #[tokio::test]
    async fn old_keys_stay_in_use_while_the_issuer_is_away_which_is_asked_once_a_minute() {
        let issuer = TestIssuer::start();
        let cache = KeyCache::new(issuer.key_source());
        let first = cache.current(NOW).await.unwrap();
        issuer.serve("/keys", 502, "");
        for later in [3_600, 3_601, 3_659, 3_660] {
            assert!(Arc::ptr_eq(&first, &cache.current(NOW + later).await.unwrap()));
        }
        assert_eq!(issuer.requests("/keys"), 3);
        issuer.serve("/keys", 200, &issuer.keys().to_string());
        assert!(!Arc::ptr_eq(&first, &cache.current(NOW + 3_720).await.unwrap()));
    }

    #[tokio::test]
    async fn tokens_that_come_together_share_one_fetch() {
        let issuer = TestIssuer::start();
        let cache = KeyCache::new(issuer.key_source());
        let (one, other) = tokio::join!(cache.current(NOW), cache.current(NOW));
        let one = one.unwrap();
        assert!(Arc::ptr_eq(&one, &other.unwrap()));
        let (newer, newest) = tokio::join!(cache.newer_than(&one, NOW + 60), cache.newer_than(&one, NOW + 60));
        assert!(Arc::ptr_eq(&newer.unwrap().unwrap(), &newest.unwrap().unwrap()));
        assert_eq!(issuer.requests("/keys"), 2);
    }
}
