//! A stream function the way AWS's own Rust samples write one: `aws-config`'s defaults, every SDK crate with its default features, the
//! runtime that `#[tokio::main]` gives. It does what `messages-deliver` does for the record of one inserted message: it queries the
//! recipient's connections and posts the message to each.

use std::env;

use aws_config::BehaviorVersion;
use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde_json::{Value, json};

struct Clients {
    dynamodb: aws_sdk_dynamodb::Client,
    sockets: aws_sdk_apigatewaymanagement::Client,
    table: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let sockets = aws_sdk_apigatewaymanagement::config::Builder::from(&config).endpoint_url(env::var("PUSH_ENDPOINT")?).build();
    let clients = Clients {
        dynamodb: aws_sdk_dynamodb::Client::new(&config),
        sockets: aws_sdk_apigatewaymanagement::Client::from_conf(sockets),
        table: env::var("PLAYERS_TABLE")?,
    };
    let clients = &clients;
    run(service_fn(move |event: LambdaEvent<Event>| async move {
        for record in event.payload.records {
            deliver(clients, record).await?;
        }
        Ok::<Value, Error>(json!({"batchItemFailures": []}))
    }))
    .await
}

async fn deliver(clients: &Clients, record: EventRecord) -> Result<(), Error> {
    let row: Value = serde_dynamo::from_item(record.change.new_image)?;
    let player = row["recipientId"].as_str().ok_or("a row without a recipient")?;
    let mut frame = row.clone();
    frame["type"] = "message".into();
    let connections = clients
        .dynamodb
        .query()
        .table_name(&clients.table)
        .consistent_read(true)
        .key_condition_expression("playerId = :player AND begins_with(#item, :prefix)")
        .expression_attribute_names("#item", "item")
        .expression_attribute_values(":player", AttributeValue::S(player.to_owned()))
        .expression_attribute_values(":prefix", AttributeValue::S("connection#".to_owned()))
        .send()
        .await?;
    for connection in connections.items() {
        let item = connection.get("item").and_then(|item| item.as_s().ok()).ok_or("a row without an item")?;
        let id = item.strip_prefix("connection#").ok_or("a row that is no connection")?;
        clients.sockets.post_to_connection().connection_id(id).data(Blob::new(frame.to_string())).send().await?;
    }
    tracing::info!(player, "delivered");
    Ok(())
}
