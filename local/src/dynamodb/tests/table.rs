//! Creating tables.

use super::*;

#[tokio::test]
async fn a_durable_table_is_there_again_and_creating_it_once_more_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..2 {
        let db = start(durable(directory.path())).await;
        assert_eq!(call(&db, "Scan", &json!({"TableName": "messages"})).await["Count"], round);
        put(&db, "alice", "1", json!({})).await;
    }
}

#[tokio::test]
async fn a_table_of_that_name_with_another_shape_is_an_error_that_says_how() {
    let db = start(DynamoDbOptions::default()).await;
    let other = |change: fn(&mut Table)| {
        let mut table = table("messages");
        change(&mut table);
        table
    };
    let no_stream = other(|table| table.stream = false);
    let no_range_key = other(|table| table.range_key = None);
    for (table, difference) in [(no_stream, "StreamSpecification"), (no_range_key, "KeySchema")] {
        let error = db.create_table(&table).unwrap_err().to_string();
        assert!(error.contains("messages") && error.contains(difference), "{error}");
    }
}
