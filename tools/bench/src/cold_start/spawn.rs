//! One start of one function.

use std::{
    collections::BTreeMap,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use muster_client::Events;
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, process::Command};
use uuid::Uuid;

use super::runtime_api::RuntimeApi;
use crate::{Result, process, stack::message};

/// What one start came to.
pub struct Measured {
    /// From the start of the process until it asked for its first invocation.
    pub polled: Duration,
    /// From the start of the process until it had answered.
    pub answered: Duration,
    /// The most memory it had until then, in KiB.
    pub peak_kb: u64,
}

/// What every start has in common.
pub struct Scene {
    /// A row of the table messages, in DynamoDB's JSON.
    pub row: Value,
    /// The variables of the process; it has no others.
    pub environment: BTreeMap<String, String>,
    /// What the row's recipient hears.
    pub events: Events,
}

impl Scene {
    /// Starts `program`, hands it the record, and waits until it has answered and the message has arrived.
    pub async fn start(&mut self, program: &Path) -> Result<Measured> {
        let text = format!("message {}", Uuid::new_v4());
        let mut api = RuntimeApi::open(self.event(&text)).await?;
        let mut command = Command::new(program);
        command.env_clear().envs(&self.environment).env("AWS_LAMBDA_RUNTIME_API", api.address.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let started = Instant::now();
        let mut process = command.spawn()?;
        let answer = tokio::select! {
            answer = api.answer() => answer,
            status = process.wait() => Err(format!("it ended with {}", status?).into()),
        };
        let peak_kb = process.id().map_or(Err("it has ended".into()), process::peak_kb);
        process.start_kill()?;
        let complete = async {
            let answer = answer?;
            let failures = serde_json::from_slice::<Value>(&answer.body?)?["batchItemFailures"].take();
            if failures != json!([]) {
                return Err(format!("it answered with failures: {failures}").into());
            }
            while message(&mut self.events).await? != text {}
            Ok(Measured { polled: answer.polled - started, answered: answer.answered - started, peak_kb: peak_kb? })
        };
        match complete.await {
            Ok(measured) => Ok(measured),
            Err(error) => Err(said(error, process).await?.into()),
        }
    }

    /// The event: one record of a row that is new.
    fn event(&self, text: &str) -> String {
        let mut row = self.row.clone();
        // Clients drop what they have seen, so no message may be like another.
        for attribute in ["messageId", "requestId"] {
            row[attribute] = json!({"S": Uuid::new_v4().to_string()});
        }
        row["message"] = json!({"S": text});
        let keys = json!({"recipientId": row["recipientId"], "messageId": row["messageId"]});
        let record = json!({
            "eventID": "1c3a7d3b4f4e4f3f8a3b2c1d0e9f8a7b", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_790_000_000, "Keys": keys, "NewImage": row,
                "SequenceNumber": "100000000000000000001", "SizeBytes": 300, "StreamViewType": "NEW_IMAGE",
            },
            "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/muster-dev-messages/stream/2026-01-01T00:00:00.000",
        });
        json!({"Records": [record]}).to_string()
    }
}

/// What went wrong, with what the process has said about it.
async fn said(error: Box<dyn std::error::Error + Send + Sync>, mut process: tokio::process::Child) -> Result<String> {
    let mut output = String::new();
    if let Some(mut stdout) = process.stdout.take() {
        stdout.read_to_string(&mut output).await?;
    }
    if let Some(mut stderr) = process.stderr.take() {
        stderr.read_to_string(&mut output).await?;
    }
    Ok(format!("{error}\n{output}"))
}
