//! Streams as mappings read them.

use super::*;

/// What each record says has happened.
fn event_names(records: &[StreamRecord]) -> Vec<&str> {
    records.iter().map(|record| record.event["eventName"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_record_has_the_shape_of_a_lambda_event() {
    let db = start(DynamoDbOptions::default()).await;
    let mut reader = open(&db, "test");
    put(&db, "alice", "1", json!({"n": {"N": "12"}})).await;
    put(&db, "alice", "1", json!({"n": {"N": "13"}})).await;
    call(&db, "DeleteItem", &json!({"TableName": "messages", "Key": key("alice", "1")})).await;
    let records = take(&mut reader, 3).await;
    let mut insert = records[0].event.clone();
    assert_eq!(insert["eventID"].take().as_str().unwrap().len(), 32);
    let written = insert["dynamodb"]["ApproximateCreationDateTime"].take().as_u64().unwrap();
    assert!((crate::clock::now() / 1_000).abs_diff(written) < 10);
    assert_eq!(records[0].sequence_number.len(), 21);
    let expected = json!({
        "eventID": null, "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
        "awsRegion": crate::account::REGION, "eventSourceARN": reader.arn(),
        "dynamodb": {
            "ApproximateCreationDateTime": null,
            "Keys": {"recipientId": {"S": "alice"}, "messageId": {"S": "1"}},
            "NewImage": {"recipientId": {"S": "alice"}, "messageId": {"S": "1"}, "n": {"N": "12"}},
            "SequenceNumber": records[0].sequence_number,
            // Keys 26, image 29: names and values, a number of two digits being 2 bytes.
            "SizeBytes": 26 + 26 + 1 + 2,
            "StreamViewType": "NEW_IMAGE",
        },
    });
    assert_eq!(insert, expected);
    assert_eq!(event_names(&records), ["INSERT", "MODIFY", "REMOVE"]);
    assert_eq!(records[1].event["dynamodb"]["NewImage"]["n"]["N"], "13");
    for record in &records {
        assert!(record.event["dynamodb"].get("OldImage").is_none() && record.event.get("userIdentity").is_none());
    }
    assert!(records[2].event["dynamodb"].get("NewImage").is_none());
}

#[tokio::test]
async fn a_write_that_changes_nothing_has_no_record() {
    let db = start(DynamoDbOptions::default()).await;
    for (message, set) in [("1", ["a", "b"]), ("1", ["b", "a"]), ("1", ["a", "c"]), ("2", ["a", "b"])] {
        put(&db, "alice", message, json!({"set": {"SS": set}})).await;
    }
    let records = take(&mut open(&db, "test"), 3).await;
    assert_eq!(event_names(&records), ["INSERT", "MODIFY", "INSERT"]);
}

#[tokio::test]
async fn records_come_in_order_and_once_however_they_are_asked_for() {
    let db = start(DynamoDbOptions::default()).await;
    let mut reader = open(&db, "test");
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
            seen.extend(message_ids(&records).into_iter().map(str::to_owned));
        }
    }
    writer.await.unwrap();
    assert_eq!(seen, (0..200).map(|number| format!("{number:03}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_reader_that_waits_is_told_of_every_kind_of_write() {
    let db = start(DynamoDbOptions::default()).await;
    let mut reader = open(&db, "test");
    let item = |message: &str| json!({"TableName": "messages", "Item": key("a", message)});
    let writes = [
        ("PutItem", item("1")),
        ("TransactWriteItems", json!({"TransactItems": [{"Put": item("2")}]})),
        ("BatchWriteItem", json!({"RequestItems": {"messages": [{"PutRequest": {"Item": key("a", "3")}}]}})),
        ("DeleteItem", json!({"TableName": "messages", "Key": key("a", "1")})),
        (
            "UpdateItem",
            json!({
                "TableName": "messages", "Key": key("a", "2"), "UpdateExpression": "SET expiresAt = :past",
                "ExpressionAttributeValues": {":past": {"N": "1000"}},
            }),
        ),
    ];
    for (operation, body) in writes {
        let waiting = tokio::spawn(async move {
            let record = take(&mut reader, 1).await.remove(0);
            (record, reader)
        });
        tokio::task::yield_now().await;
        let answer = call(&db, operation, &body).await;
        assert!(answer.get("__type").is_none(), "{answer}");
        reader = waiting.await.unwrap().1;
    }
    let removal = take(&mut reader, 1).await.remove(0);
    assert_eq!(removal.event["eventName"], "REMOVE", "expired items go by themselves, and the reader is told");
    assert_eq!(removal.event["userIdentity"], json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"}));
}

#[tokio::test]
async fn a_durable_stream_goes_on_after_what_was_finished() {
    let directory = tempfile::tempdir().unwrap();
    let db = start(durable(directory.path())).await;
    for number in ["1", "2", "3"] {
        put(&db, "alice", number, json!({})).await;
    }
    let mut reader = open(&db, "deliver");
    let records = take(&mut reader, 3).await;
    reader.finish(records[1].position);
    // The reader stays, as if the process had ended in between.
    until_kept(&db.room.options.keep, records[1].position).await;
    let db = start(durable(directory.path())).await;
    assert_eq!(message_ids(&take(&mut open(&db, "deliver"), 1).await), ["3"]);
    let other = take(&mut open(&db, "audit"), 3).await;
    assert_eq!(other, records, "another consumer begins at the oldest record");
}

/// Waits until a position is kept, which is in each round before it trims.
async fn until_kept(keep: &Keep, position: i64) {
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while !keep.all::<Vec<i64>>("dynamodb").iter().any(|(_, kept)| *kept == [position]) {
        assert!(std::time::Instant::now() < until, "{position} is not kept");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn records_are_readable_for_a_day_and_then_go_also_unread() {
    let (clock, directory) = (Clock::standing_at(crate::clock::now()), tempfile::tempdir().unwrap());
    let options = durable(directory.path());
    let keep = options.keep.clone();
    let db = start(DynamoDbOptions { clock: clock.clone(), ..options }).await;
    let (mut fast, mut slow) = (open(&db, "fast"), open(&db, "slow"));
    for number in 0..5 {
        put(&db, "alice", &number.to_string(), json!({})).await;
    }
    let records = take(&mut fast, 5).await;
    take(&mut slow, 2).await;
    clock.advance(RETENTION - Duration::from_secs(60));
    // When the second is kept, the round that kept the first is over.
    for record in &records[..2] {
        fast.finish(record.position);
        until_kept(&keep, record.position).await;
    }
    assert_eq!(count_rows(&db), 5, "read or not, they stay");
    assert_eq!(take(&mut open(&db, "late"), 5).await, records);
    clock.advance(Duration::from_secs(120));
    until_rows(&db, 0).await;
    put(&db, "alice", "new", json!({})).await;
    assert_eq!(message_ids(&take(&mut slow, 1).await), ["new"], "a reader goes on at the horizon");
    assert!(records[4].position < slow.position());
}

#[tokio::test]
async fn a_flood_is_trimmed_before_its_day_but_not_before_every_reader_has_finished_it() {
    let db = start(DynamoDbOptions { stream_records: Some(2), ..DynamoDbOptions::default() }).await;
    let (mut fast, mut slow) = (open(&db, "fast"), open(&db, "slow"));
    for number in 0..10 {
        put(&db, "alice", &number.to_string(), json!({})).await;
    }
    let records = take(&mut fast, 10).await;
    fast.finish(records[9].position);
    slow.finish(records[3].position);
    until_rows(&db, 6).await;
    assert_eq!(take(&mut slow, 6).await.last().unwrap().position, records[9].position);
    slow.finish(records[9].position);
    until_rows(&db, 2).await;
}

#[tokio::test]
async fn a_table_without_a_stream_is_named() {
    let db = DynamoDb::start(DynamoDbOptions::default()).unwrap();
    db.create_table(&Table { stream: false, ..table("players") }).unwrap();
    for name in ["players", "absent"] {
        let error = db.stream(name, "test").map(drop).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[tokio::test]
async fn records_are_unfinished_from_the_write_until_the_reader_says_so() {
    let db = start(DynamoDbOptions::default()).await;
    let mut reader = open(&db, "test");
    assert!(!db.has_unfinished_records().await.unwrap());
    put(&db, "a", "1", json!({})).await;
    put(&db, "a", "2", json!({})).await;
    assert!(db.has_unfinished_records().await.unwrap());
    put(&db, "a", "2", json!({})).await;
    let records = take(&mut reader, 2).await;
    reader.finish(records[0].position);
    assert!(db.has_unfinished_records().await.unwrap());
    reader.finish(records[1].position);
    assert!(!db.has_unfinished_records().await.unwrap(), "a write that changes nothing has no record");
}

#[tokio::test]
async fn each_shard_is_finished_and_kept_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let sharded = |shards| DynamoDbOptions { weather: Weather::new(Odds { shards, ..Odds::default() }), ..durable(directory.path()) };
    let db = start(sharded(4)).await;
    for number in 0..40 {
        put(&db, &format!("player{number}"), &format!("{number:02}"), json!({})).await;
    }
    let mut shards = db.stream("messages", "test").unwrap();
    let mut firsts = Vec::new();
    for shard in &mut shards {
        let records = shard.next(1_000).await.unwrap();
        firsts.push(message_ids(&records)[0].to_owned());
        if firsts.len() != 2 {
            shard.finish(records.last().unwrap().position);
        }
    }
    assert!(db.has_unfinished_records().await.unwrap(), "those of the second shard");
    drop((db, shards));
    let db = start(sharded(4)).await;
    let mut shards = db.stream("messages", "test").unwrap();
    assert_eq!(message_ids(&take(&mut shards[1], 1).await), [firsts[1].as_str()], "it begins where it was");
    for shard in [0, 2, 3] {
        let next = tokio::time::timeout(Duration::from_millis(50), shards[shard].next(1)).await;
        assert!(next.is_err(), "the others are at their end");
    }
    drop((db, shards));
    let db = start(sharded(1)).await;
    assert_eq!(message_ids(&take(&mut open(&db, "test"), 1).await), [firsts[1].as_str()], "with other shards, where the slowest was");
}
