//! What can be wrong with a message from a queue or a topic.

use serde_json::value::RawValue;

use super::Fault;
use crate::dead_letters::DeadLetters;

/// Why a message was not dealt with.
#[derive(Debug)]
pub enum Trouble {
    /// It may succeed at another time.
    Again(Fault),
    /// It never will.
    Impossible(Fault),
}

impl From<Fault> for Trouble {
    /// A fault is worth another try, unless it is said to be none.
    fn from(fault: Fault) -> Self {
        Self::Again(fault)
    }
}

impl Trouble {
    /// The same trouble, in the work that the request `cause` led to.
    pub(super) fn of_request(self, cause: &str) -> Self {
        match self {
            Self::Again(fault) => Self::Again(fault.of_request(cause)),
            Self::Impossible(fault) => Self::Impossible(fault.of_request(cause)),
        }
    }

    /// The fault that it is to whoever replays a letter.
    pub(super) fn into_fault(self) -> Fault {
        match self {
            Self::Again(fault) | Self::Impossible(fault) => fault,
        }
    }

    /// Sends what can never succeed to the dead-letter queue, as it came.
    ///
    /// # Errors
    /// The [`Fault`] with which the message is to be tried again.
    pub(super) async fn settle(self, dead_letters: &DeadLetters, record: &RawValue) -> Result<(), Fault> {
        let fault = match self {
            Self::Again(fault) => return Err(fault),
            Self::Impossible(fault) => fault,
        };
        let (reason, cause) = (fault.chain(), fault.cause().unwrap_or_default().to_owned());
        match dead_letters.send(record, &fault).await {
            Ok(()) => {
                tracing::error!(cause, error = reason, "a message became a dead letter");
                Ok(())
            }
            Err(unwritten) => {
                Err(Fault::new(format!("writing down a message that can never succeed ({reason})"), unwritten).of_request(cause))
            }
        }
    }
}
