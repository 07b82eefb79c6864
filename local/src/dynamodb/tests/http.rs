//! The front door's way to the engine.

use super::*;

/// The room's answers on a port of their own.
async fn serve(db: &DynamoDb) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let db = db.clone();
    let handle = move |request: Request| {
        let db = db.clone();
        async move { db.handle(request).await }
    };
    let router = axum::Router::new().route("/", axum::routing::any(handle));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}/")
}

#[tokio::test]
async fn arns_carry_the_region_of_the_stack_both_ways() {
    let db = start().await;
    let front = serve(&db).await;
    let table = call(&front, "DynamoDB_20120810.DescribeTable", &json!({"TableName": "messages"})).await;
    assert_eq!(table["Table"]["TableArn"], "arn:aws:dynamodb:eu-central-1:123456789012:table/messages");
    let arn = table["Table"]["LatestStreamArn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:dynamodb:eu-central-1:123456789012:table/messages/stream/"));
    put(&db, "alice", "1", json!({})).await;
    let described = call(&front, "DynamoDBStreams_20120810.DescribeStream", &json!({"StreamArn": arn})).await;
    let shard = &described["StreamDescription"]["Shards"][0]["ShardId"];
    let ask = json!({"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
    let iterator = call(&front, "DynamoDBStreams_20120810.GetShardIterator", &ask).await;
    let records = call(&front, "DynamoDBStreams_20120810.GetRecords", &json!({"ShardIterator": iterator["ShardIterator"]})).await;
    assert_eq!(records["Records"][0]["awsRegion"], "eu-central-1");
    let mut reader = db.stream("messages", "test", StartingPosition::TrimHorizon).unwrap();
    let record = take(&mut reader, 1).await.remove(0);
    assert_eq!(record.event["eventSourceARN"], arn, "a mapping and the API name the stream alike");
    assert_eq!(records["Records"][0]["dynamodb"]["SequenceNumber"], record.sequence_number.as_str());
    assert_eq!(*shard, reader.shard_id());
}

#[tokio::test]
async fn callers_see_the_view_type_of_the_stream_and_only_changes() {
    let db = DynamoDb::start(DynamoDbOptions::default()).await.unwrap();
    db.create_table(&config("messages", StreamViewType::NewImage)).await.unwrap();
    let front = serve(&db).await;
    for text in ["one", "one", "two"] {
        put(&db, "alice", "1", json!({"text": {"S": text}})).await;
    }
    let table = call(&front, "DynamoDB_20120810.DescribeTable", &json!({"TableName": "messages"})).await;
    assert_eq!(table["Table"]["StreamSpecification"]["StreamViewType"], "NEW_IMAGE");
    let arn = &table["Table"]["LatestStreamArn"];
    let described = call(&front, "DynamoDBStreams_20120810.DescribeStream", &json!({"StreamArn": arn})).await;
    assert_eq!(described["StreamDescription"]["StreamViewType"], "NEW_IMAGE");
    let ask =
        json!({"StreamArn": arn, "ShardId": described["StreamDescription"]["Shards"][0]["ShardId"], "ShardIteratorType": "TRIM_HORIZON"});
    let iterator = call(&front, "DynamoDBStreams_20120810.GetShardIterator", &ask).await;
    let records = call(&front, "DynamoDBStreams_20120810.GetRecords", &json!({"ShardIterator": iterator["ShardIterator"]})).await;
    let mut reader = db.stream("messages", "test", StartingPosition::TrimHorizon).unwrap();
    let read = take(&mut reader, 2).await;
    assert_eq!(records["Records"].as_array().unwrap().len(), 2);
    for (told, read) in records["Records"].as_array().unwrap().iter().zip(&read) {
        let mut told = told.clone();
        let seconds = told["dynamodb"]["ApproximateCreationDateTime"].as_f64().unwrap();
        told["dynamodb"]["ApproximateCreationDateTime"] = json!(seconds as i64);
        told["eventSourceARN"] = arn.clone();
        assert_eq!(told, read.event, "the API and a mapping show the same record");
    }
}

#[tokio::test]
async fn a_dead_letters_record_is_found_for_a_day_and_after_that_it_is_trimmed() {
    let clock = Clock::standing_at(crate::clock::now());
    let db = DynamoDb::start(DynamoDbOptions { clock: clock.clone(), ..DynamoDbOptions::default() }).await.unwrap();
    db.create_table(&config("messages", StreamViewType::NewImage)).await.unwrap();
    let front = serve(&db).await;
    for number in ["1", "2", "3"] {
        put(&db, "alice", number, json!({})).await;
    }
    let mut reader = db.stream("messages", "test", StartingPosition::TrimHorizon).unwrap();
    let records = take(&mut reader, 3).await;
    reader.checkpoint().finish(records[2].position);
    let ask = json!({
        "StreamArn": reader.arn(), "ShardId": reader.shard_id(), "ShardIteratorType": "AT_SEQUENCE_NUMBER",
        "SequenceNumber": records[1].sequence_number,
    });
    clock.advance(Duration::from_secs(23 * 60 * 60));
    let iterator = call(&front, "DynamoDBStreams_20120810.GetShardIterator", &ask).await;
    let ask_records = json!({"ShardIterator": iterator["ShardIterator"], "Limit": 1});
    let found = call(&front, "DynamoDBStreams_20120810.GetRecords", &ask_records).await;
    assert_eq!(found["Records"][0]["dynamodb"]["Keys"]["messageId"]["S"], "2");
    clock.advance(Duration::from_secs(2 * 60 * 60));
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while count_rows(&db) > 0 {
        assert!(std::time::Instant::now() < until, "they are trimmed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refused = call(&front, "DynamoDBStreams_20120810.GetShardIterator", &ask).await;
    assert_eq!(refused["__type"], "com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException");
    // The same where newer records are left.
    put(&db, "alice", "4", json!({})).await;
    let refused = call(&front, "DynamoDBStreams_20120810.GetShardIterator", &ask).await;
    assert_eq!(refused["__type"], "com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException");
}

#[tokio::test]
async fn items_pass_as_they_are_even_if_they_speak_of_arns() {
    let db = start().await;
    let front = serve(&db).await;
    let text = "arn:aws:dynamodb:eu-central-1:123456789012:table/x and arn:aws:dynamodb:dynoxide:0:table/x";
    let item = json!({
        "recipientId": {"S": "alice"}, "messageId": {"S": "1"}, "TableName": {"S": text}, "message": {"S": text},
        "tableArn": {"M": {"Arn": {"S": text}, "awsRegion": {"S": "dynoxide"}}},
    });
    assert_eq!(call(&front, "DynamoDB_20120810.PutItem", &json!({"TableName": "messages", "Item": item})).await, json!({}));
    let key = json!({"recipientId": {"S": "alice"}, "messageId": {"S": "1"}});
    for endpoint in [front, db.endpoint()] {
        let answer = call(&endpoint, "DynamoDB_20120810.GetItem", &json!({"TableName": "messages", "Key": key})).await;
        assert_eq!(answer["Item"], item);
    }
}

#[tokio::test]
async fn errors_of_the_engine_arrive_as_they_are() {
    let db = start().await;
    let front = serve(&db).await;
    let answer = call(&front, "DynamoDB_20120810.GetItem", &json!({"TableName": "absent", "Key": {"id": {"S": "1"}}})).await;
    assert_eq!(answer["__type"], "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException");
}

#[tokio::test]
async fn after_a_shutdown_nobody_answers_on_the_port() {
    let db = start().await;
    let endpoint = db.endpoint();
    put(&db, "alice", "1", json!({})).await;
    tokio::time::timeout(Duration::from_secs(5), db.shutdown()).await.expect("stopping takes no time");
    assert!(reqwest::get(endpoint).await.is_err());
}
