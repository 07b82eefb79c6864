//! Streams as mappings read them.

use super::*;

#[tokio::test]
async fn a_record_has_the_shape_of_a_lambda_event() {
    let db = start().await;
    let mut reader = db.stream("messages", "test", StartingPosition::TrimHorizon).unwrap();
    put(&db, "alice", "1", json!({"n": {"N": "12"}})).await;
    put(&db, "alice", "1", json!({"n": {"N": "13"}})).await;
    let delete = json!({"TableName": "messages", "Key": {"recipientId": {"S": "alice"}, "messageId": {"S": "1"}}});
    call(&db.endpoint(), "DynamoDB_20120810.DeleteItem", &delete).await;
    let records = take(&mut reader, 3).await;
    let mut insert = records[0].event.clone();
    let id = insert["eventID"].take();
    assert_eq!(id.as_str().unwrap().len(), 32);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    assert!((now - insert["dynamodb"]["ApproximateCreationDateTime"].as_i64().unwrap()).abs() < 10);
    insert["dynamodb"]["ApproximateCreationDateTime"] = Value::Null;
    assert_eq!(records[0].sequence_number.len(), 21);
    let expected = json!({
        "eventID": null, "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "us-east-1",
        "eventSourceARN": reader.arn(),
        "dynamodb": {
            "ApproximateCreationDateTime": null,
            "Keys": {"recipientId": {"S": "alice"}, "messageId": {"S": "1"}},
            "NewImage": {"recipientId": {"S": "alice"}, "messageId": {"S": "1"}, "n": {"N": "12"}},
            "SequenceNumber": records[0].sequence_number,
            // Keys 26, image 29: names and values, a number of two digits being 2 bytes.
            "SizeBytes": 26 + 26 + 1 + 2,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    });
    assert_eq!(insert, expected);
    let names: Vec<_> = records.iter().map(|record| record.event["eventName"].as_str().unwrap()).collect();
    assert_eq!(names, ["INSERT", "MODIFY", "REMOVE"]);
    assert_eq!(records[1].event["dynamodb"]["OldImage"]["n"]["N"], "12");
    assert_eq!(records[1].event["dynamodb"]["NewImage"]["n"]["N"], "13");
    assert!(records[2].event["dynamodb"].get("NewImage").is_none());
}

#[tokio::test]
async fn the_view_type_says_which_images_there_are() {
    let db = DynamoDb::start(DynamoDbOptions::default()).await.unwrap();
    let views = [
        (StreamViewType::KeysOnly, [false, false]),
        (StreamViewType::NewImage, [true, false]),
        (StreamViewType::OldImage, [false, true]),
        (StreamViewType::NewAndOldImages, [true, true]),
    ];
    for (view, expected) in views {
        db.create_table(&config(view.name(), view)).await.unwrap();
        for value in ["1", "2"] {
            let item = json!({"recipientId": {"S": "a"}, "messageId": {"S": "m"}, "value": {"S": value}});
            call(&db.endpoint(), "DynamoDB_20120810.PutItem", &json!({"TableName": view.name(), "Item": item})).await;
        }
        let modify = take(&mut db.stream(view.name(), "test", StartingPosition::TrimHorizon).unwrap(), 2).await.remove(1);
        let images = ["NewImage", "OldImage"].map(|image| modify.event["dynamodb"].get(image).is_some());
        assert_eq!(images, expected, "{view:?}");
    }
}

#[tokio::test]
async fn a_write_that_changes_nothing_has_no_record() {
    let db = start().await;
    let mut reader = db.stream("messages", "test", StartingPosition::TrimHorizon).unwrap();
    put(&db, "alice", "1", json!({"set": {"SS": ["a", "b"]}})).await;
    put(&db, "alice", "1", json!({"set": {"SS": ["b", "a"]}})).await;
    put(&db, "alice", "2", json!({})).await;
    let records = take(&mut reader, 2).await;
    assert!(records.iter().all(|record| record.event["eventName"] == "INSERT"), "{records:?}");
}

#[tokio::test]
async fn records_come_in_order_and_once_however_they_are_asked_for() {
    let db = start().await;
    let mut reader = db.stream("messages", "test", StartingPosition::TrimHorizon).unwrap();
    let writer = {
        let db = db.clone();
        tokio::spawn(async move {
            for number in 0..200 {
                put(&db, "alice", &format!("{number:03}"), json!({})).await;
            }
        })
    };
    let mut seen = Vec::new();
    for patience in [Duration::from_micros(300), Duration::from_secs(5)].into_iter().cycle() {
        if seen.len() == 200 {
            break;
        }
        // A read that is abandoned loses nothing.
        if let Ok(records) = tokio::time::timeout(patience, reader.next(7)).await {
            let records = records.unwrap();
            assert!(records.len() <= 7);
            seen.extend(records.into_iter().map(|record| record.event["dynamodb"]["Keys"]["messageId"]["S"].as_str().unwrap().to_owned()));
        }
    }
    writer.await.unwrap();
    assert_eq!(seen, (0..200).map(|number| format!("{number:03}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_durable_stream_goes_on_after_what_was_finished() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let db = DynamoDb::start(durable(path.clone())).await.unwrap();
    db.create_table(&config("messages", StreamViewType::NewImage)).await.unwrap();
    for number in ["1", "2", "3"] {
        put(&db, "alice", number, json!({})).await;
    }
    let mut reader = db.stream("messages", "deliver", StartingPosition::TrimHorizon).unwrap();
    let records = take(&mut reader, 3).await;
    reader.checkpoint().finish(records[1].position);
    drop(reader);
    db.shutdown().await;
    drop(db);
    let db = DynamoDb::start(durable(path)).await.unwrap();
    let again = take(&mut db.stream("messages", "deliver", StartingPosition::TrimHorizon).unwrap(), 1).await;
    assert_eq!(again[0].sequence_number, records[2].sequence_number);
    let other = take(&mut db.stream("messages", "audit", StartingPosition::TrimHorizon).unwrap(), 3).await;
    assert_eq!(other[0].sequence_number, records[0].sequence_number, "another consumer begins at the oldest record");
}

#[tokio::test]
async fn records_are_kept_until_every_reader_has_finished_them() {
    let db = DynamoDb::start(DynamoDbOptions { stream_records: 0, ..DynamoDbOptions::default() }).await.unwrap();
    db.create_table(&config("messages", StreamViewType::NewImage)).await.unwrap();
    let (mut fast, mut slow) = (
        db.stream("messages", "fast", StartingPosition::TrimHorizon).unwrap(),
        db.stream("messages", "slow", StartingPosition::TrimHorizon).unwrap(),
    );
    for number in 0..10 {
        put(&db, "alice", &number.to_string(), json!({})).await;
    }
    let records = take(&mut fast, 10).await;
    fast.checkpoint().finish(records[9].position);
    slow.checkpoint().finish(records[3].position);
    let until = std::time::Instant::now() + Duration::from_secs(5);
    while count_rows(&db) != 6 {
        assert!(std::time::Instant::now() < until, "{} rows", count_rows(&db));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(take(&mut slow, 6).await.last().unwrap().position, records[9].position);
}

#[tokio::test]
async fn a_table_without_a_stream_is_named() {
    let db = DynamoDb::start(DynamoDbOptions::default()).await.unwrap();
    db.create_table(&TableConfig { stream: None, ..config("players", StreamViewType::NewImage) }).await.unwrap();
    for table in ["players", "absent"] {
        let error = db.stream(table, "test", StartingPosition::TrimHorizon).map(drop).unwrap_err();
        assert!(error.to_string().contains(table), "{error}");
    }
}

/// Prints how long a record takes from its write's answer to its reader, and what watching costs.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn measure_the_watcher() {
    let db = start().await;
    let mut reader = db.stream("messages", "test", StartingPosition::TrimHorizon).unwrap();
    let client = reqwest::Client::new();
    for pause in [0, 20, 400] {
        let mut delays = Vec::new();
        for number in 0..if pause == 400 { 20 } else { 200 } {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            let item = json!({"recipientId": {"S": "a"}, "messageId": {"S": format!("{pause}-{number}")}});
            let request = client.post(db.endpoint()).header("x-amz-target", "DynamoDB_20120810.PutItem");
            let request = request.header("content-type", "application/x-amz-json-1.0");
            let request = request
                .header(
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=a/20261121/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00",
                )
                .header("x-amz-date", "20261121T000000Z");
            let request = request.body(json!({"TableName": "messages", "Item": item}).to_string());
            let waiting = tokio::spawn(async move {
                reader.next(1).await.unwrap();
                (std::time::Instant::now(), reader)
            });
            assert!(request.send().await.unwrap().status().is_success());
            let written = std::time::Instant::now();
            let (seen, back) = waiting.await.unwrap();
            reader = back;
            delays.push(seen.saturating_duration_since(written));
        }
        delays.sort();
        println!("pause {pause} ms: median {:?}, worst {:?}", delays[delays.len() / 2], delays[delays.len() - 1]);
    }
    let ticks = || {
        let text = std::fs::read_to_string("/proc/self/stat").unwrap();
        let fields: Vec<_> = text.rsplit(')').next().unwrap().split_whitespace().map(str::to_owned).collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    tokio::time::sleep(Duration::from_secs(11)).await;
    let before = ticks();
    tokio::time::sleep(Duration::from_secs(10)).await;
    println!("idle: {} % of a core", (ticks() - before) as f64 / 10.0);
}
