//! What a consumer answers for its items, one by one.

use serde::Serialize;

use super::Fault;

/// The answer of a batch. Lambda looks at the failures alone; whoever replays a letter reads the reasons, too.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    batch_item_failures: Vec<Failed>,
    /// Only of a replay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    item_identifier: String,
}

impl Answer {
    /// The item of this identifier has failed. One without an identifier cannot be reported alone: the empty one repeats the whole batch.
    pub(super) fn fail(&mut self, identifier: Option<String>) {
        self.batch_item_failures.push(Failed { item_identifier: identifier.unwrap_or_default() });
    }

    /// The same in a replay, which is told why.
    pub(super) fn fail_replay(&mut self, identifier: Option<String>, fault: &Fault) {
        self.fail(identifier);
        self.reasons.push(fault.chain());
    }
}
