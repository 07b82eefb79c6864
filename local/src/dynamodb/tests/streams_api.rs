//! Streams as callers of their protocol see them.

use super::*;

/// The records of each shard from its beginning.
async fn shards(db: &DynamoDb, arn: &Value) -> Vec<(String, Vec<Value>)> {
    let described = call(db, "DescribeStream", &json!({"StreamArn": arn})).await;
    let mut shards = Vec::new();
    for shard in described["StreamDescription"]["Shards"].as_array().unwrap() {
        let ask = json!({"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"});
        let iterator = call(db, "GetShardIterator", &ask).await["ShardIterator"].take();
        let mut records = call(db, "GetRecords", &json!({"ShardIterator": iterator})).await;
        let Value::Array(records) = records["Records"].take() else { panic!("{records}") };
        shards.push((shard["ShardId"].as_str().unwrap().to_owned(), records));
    }
    shards
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
    let arn = &described["Table"]["LatestStreamArn"];
    let listed = call(&db, "ListStreams", &json!({"TableName": "messages"})).await;
    assert_eq!(listed["Streams"][0]["StreamArn"], *arn);
    assert_eq!(call(&db, "ListStreams", &json!({"TableName": "other"})).await["Streams"], json!([]));
    let mut reader = db.stream("messages", "test").unwrap();
    assert_eq!(reader.arn(), arn);
    let read = take(&mut reader, 2).await;
    let [(id, told)] = &shards(&db, arn).await[..] else { panic!("there is one shard") };
    assert_eq!(*id, reader.shard_id(0));
    assert_eq!(told.len(), 2);
    for (told, read) in told.iter().zip(read) {
        let mut told = told.clone();
        told["eventSourceARN"] = arn.clone();
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
    let mut reader = db.stream("messages", "test").unwrap();
    let records = take(&mut reader, 40).await;
    assert!(message_ids(&records).is_sorted(), "a reader has all shards, in order");
    let shards = shards(&db, &json!(reader.arn())).await;
    assert_eq!((shards.len(), reader.shards()), (4, 4));
    for (shard, (id, told)) in shards.iter().enumerate() {
        assert!(*id == reader.shard_id(shard as u32) && id.ends_with(&format!("-{shard}")) && !told.is_empty());
        let own = records.iter().filter(|record| record.shard == shard as u32).map(|record| &record.event["dynamodb"]);
        assert_eq!(told.iter().map(|record| &record["dynamodb"]).collect::<Vec<_>>(), own.collect::<Vec<_>>());
    }
    let recipient = |record: &StreamRecord| record.event["dynamodb"]["Keys"]["recipientId"].to_string();
    for (first, second) in records[..20].iter().zip(&records[20..]) {
        assert_eq!((recipient(first), first.shard), (recipient(second), second.shard));
    }
}

#[tokio::test]
async fn a_dead_letters_record_is_found_for_a_day_and_after_that_it_is_trimmed() {
    let clock = Clock::standing_at(crate::clock::now());
    let db = start(DynamoDbOptions { clock: clock.clone(), ..DynamoDbOptions::default() }).await;
    for number in ["1", "2", "3"] {
        put(&db, "alice", number, json!({})).await;
    }
    let mut reader = db.stream("messages", "test").unwrap();
    let records = take(&mut reader, 3).await;
    reader.checkpoint().finish(records[2].position);
    let ask = |kind: &str| {
        let (arn, number) = (reader.arn(), &records[1].sequence_number);
        json!({"StreamArn": arn, "ShardId": reader.shard_id(0), "ShardIteratorType": kind, "SequenceNumber": number})
    };
    clock.advance(Duration::from_secs(23 * 60 * 60));
    for (kind, expected) in [("AT_SEQUENCE_NUMBER", "2"), ("AFTER_SEQUENCE_NUMBER", "3")] {
        let iterator = call(&db, "GetShardIterator", &ask(kind)).await["ShardIterator"].take();
        let found = call(&db, "GetRecords", &json!({"ShardIterator": iterator, "Limit": 1})).await;
        assert_eq!(found["Records"][0]["dynamodb"]["Keys"]["messageId"]["S"], expected);
        assert_eq!(found["Records"].as_array().unwrap().len(), 1);
    }
    clock.advance(Duration::from_secs(2 * 60 * 60));
    until_rows(&db, 0).await;
    let trimmed = "com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException";
    assert_eq!(call(&db, "GetShardIterator", &ask("AT_SEQUENCE_NUMBER")).await["__type"], trimmed);
    // The same where newer records are left.
    put(&db, "alice", "4", json!({})).await;
    assert_eq!(call(&db, "GetShardIterator", &ask("AT_SEQUENCE_NUMBER")).await["__type"], trimmed);
}
