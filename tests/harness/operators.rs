//! A local stack as an operator has it who holds the template's `OperatorPolicy` and nothing else; and dead letters to look after.

use serde_json::{Value, json};

use super::{LocalStack, eventually};

/// What signs for whoever has the policy: see `account` in the local stack.
fn signature(service: &str) -> String {
    let key: String = "policy:OperatorPolicy".bytes().map(|byte| format!("{byte:02X}")).collect();
    format!("AWS4-HMAC-SHA256 Credential=ASIAF{key}/20260101/eu-central-1/{service}/aws4_request, SignedHeaders=host, Signature=0")
}

impl LocalStack {
    /// Invokes a task, such as `operate`, and returns its answer.
    pub async fn task(&self, name: &str, request: &Value) -> Value {
        let url = format!("{}/2015-03-31/functions/muster-dev-{name}/invocations?Qualifier=live", self.addresses.endpoint);
        let request = reqwest::Client::new().post(url).header("authorization", signature("lambda")).body(request.to_string());
        let answer = request.send().await.unwrap();
        let failed = answer.headers().get("x-amz-function-error").cloned();
        let text = answer.text().await.unwrap();
        assert_eq!(failed, None, "{name} has failed: {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Asks the task `operate`.
    pub async fn operate(&self, ask: Value) -> Value {
        self.task("operate", &ask).await
    }

    /// Calls an API as an operator.
    pub async fn as_operator(&self, service: &str, target: &str, body: &Value) -> Value {
        let request = reqwest::Client::new().post(&self.addresses.endpoint).header("x-amz-target", target);
        let request = request.header("authorization", signature(service)).header("content-type", "application/x-amz-json-1.0");
        let text = request.body(body.to_string()).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Puts a letter into the dead-letter queue of `streams`, `timers` or `topics`, and returns its id.
    pub async fn put_letter(&self, queue: &str, body: &Value) -> String {
        let url = self.aws("AmazonSQS.GetQueueUrl", &json!({"QueueName": format!("muster-dev-{queue}-dead-letters")})).await;
        let send = json!({"QueueUrl": url["QueueUrl"], "MessageBody": body.as_str().map_or_else(|| body.to_string(), str::to_owned)});
        self.aws("AmazonSQS.SendMessage", &send).await["MessageId"].as_str().unwrap().to_owned()
    }

    /// Replays what is in a queue until nothing gets any further, as the state machine does but for the waits. Returns the last answer,
    /// with what was told of each letter by all of them.
    pub async fn replay(&self, request: Value) -> Value {
        let (mut request, mut letters) = (request, Vec::new());
        request["who"] = json!("a test");
        loop {
            let mut answer = self.task("replay-dead-letters", &request).await;
            assert_eq!(answer["problem"], json!(null), "{answer}");
            if let Value::Array(told) = answer["letters"].take() {
                letters.extend(told);
            }
            if answer["done"] == true {
                answer["letters"] = letters.into();
                return answer;
            }
            answer.as_object_mut().unwrap().remove("letters");
            request = answer;
        }
    }

    /// Waits for a record in the stream of a table, and returns it as Lambda hands it over, with the letter that `consumer` would make of
    /// it after it has failed for too long.
    pub async fn record(&self, table: &str, consumer: &str, is_wanted: impl Fn(&Value) -> bool) -> (Value, Value) {
        let described = self.aws("DynamoDB_20120810.DescribeTable", &json!({"TableName": format!("muster-dev-{table}")})).await;
        let arn = described["Table"]["LatestStreamArn"].clone();
        let streams = async |operation: &str, body: Value| self.aws(&format!("DynamoDBStreams_20120810.{operation}"), &body).await;
        let shards = streams("DescribeStream", json!({ "StreamArn": arn })).await;
        let shards: Vec<Value> = shards["StreamDescription"]["Shards"].as_array().unwrap().clone();
        eventually(&format!("a record of {table}"), || async {
            for shard in &shards {
                let from = json!({"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"});
                let iterator = streams("GetShardIterator", from).await;
                let page = streams("GetRecords", json!({"ShardIterator": iterator["ShardIterator"]})).await;
                let found = page["Records"].as_array().unwrap().iter().find(|record| is_wanted(&record["dynamodb"]["NewImage"]));
                if let Some(record) = found {
                    let number = &record["dynamodb"]["SequenceNumber"];
                    let letter = json!({
                        "requestContext": {"requestId": "r", "condition": "RecordAgeExceeded", "approximateInvokeCount": 9,
                            "functionArn": format!("arn:aws:lambda:eu-central-1:123456789012:function:muster-dev-{consumer}:live")},
                        "responseContext": {"statusCode": 200, "executedVersion": "1", "functionError": "Unhandled"},
                        "version": "1.0", "timestamp": "2026-11-30T00:00:00.000Z",
                        "DDBStreamBatchInfo": {"shardId": shard["ShardId"], "startSequenceNumber": number, "endSequenceNumber": number,
                            "batchSize": 1, "streamArn": arn}});
                    let mut record = record.clone();
                    record["eventSourceARN"] = arn.clone();
                    return Some((record, letter));
                }
            }
            None
        })
        .await
    }
}
