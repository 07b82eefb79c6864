//! The Step Functions room: state machines of the template and their executions, which live in memory.
//!
//! [`definition`] is a machine as its file has it, in the part of the Amazon States Language that the repository uses; [`run`] takes an
//! execution from state to state, and [`execution`] is what is known of it. [`api`] is the protocol. A machine's calls of Lambda and SNS
//! have to be allowed by its own statements.

mod api;
mod definition;
mod execution;
mod run;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{definition::Definition, execution::Execution};
use crate::{clock::Clock, iam::Iam, lambda::Lambda, lock::lock, sns::Sns, template::StateMachine};

/// The most that a state takes or gives, in bytes, and so does an execution (Step Functions developer guide, "Quotas").
const LARGEST_PAYLOAD: usize = 256 * 1024;

/// A running Step Functions. Cheap to clone.
#[derive(Clone)]
pub(crate) struct StepFunctions {
    room: Arc<Room>,
}

struct Room {
    /// By ARN.
    machines: BTreeMap<String, Machine>,
    /// By ARN.
    executions: Mutex<BTreeMap<String, Execution>>,
    started_at: u64,
    lambda: Lambda,
    sns: Sns,
    iam: Iam,
    clock: Clock,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

struct Machine {
    template: StateMachine,
    definition: Definition,
}

/// Why a state machine cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", file.display())]
pub struct DefinitionError {
    file: PathBuf,
    reason: String,
}

impl StepFunctions {
    /// The machines, whose definitions are in files below `directory`.
    ///
    /// # Errors
    /// If a file cannot be read, or has something that is not implemented here, which is named.
    pub(crate) fn start(
        machines: &[StateMachine],
        directory: &Path,
        (lambda, sns): (&Lambda, &Sns),
        iam: &Iam,
        clock: Clock,
    ) -> Result<StepFunctions, DefinitionError> {
        let machine = |template: &StateMachine| {
            let file = directory.join(&template.definition_uri);
            let text = std::fs::read_to_string(&file).map_err(|error| error.to_string());
            let definition = text.and_then(|text| Definition::read(&text, &template.definition_substitutions));
            let definition = definition.map_err(|reason| DefinitionError { file, reason })?;
            Ok((template.arn.clone(), Machine { template: template.clone(), definition }))
        };
        let machines = machines.iter().map(machine).collect::<Result<_, _>>()?;
        let (executions, tasks, stopping) = Default::default();
        let (started_at, lambda, sns, iam) = (clock.now(), lambda.clone(), sns.clone(), iam.clone());
        Ok(StepFunctions { room: Arc::new(Room { machines, executions, started_at, lambda, sns, iam, clock, tasks, stopping }) })
    }

    /// How many executions are running.
    pub(crate) fn running(&self) -> usize {
        self.room.tasks.len()
    }

    /// Stops. What was running is forgotten with everything else.
    pub(crate) async fn shutdown(&self) {
        self.room.stopping.cancel();
        self.room.tasks.close();
        self.room.tasks.wait().await;
    }
}

impl Room {
    fn executions(&self) -> MutexGuard<'_, BTreeMap<String, Execution>> {
        lock(&self.executions)
    }
}
