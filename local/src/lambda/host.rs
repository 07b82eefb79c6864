//! What the pools of all functions share, and the list of living environments by which the Runtime API knows its callers.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{LambdaOptions, environment::Environment, pool::Pool};

/// What all functions share.
pub(super) struct Host {
    pub(super) address: SocketAddr,
    pub(super) options: LambdaOptions,
    /// Living environments by the secret part of their path.
    pub(super) environments: RwLock<HashMap<String, (Arc<Pool>, u64)>>,
    /// The watchers of the processes.
    pub(super) tasks: TaskTracker,
    pub(super) stopping: CancellationToken,
}

impl Host {
    pub(super) fn new(address: SocketAddr, options: LambdaOptions) -> Host {
        let (environments, tasks, stopping) = Default::default();
        Host { address, options, environments, tasks, stopping }
    }

    /// Opens the environment's path.
    pub(super) fn register(&self, environment: &Environment, pool: &Arc<Pool>) {
        let mut environments = self.environments.write().unwrap_or_else(PoisonError::into_inner);
        environments.insert(environment.token.clone(), (Arc::clone(pool), environment.number));
    }

    /// Closes the environment's path.
    pub(super) fn unregister(&self, environment: &Environment) {
        self.environments.write().unwrap_or_else(PoisonError::into_inner).remove(&environment.token);
    }

    /// The environment whose path has this part: its pool and its number there.
    pub(super) fn environment(&self, token: &str) -> Option<(Arc<Pool>, u64)> {
        self.environments.read().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }
}
