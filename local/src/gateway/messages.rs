//! One message from a client: its route, its function, and what the client gets back.

use std::sync::Arc;

use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::{
    Gateway,
    api::Route,
    connection::{Connection, InWork},
    error_frame::{FrameError, error_json},
    events::{IncomingMessage, RequestFacts, message_event},
    identifiers::new_id,
    proxy_answer::ProxyAnswer,
    route_selection::route_for,
};
use crate::{clock, report::report};

/// Handles a message in a task of its own: as on AWS, messages of one connection do not wait for each other.
pub(super) fn take(gateway: &Gateway, connection: &Arc<Connection>, text: Utf8Bytes) {
    let work = Arc::clone(connection).work();
    gateway.messages().spawn(handle(gateway.clone(), work, text));
}

async fn handle(gateway: Gateway, work: InWork, text: Utf8Bytes) {
    let connection = &work.0;
    let request = RequestFacts { request_id: new_id(), at: clock::now() };
    let key = gateway.route_selection().evaluate(&text);
    let route = route_for(&gateway.api().routes, &key);
    let (answer, billed) = match answer(&gateway, connection, &request, route, &text).await {
        Ok(answer) => (answer, true),
        Err(error) => {
            let frame = error_json(error.message(), &connection.facts.connection_id, &request.request_id);
            (Some(Message::text(frame)), error != FrameError::TooManyRequests)
        }
    };
    // API Gateway's guide says that requests which are throttled are not charged. What it sends itself otherwise is a message, too.
    let name = route.and_then(|(_, route)| route.function_arn.rsplit(':').next());
    let meter = name.map_or_else(|| gateway.meter().clone(), |name| gateway.meter().of(name));
    if billed {
        meter.gateway_message(text.len());
    }
    if let Some(answer) = answer {
        let bytes = answer.len();
        if connection.answer(answer) && billed {
            meter.gateway_message(bytes);
        }
    }
}

async fn answer(
    gateway: &Gateway,
    connection: &Connection,
    request: &RequestFacts,
    route: Option<(&str, &Route)>,
    text: &str,
) -> Result<Option<Message>, FrameError> {
    if !gateway.admits() {
        return Err(FrameError::TooManyRequests);
    }
    let (route_key, route) = route.ok_or(FrameError::Forbidden)?;
    let event = {
        let message = IncomingMessage { route_key, message_id: &new_id(), body: text };
        message_event(&connection.facts, request, &message, &connection.authorizer)
    };
    let failed = |why: &dyn std::fmt::Display| {
        report("gateway", format_args!("route {route_key}: {why}"));
        FrameError::InternalServerError
    };
    let invocation = gateway.lambda().invoke(&route.function_arn, event);
    let answer = match timeout(gateway.limits().integration_timeout, invocation).await {
        Err(_) => return Err(FrameError::EndpointTimedOut),
        Ok(invoked) => invoked.result.map_err(|error| failed(&format_args!("the function failed: {error}")))?,
    };
    // A route without a response still needs a proper answer.
    let answer = ProxyAnswer::parse(&answer).map_err(|why| failed(&why))?;
    let body = answer.body.filter(|body| route.route_response && !body.is_empty());
    match body {
        Some(body) if body.len() > gateway.limits().message_bytes => Err(failed(&"the answer is longer than a message may be")),
        Some(body) => Ok(Some(match String::from_utf8(body) {
            Ok(text) => Message::text(text),
            Err(error) => Message::binary(error.into_bytes()),
        })),
        None => Ok(None),
    }
}
