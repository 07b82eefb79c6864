//! Streams as callers of their protocol see them.

use super::*;

/// The records of a shard from its beginning.
async fn told(db: &DynamoDb, shard: &StreamReader) -> Vec<Value> {
    let ask = json!({"StreamArn": shard.arn(), "ShardId": shard.shard_id(), "ShardIteratorType": "TRIM_HORIZON"});
    let iterator = call(db, "GetShardIterator", &ask).await["ShardIterator"].take();
    let mut records = call(db, "GetRecords", &json!({"ShardIterator": iterator})).await;
    let Value::Array(records) = records["Records"].take() else { panic!("{records}") };
    records
}

#[tokio::test]
async fn callers_see_the_stream_as_mappings_do() {
    let db = start(DynamoDbOptions::default()).await;
    for text in ["one", "one", "two"] {
        put(&db, "alice", "1", json!({"text": {"S": text}})).await;
    }
    let described = call(&db, "DescribeTable", &json!({"TableName": "messages"})).await;
    assert_eq!(described["Table"]["TableArn"], crate::account::arn("dynamodb", "table/messages"));
    assert_eq!(described["Table"]["StreamSpecification"]["StreamViewType"], "NEW_IMAGE");
    let mut reader = open(&db, "test");
    assert_eq!(described["Table"]["LatestStreamArn"], reader.arn());
    let (read, told) = (take(&mut reader, 2).await, told(&db, &reader).await);
    assert_eq!(told.len(), 2);
    for (mut told, read) in told.into_iter().zip(read) {
        told["eventSourceARN"] = json!(reader.arn());
        assert_eq!(told, read.event, "the protocol and a mapping show the same record");
    }
}

#[tokio::test]
async fn a_record_is_in_the_shard_of_its_partition_key() {
    let weather = Weather::new(Odds { shards: 4, ..Odds::default() });
    let db = start(DynamoDbOptions { weather, ..DynamoDbOptions::default() }).await;
    for number in 0..40 {
        put(&db, &format!("player{}", number % 20), &format!("{number:02}"), json!({})).await;
    }
    let shards = db.stream("messages", "test").unwrap();
    assert_eq!(shards.len(), 4);
    let mut homes = std::collections::BTreeMap::new();
    let mut seen = Vec::new();
    for (number, mut shard) in shards.into_iter().enumerate() {
        let told = told(&db, &shard).await;
        assert!(shard.shard_id().starts_with(&format!("shardId-{number:020}-")) && !told.is_empty());
        let records = take(&mut shard, told.len()).await;
        assert!(message_ids(&records).is_sorted());
        assert!(told.iter().zip(&records).all(|(told, record)| told["dynamodb"] == record.event["dynamodb"]));
        for record in &records {
            let recipient = record.event["dynamodb"]["Keys"]["recipientId"].to_string();
            assert_eq!(*homes.entry(recipient).or_insert(number), number, "a key has one shard");
        }
        seen.extend(message_ids(&records).into_iter().map(str::to_owned));
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..40).map(|number| format!("{number:02}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_dead_letters_record_is_found_for_a_day_and_after_that_it_is_trimmed() {
    let clock = Clock::standing_at(crate::clock::now());
    let db = start(DynamoDbOptions { clock: clock.clone(), ..DynamoDbOptions::default() }).await;
    for number in ["1", "2", "3"] {
        put(&db, "alice", number, json!({})).await;
    }
    let mut reader = open(&db, "test");
    let records = take(&mut reader, 3).await;
    reader.finish(records[2].position);
    let (arn, shard, number) = (reader.arn(), reader.shard_id(), &records[1].sequence_number);
    let ask = json!({"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": number});
    clock.advance(Duration::from_secs(23 * 60 * 60));
    let iterator = call(&db, "GetShardIterator", &ask).await["ShardIterator"].take();
    let found = call(&db, "GetRecords", &json!({"ShardIterator": iterator, "Limit": 1})).await;
    assert_eq!(found["Records"][0]["dynamodb"]["Keys"]["messageId"]["S"], "2");
    assert_eq!(found["Records"].as_array().unwrap().len(), 1);
    clock.advance(Duration::from_secs(2 * 60 * 60));
    until_rows(&db, 0).await;
    let trimmed = "com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException";
    assert_eq!(call(&db, "GetShardIterator", &ask).await["__type"], trimmed);
    // The same where newer records are left.
    put(&db, "alice", "4", json!({})).await;
    assert_eq!(call(&db, "GetShardIterator", &ask).await["__type"], trimmed);
}
