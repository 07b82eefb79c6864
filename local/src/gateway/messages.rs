//! One message from a client: its route, its function, and what the client gets back.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::{
    Gateway,
    connection::Connection,
    error_frame::{FORBIDDEN, TOO_MANY_REQUESTS, error_json, fault},
    events::{RequestFacts, message_event},
    limits::MESSAGE_BYTES,
    route_selection::{route_for, route_key},
};
use crate::template::Route;

/// Handles a message. `_place` is its place among those that may be in work at once.
pub(super) async fn handle(gateway: Gateway, connection: Arc<Connection>, text: Utf8Bytes, _place: OwnedSemaphorePermit) {
    gateway.tell_frame("in", &connection, &text);
    let request = RequestFacts::now();
    let route = route_for(&gateway.shared.api.routes, &route_key(&text));
    let (answer, billed) = match answer(&gateway, &connection, &request, route, &text).await {
        Ok(answer) => (answer, true),
        Err(problem) => {
            let frame = error_json(problem, &connection.facts.connection_id, &request.request_id);
            (Some(frame), problem != TOO_MANY_REQUESTS)
        }
    };
    // API Gateway's guide says that requests which are throttled are not charged. What it sends itself otherwise is a message, too.
    let name = route.and_then(|(_, route)| route.function_arn.split(':').nth(6));
    let meter = name.map_or_else(|| gateway.shared.meter.clone(), |name| gateway.shared.meter.of(name));
    if billed {
        meter.gateway_message(text.len());
    }
    if let Some(answer) = answer {
        let answer = Utf8Bytes::from(answer);
        if connection.answer(Message::Text(answer.clone())).await {
            gateway.tell_frame("out", &connection, &answer);
            if billed {
                meter.gateway_message(answer.len());
            }
        }
    }
}

/// What the route's function says to the client, or the message of an error frame.
async fn answer(
    gateway: &Gateway,
    connection: &Connection,
    request: &RequestFacts,
    route: Option<(&str, &Route)>,
    text: &str,
) -> Result<Option<String>, &'static str> {
    if !gateway.admits() {
        return Err(TOO_MANY_REQUESTS);
    }
    let (route_key, route) = route.ok_or(FORBIDDEN)?;
    // A route without a response still needs a proper answer.
    let answer = gateway.ask(route_key, route, &message_event(&connection.facts, request, route_key, text)).await?;
    let body = answer.body.filter(|body| route.route_response && !body.is_empty());
    if body.as_ref().is_some_and(|body| body.len() > MESSAGE_BYTES) {
        return Err(fault(&format!("route {route_key}"), "the answer is longer than a message may be"));
    }
    Ok(body)
}
