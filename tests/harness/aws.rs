//! A local stack as AWS clients see it: its tables and its queues.

use serde_json::{Value, json};

use super::LocalStack;

impl LocalStack {
    /// Calls an AWS API as its clients do, apart from the signature, which nobody checks here.
    pub async fn aws(&self, target: &str, body: &Value) -> Value {
        let request = reqwest::Client::new().post(&self.addresses.endpoint).header("x-amz-target", target);
        let request = request.header("content-type", "application/x-amz-json-1.0").body(body.to_string());
        let authorization =
            "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
        let request = request.header("authorization", authorization).header("x-amz-date", "20260101T000000Z");
        serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap()
    }

    /// Calls an AWS API of the query protocol with this form, and gives the XML of its answer.
    pub async fn query(&self, form: &str) -> String {
        let request = reqwest::Client::new().post(&self.addresses.endpoint).body(form.to_owned());
        let request = request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        request.send().await.unwrap().text().await.unwrap()
    }

    /// Every row in a player's inbox, oldest first.
    pub async fn inbox(&self, player: &str) -> Vec<Value> {
        self.rows("muster-dev-messages", "recipientId", player).await
    }

    /// The `item` of every connection row of a player.
    pub async fn connections(&self, player: &str) -> Vec<String> {
        let rows = self.rows("muster-dev-players", "playerId", player).await;
        let items = rows.iter().map(|row| row["item"]["S"].as_str().unwrap());
        items.filter(|item| item.starts_with("connection#")).map(str::to_owned).collect()
    }

    /// Puts an item as it is.
    pub async fn put(&self, table: &str, item: &Value) {
        let answer = self.aws("DynamoDB_20120810.PutItem", &json!({"TableName": table, "Item": item})).await;
        assert_eq!(answer, json!({}));
    }

    /// Whether the gateway still holds the socket of this connection row.
    pub async fn is_open(&self, item: &str) -> bool {
        let id = item.strip_prefix("connection#").unwrap();
        let stage = self.addresses.url.rsplit('/').next().unwrap();
        let status = reqwest::get(format!("{}/{stage}/@connections/{id}", self.addresses.endpoint)).await.unwrap().status();
        assert!(matches!(status.as_u16(), 200 | 410), "{status}");
        status.is_success()
    }

    /// Takes the dead letters of `consumer`, such as `messages-deliver`. Those of others stay for whoever asks for them.
    pub async fn dead_letters(&self, consumer: &str) -> Vec<Value> {
        for queue in ["streams", "timers", "topics"] {
            let name = format!("muster-dev-{queue}-dead-letters");
            let queue = self.aws("AmazonSQS.GetQueueUrl", &json!({"QueueName": name})).await["QueueUrl"].take();
            loop {
                let mut received = self.aws("AmazonSQS.ReceiveMessage", &json!({"QueueUrl": queue, "MaxNumberOfMessages": 10})).await;
                let Some(messages) = received["Messages"].as_array_mut().filter(|messages| !messages.is_empty()) else { break };
                for message in messages {
                    self.aws("AmazonSQS.DeleteMessage", &json!({"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]})).await;
                    self.letters.lock().unwrap().push(serde_json::from_str(message["Body"].as_str().unwrap()).unwrap());
                }
            }
        }
        // A letter of the harness names its function, one of Lambda's its ARN, and what a queue gave up is a timer.
        let is_own = |letter: &mut Value| match letter["function"].as_str().or(letter["requestContext"]["functionArn"].as_str()) {
            Some(function) => function.contains(&format!("muster-dev-{consumer}")),
            None => consumer == "look-again",
        };
        self.letters.lock().unwrap().extract_if(.., is_own).collect()
    }

    /// The ids of the messages whose rows a dead letter of the stream stands for: it only says where in the stream they are.
    pub async fn dead_lettered(&self, letter: &Value) -> Vec<String> {
        let batch = &letter["DDBStreamBatchInfo"];
        let from = json!({
            "StreamArn": batch["streamArn"], "ShardId": batch["shardId"], "ShardIteratorType": "AT_SEQUENCE_NUMBER",
            "SequenceNumber": batch["startSequenceNumber"]
        });
        let mut page = self.aws("DynamoDBStreams_20120810.GetShardIterator", &from).await;
        let (mut ids, mut iterator) = (Vec::new(), page["ShardIterator"].take());
        loop {
            page = self.aws("DynamoDBStreams_20120810.GetRecords", &json!({"ShardIterator": iterator})).await;
            let records = page["Records"].as_array().filter(|records| !records.is_empty());
            for record in records.unwrap_or_else(|| panic!("the records of {letter} are in the stream: {page}")) {
                let stream = &record["dynamodb"];
                ids.push(stream["Keys"]["messageId"]["S"].as_str().unwrap().to_owned());
                if stream["SequenceNumber"] == batch["endSequenceNumber"] {
                    assert_eq!(json!(ids.len()), batch["batchSize"], "{letter}");
                    return ids;
                }
            }
            iterator = page["NextShardIterator"].take();
        }
    }

    pub(super) async fn rows(&self, table: &str, key: &str, player: &str) -> Vec<Value> {
        let mut query = json!({
            "TableName": table, "ConsistentRead": true, "KeyConditionExpression": "#key = :player",
            "ExpressionAttributeNames": {"#key": key},
            "ExpressionAttributeValues": {":player": {"S": player}}
        });
        let mut rows = Vec::new();
        loop {
            let mut page = self.aws("DynamoDB_20120810.Query", &query).await;
            rows.append(page["Items"].as_array_mut().unwrap());
            match page["LastEvaluatedKey"].take() {
                Value::Null => return rows,
                last => query["ExclusiveStartKey"] = last,
            }
        }
    }
}
