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
        "eventID": null, "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1",
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
async fn a_write_that_changes_nothing_has_no_record_whatever_the_view() {
    let db = DynamoDb::start(DynamoDbOptions::default()).await.unwrap();
    for view in [StreamViewType::KeysOnly, StreamViewType::NewImage, StreamViewType::OldImage, StreamViewType::NewAndOldImages] {
        db.create_table(&config(view.name(), view)).await.unwrap();
        for (message, set) in [("1", ["a", "b"]), ("1", ["b", "a"]), ("1", ["a", "c"]), ("2", ["a", "b"])] {
            let item = json!({"recipientId": {"S": "alice"}, "messageId": {"S": message}, "set": {"SS": set}});
            call(&db.endpoint(), "DynamoDB_20120810.PutItem", &json!({"TableName": view.name(), "Item": item})).await;
        }
        let records = take(&mut db.stream(view.name(), "test", StartingPosition::TrimHorizon).unwrap(), 3).await;
        let names: Vec<_> = records.iter().map(|record| record.event["eventName"].as_str().unwrap()).collect();
        assert_eq!(names, ["INSERT", "MODIFY", "INSERT"], "{view:?}");
    }
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

/// A day, which records are kept.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Waits until the stream has so many rows.
async fn until_rows(db: &DynamoDb, count: i64) {
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while count_rows(db) != count {
        assert!(std::time::Instant::now() < until, "{} rows", count_rows(db));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn until_saved(db: &DynamoDb, position: i64) {
    let until = std::time::Instant::now() + Duration::from_secs(20);
    let connection = rusqlite::Connection::open(&db.inner.file).unwrap();
    let saved = || connection.query_row("SELECT MAX(position) FROM muster_positions", [], |row| row.get::<_, Option<i64>>(0)).unwrap();
    while saved() != Some(position) {
        assert!(std::time::Instant::now() < until, "saved {:?}", saved());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn records_are_readable_for_a_day_and_then_go_also_unread() {
    let (clock, directory) = (Clock::standing_at(crate::clock::now()), tempfile::tempdir().unwrap());
    let db = DynamoDb::start(DynamoDbOptions { clock: clock.clone(), ..durable(directory.path().join("data")) }).await.unwrap();
    db.create_table(&config("messages", StreamViewType::NewImage)).await.unwrap();
    let open = |consumer: &str| db.stream("messages", consumer, StartingPosition::TrimHorizon).unwrap();
    let (mut fast, mut slow) = (open("fast"), open("slow"));
    for number in 0..5 {
        put(&db, "alice", &number.to_string(), json!({})).await;
    }
    let records = take(&mut fast, 5).await;
    take(&mut slow, 2).await;
    clock.advance(DAY - Duration::from_secs(60));
    // Positions are saved in each round before it trims: when the second is there, the round of the first is over.
    for record in &records[..2] {
        fast.checkpoint().finish(record.position);
        until_saved(&db, record.position).await;
    }
    assert_eq!(count_rows(&db), 5, "read or not, they stay");
    assert_eq!(take(&mut open("late"), 5).await, records);
    clock.advance(Duration::from_secs(120));
    until_rows(&db, 0).await;
    put(&db, "alice", "new", json!({})).await;
    assert_eq!(take(&mut slow, 1).await[0].event["dynamodb"]["Keys"]["messageId"]["S"], "new", "a reader goes on at the horizon");
    assert!(records[4].position < slow.position());
}

#[tokio::test]
async fn a_flood_is_trimmed_before_its_day_but_not_before_every_reader_has_finished_it() {
    let db = DynamoDb::start(DynamoDbOptions { stream_records: 2, ..DynamoDbOptions::default() }).await.unwrap();
    db.create_table(&config("messages", StreamViewType::NewImage)).await.unwrap();
    let open = |consumer: &str| db.stream("messages", consumer, StartingPosition::TrimHorizon).unwrap();
    let (mut fast, mut slow) = (open("fast"), open("slow"));
    for number in 0..10 {
        put(&db, "alice", &number.to_string(), json!({})).await;
    }
    let records = take(&mut fast, 10).await;
    fast.checkpoint().finish(records[9].position);
    slow.checkpoint().finish(records[3].position);
    until_rows(&db, 6).await;
    assert_eq!(take(&mut slow, 6).await.last().unwrap().position, records[9].position);
    slow.checkpoint().finish(records[9].position);
    until_rows(&db, 2).await;
}

#[tokio::test]
async fn a_consumer_may_begin_with_what_comes_next() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let db = DynamoDb::start(durable(path.clone())).await.unwrap();
    db.create_table(&config("messages", StreamViewType::NewImage)).await.unwrap();
    put(&db, "alice", "before", json!({})).await;
    drop(db.stream("messages", "deliver", StartingPosition::Latest).unwrap());
    put(&db, "alice", "after", json!({})).await;
    db.shutdown().await;
    drop(db);
    // It begins where it was first opened, also after a restart before it has finished anything.
    let db = DynamoDb::start(durable(path)).await.unwrap();
    let record = take(&mut db.stream("messages", "deliver", StartingPosition::Latest).unwrap(), 1).await.remove(0);
    assert_eq!(record.event["dynamodb"]["Keys"]["messageId"]["S"], "after");
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

/// The CPU time of a process or thread by its `stat`, in hundredths of a second.
fn ticks(stat: &str) -> u64 {
    let text = std::fs::read_to_string(stat).unwrap();
    let fields: Vec<_> = text.rsplit(')').next().unwrap().split_whitespace().map(str::to_owned).collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Prints how fast items are written, for each second of the writing thread's CPU time, and stream records are read, with little and with
/// much history. `MUSTER_HISTORY` is the number of records that are retained.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn measure_the_history() {
    let history: usize = std::env::var_os("MUSTER_HISTORY").map_or(200_000, |text| text.to_str().unwrap().parse().unwrap());
    let db = start().await;
    let mut reader = db.stream("messages", "test", StartingPosition::Latest).unwrap();
    let database = db.inner.engine.database();
    let message = "x".repeat(200);
    let put = |from: usize, count: usize| {
        let began = ticks("/proc/thread-self/stat");
        for number in from..from + count {
            let key = format!("{number:08}");
            let item = json!({"recipientId": {"S": format!("p{}", number % 100)}, "messageId": {"S": key}, "message": {"S": message}});
            database.put_item(serde_json::from_value(json!({"TableName": "messages", "Item": item})).unwrap()).unwrap();
        }
        count as f64 / ((ticks("/proc/thread-self/stat") - began) as f64 / 100.0)
    };
    println!("first 5,000 puts: {:.0}/s", put(0, 5_000));
    put(5_000, history - 5_000);
    let size = |suffix: &str| std::fs::metadata(format!("{}{suffix}", db.inner.file.display())).map_or(0, |metadata| metadata.len()) >> 20;
    println!("{} records retained, {} MB on disk, {} MB of log", count_rows(&db), size(""), size("-wal"));
    println!("next 5,000 puts: {:.0}/s", put(history, 5_000));
    let began = std::time::Instant::now();
    while reader.position() < (history + 5_000) as i64 {
        reader.next(1_000).await.unwrap();
    }
    println!("all read: {:.0} records/s", (history + 5_000) as f64 / began.elapsed().as_secs_f64());
    let mut delays = Vec::new();
    for number in 0..100 {
        put(2 * history + number, 1);
        let began = std::time::Instant::now();
        reader.next(1).await.unwrap();
        delays.push(began.elapsed());
    }
    delays.sort();
    println!("one record, written to read: median {:?}, worst {:?}", delays[50], delays[99]);
    for (target, ask) in
        [("DescribeStream", json!({})), ("GetShardIterator", json!({"ShardId": reader.shard_id(), "ShardIteratorType": "LATEST"}))]
    {
        let mut ask = ask;
        ask["StreamArn"] = reader.arn().replace("eu-central-1:123456789012", "dynoxide:000000000000").into();
        let began = std::time::Instant::now();
        call(&db.endpoint(), &format!("DynamoDBStreams_20120810.{target}"), &ask).await;
        println!("{target}: {:?}", began.elapsed());
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
                    "AWS4-HMAC-SHA256 Credential=a/20261121/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00",
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
    let ticks = || ticks("/proc/self/stat");
    tokio::time::sleep(Duration::from_secs(11)).await;
    let before = ticks();
    tokio::time::sleep(Duration::from_secs(10)).await;
    println!("idle: {} % of a core", (ticks() - before) as f64 / 10.0);
}
