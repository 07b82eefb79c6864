//! The engine's private schema, as far as the room leans on it. If one of these fails after an upgrade, read `rows.rs` anew.

use super::*;

#[tokio::test]
async fn stream_rows_have_the_columns_that_are_read() {
    let db = start(DynamoDbOptions::default()).await;
    let connection = rusqlite::Connection::open(&db.room.file).unwrap();
    let columns = |table: &str| -> Vec<String> {
        let mut statement = connection.prepare(&format!("SELECT name || ' ' || type FROM pragma_table_info('{table}')")).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let expected = [
        "id INTEGER",
        "table_name TEXT",
        "event_name TEXT",
        "keys_json TEXT",
        "new_image TEXT",
        "old_image TEXT",
        "sequence_number TEXT",
        "shard_id TEXT",
        "created_at INTEGER",
        "user_identity TEXT",
        "event_id TEXT",
    ];
    assert_eq!(columns("_stream_records"), expected);
    let tables = columns("_tables");
    for column in ["table_name TEXT", "key_schema TEXT", "stream_enabled INTEGER", "stream_view_type TEXT", "stream_label TEXT"] {
        assert!(tables.iter().any(|there| there == column), "{column}");
    }
}

#[tokio::test]
async fn finding_the_next_sequence_number_uses_the_index() {
    let db = start(DynamoDbOptions::default()).await;
    let connection = rusqlite::Connection::open(&db.room.file).unwrap();
    // The statement of the engine's next_stream_sequence_number.
    let sql = "EXPLAIN QUERY PLAN SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = ?1";
    let plan: String = connection.query_row(sql, ["messages"], |row| row.get(3)).unwrap();
    assert!(plan.starts_with("SEARCH _stream_records USING") && plan.contains("muster_stream_records"), "{plan}");
}

#[tokio::test]
async fn reading_on_and_trimming_go_by_number_and_read_no_history() {
    let db = start(DynamoDbOptions::default()).await;
    let connection = rusqlite::Connection::open(&db.room.file).unwrap();
    let statements = [
        "SELECT id, keys_json FROM _stream_records WHERE +table_name = 'messages' AND id > 5 AND id <= 9 ORDER BY id LIMIT 1000",
        "SELECT created_at FROM _stream_records ORDER BY id LIMIT 1",
        "SELECT id FROM _stream_records WHERE id <= 5 ORDER BY id LIMIT 1000",
    ];
    for sql in statements {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let plan: Vec<String> = statement.query_map([], |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(plan.len(), 1, "nothing is sorted: {plan:?}");
        assert!(plan[0].contains("USING INTEGER PRIMARY KEY") || sql.starts_with("SELECT created_at"), "{plan:?}");
    }
}

#[tokio::test]
async fn rows_are_numbered_in_the_order_of_their_sequence_numbers_and_never_anew() {
    let db = start(DynamoDbOptions::default()).await;
    for number in 0..20 {
        put(&db, "alice", &number.to_string(), json!({})).await;
    }
    let connection = rusqlite::Connection::open(&db.room.file).unwrap();
    let sql = "SELECT id, CAST(sequence_number AS INTEGER) FROM _stream_records ORDER BY id";
    let mut statement = connection.prepare(sql).unwrap();
    let rows: Vec<(i64, i64)> = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap();
    assert!(rows.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
    connection.execute("DELETE FROM _stream_records", []).unwrap();
    put(&db, "alice", "again", json!({})).await;
    let again: (i64, i64) = connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let last = rows.last().unwrap();
    assert!(again.0 > last.0 && again.1 > last.1);
}
