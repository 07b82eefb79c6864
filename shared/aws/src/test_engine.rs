//! An embedded DynamoDB-compatible engine for tests: what an expression means is what the engine makes of it.

use dynoxide::Database;
use serde_json::json;
use tokio::net::TcpListener;

use crate::Config;

/// The tables that tests use, with their keys.
const TABLES: [(&str, &[&str]); 5] = [
    ("players", &["playerId", "item"]),
    ("placements", &["placementId"]),
    ("player-sessions", &["playerId", "placementId"]),
    ("tickets", &["pool", "ticketId"]),
    ("matches", &["matchId", "item"]),
];

/// Starts an engine with empty tables, which ends with the runtime, and answers how a function reaches it.
pub(crate) async fn start() -> Config {
    let database = Database::memory().unwrap();
    for (name, keys) in TABLES {
        let attributes: Vec<_> = keys.iter().map(|key| json!({"AttributeName": key, "AttributeType": "S"})).collect();
        let schema: Vec<_> = keys.iter().zip(["HASH", "RANGE"]).map(|(key, kind)| json!({"AttributeName": key, "KeyType": kind})).collect();
        let table = json!({"TableName": name, "AttributeDefinitions": attributes, "KeySchema": schema, "BillingMode": "PAY_PER_REQUEST"});
        database.create_table(serde_json::from_value(table).unwrap()).unwrap();
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()).await });
    Config::from_variables([
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("PLAYERS_TABLE", "players"),
        ("PLACEMENTS_TABLE", "placements"),
        ("PLAYER_SESSIONS_TABLE", "player-sessions"),
        ("TICKETS_TABLE", "tickets"),
        ("MATCHES_TABLE", "matches"),
    ])
}
