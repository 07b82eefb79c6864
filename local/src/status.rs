//! What the stack says of itself over HTTP: a page for people at `/`, and `/status` for programs.

use axum::{Json, Router, extract::State, routing::get};
use serde_json::{Value, json};

use crate::{addresses::Addresses, lambda::Lambda};

/// The routes `/` and `/status`.
pub fn router(addresses: Addresses, lambda: Lambda) -> Router {
    Router::new().route("/", get(page)).route("/status", get(status)).with_state((addresses, lambda))
}

async fn page(State((addresses, lambda)): State<(Addresses, Lambda)>) -> String {
    let mut page = format!("This is Muster on one machine.\n\n{addresses}\n");
    for (function, stats) in lambda.stats() {
        let (calls, errors, processes) = (stats.invocations, stats.errors, stats.environments);
        page += &format!("{function:40} {calls:8} invocations {errors:6} errors {processes:4} processes\n");
    }
    page
}

async fn status(State((addresses, lambda)): State<(Addresses, Lambda)>) -> Json<Value> {
    let processes = lambda.processes();
    let functions = lambda.stats().into_iter().map(|(name, stats)| {
        let own: Vec<u32> = processes.iter().filter(|(function, _)| *function == name).map(|(_, process)| *process).collect();
        let value = json!({
            "invocations": stats.invocations, "errors": stats.errors, "throttles": stats.throttles,
            "coldStarts": stats.environments_started, "events": stats.events, "processes": own,
            "microseconds": {"p50": stats.median.as_micros() as u64, "p99": stats.percentile_99.as_micros() as u64}
        });
        (name, value)
    });
    Json(json!({"addresses": addresses.to_json(), "functions": functions.collect::<serde_json::Map<_, _>>()}))
}
