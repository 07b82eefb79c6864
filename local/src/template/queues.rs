//! `AWS::SQS::Queue` and `AWS::GameLift::GameSessionQueue`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html>
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-gamelift-gamesessionqueue.html>

use std::time::Duration;

use serde::Deserialize;

use super::{
    manifest::{GameSessionQueue, Queue, Redrive},
    scalars::Parsed,
};
use crate::account;

/// The properties of a queue.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct QueueProperties {
    visibility_timeout: Option<Parsed<u64>>,
    message_retention_period: Option<Parsed<u64>>,
    redrive_policy: Option<RedrivePolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RedrivePolicy {
    dead_letter_target_arn: String,
    max_receive_count: Parsed<u32>,
}

/// The properties of a queue of GameLift's.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct GameSessionQueueProperties {
    timeout_in_seconds: Parsed<u64>,
    notification_target: Option<String>,
}

impl QueueProperties {
    /// The queue, with AWS's defaults.
    pub(super) fn queue(self, logical_id: String, name: String) -> Queue {
        let seconds = |given: Option<Parsed<u64>>, default| Duration::from_secs(given.map_or(default, |seconds| seconds.0));
        Queue {
            logical_id,
            arn: account::queue_arn(&name),
            name,
            visibility_timeout: seconds(self.visibility_timeout, 30),
            retention: seconds(self.message_retention_period, 345_600),
            redrive: self.redrive_policy.map(|policy| Redrive {
                dead_letter_queue_arn: policy.dead_letter_target_arn,
                maximum_receive_count: policy.max_receive_count.0,
            }),
        }
    }
}

impl GameSessionQueueProperties {
    /// The queue.
    pub(super) fn queue(self, logical_id: String, name: String) -> GameSessionQueue {
        GameSessionQueue {
            logical_id,
            arn: account::arn("gamelift", &format!("gamesessionqueue/{name}")),
            name,
            timeout: Duration::from_secs(self.timeout_in_seconds.0),
            notification_topic_arn: self.notification_target,
        }
    }
}
