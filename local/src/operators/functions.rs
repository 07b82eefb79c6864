//! The functions and their event source mappings, as the Lambda API lists them.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Query, State},
    routing::get,
};
use serde_json::{Value, json};

use super::Operators;
use crate::account::{arn, queue_arn};

/// The AWS CLI of version 1 leaves out the slash at the end, that of version 2 does not.
pub(super) fn router(operators: Operators) -> Router {
    Router::new()
        .route("/2015-03-31/functions", get(list))
        .route("/2015-03-31/functions/", get(list))
        .route("/2015-03-31/event-source-mappings", get(mappings))
        .route("/2015-03-31/event-source-mappings/", get(mappings))
        .with_state(operators)
}

async fn list(State(operators): State<Operators>) -> Json<Value> {
    let functions = operators.manifest.functions.iter().map(|function| {
        json!({
            "FunctionName": function.name, "FunctionArn": function.arn, "Handler": function.handler,
            "MemorySize": function.memory_mb, "Timeout": function.timeout.as_secs(),
        })
    });
    Json(json!({"Functions": functions.collect::<Value>()}))
}

/// All of them, or those of `FunctionName`, which is a name or an ARN.
async fn mappings(State(operators): State<Operators>, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let manifest = &operators.manifest;
    let of_streams = manifest.stream_mappings.iter().map(|mapping| {
        let source = arn("dynamodb", &format!("table/{}/stream", mapping.table));
        (&mapping.logical_id, &mapping.function_arn, mapping.batch_size, source)
    });
    let of_queues = manifest.queue_mappings.iter().map(|mapping| {
        let source = queue_arn(&mapping.queue);
        (&mapping.logical_id, &mapping.function_arn, mapping.batch_size, source)
    });
    let name = |function: &str| function.rsplit(":function:").next().and_then(|name| name.split(':').next()).map(str::to_owned);
    let asked = query.get("FunctionName").map(|function| name(function));
    let of_function = |arn: &str| asked.as_ref().is_none_or(|asked| *asked == name(arn));
    let mappings = of_streams.chain(of_queues).filter(|(_, function_arn, ..)| of_function(function_arn));
    let mappings = mappings.map(|(id, function_arn, batch_size, source)| {
        json!({"UUID": id, "FunctionArn": function_arn, "EventSourceArn": source, "BatchSize": batch_size, "State": "Enabled"})
    });
    Json(json!({"EventSourceMappings": mappings.collect::<Value>()}))
}
