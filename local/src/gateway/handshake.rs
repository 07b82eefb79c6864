//! The life of one connection: the request to connect stays pending while the authorizer and `$connect` decide; then the
//! socket opens, is served, and `$disconnect` is told.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{
    StatusCode,
    header::{CONTENT_TYPE, SEC_WEBSOCKET_PROTOCOL},
};
use hyper::upgrade::OnUpgrade;
use tokio::{sync::oneshot, time::timeout};
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use super::{
    Gateway,
    closing::ABNORMAL,
    connect::{connect, disconnect},
    connection::Connection,
    error_frame::error_json,
    events::ConnectionFacts,
    handshake_request::HandshakeRequest,
    identifiers::new_id,
    socket,
};
use crate::clock;

/// API Gateway's quota on the URL of a request to connect.
const MAXIMUM_URL_BYTES: usize = 4096;

/// How long the HTTP layer may take from the answer to the upgraded socket.
const UPGRADING: Duration = Duration::from_secs(10);

/// `GET /{stage}`: opens a socket, or says why not.
pub(super) async fn open(State(gateway): State<Gateway>, mut request: Request) -> Response {
    let switching = create_response_with_body(&request, Body::empty);
    let (Ok(switching), Some(upgrade)) = (switching, request.extensions_mut().remove::<OnUpgrade>()) else {
        return json(StatusCode::UPGRADE_REQUIRED, r#"{"message":"Upgrade Required"}"#.to_owned());
    };
    if request.uri().to_string().len() > MAXIMUM_URL_BYTES {
        return json(StatusCode::URI_TOO_LONG, r#"{"message":"URI Too Long"}"#.to_owned());
    }
    let handshake = HandshakeRequest::new(request.headers(), request.uri().query());
    let (answer, answered) = oneshot::channel();
    // A task of its own, because the HTTP layer drops this handler when the client leaves, and a connection that `$connect`
    // has accepted by then needs its `$disconnect`.
    gateway.shared.tasks.spawn(live(gateway.clone(), handshake, (switching, upgrade), answer));
    answered.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn live(
    gateway: Gateway,
    handshake: HandshakeRequest,
    (mut switching, upgrade): (Response, OnUpgrade),
    answer: oneshot::Sender<Response>,
) {
    let mut facts = ConnectionFacts {
        connection_id: new_id(),
        connected_at: clock::now(),
        identity: handshake.identity(),
        domain_name: handshake.header("Host").unwrap_or("localhost").to_owned(),
        api_id: gateway.shared.api.api_id.clone(),
        stage: gateway.shared.api.stage.clone(),
        authorizer: None,
    };
    // Boxed, like `disconnect` below: what the calls of functions need on the way is not kept by every open connection.
    let subprotocol = match Box::pin(connect(&gateway, &mut facts, &handshake)).await {
        Ok(subprotocol) => subprotocol,
        Err((status, message)) => {
            // A client that has left does not hear it.
            let _heard = answer.send(json(status, error_json(message, &facts.connection_id, &handshake.request.request_id)));
            return;
        }
    };
    drop(handshake);
    // Known from here on, so that a push to a client that has seen its 101 never finds it gone. What comes a moment
    // earlier waits for the socket.
    let (connection, outgoing) = Connection::new(facts);
    let connection = gateway.register(connection);
    let open = gateway.shared.meter.connection();
    switching.headers_mut().extend(subprotocol.map(|subprotocol| (SEC_WEBSOCKET_PROTOCOL, subprotocol)));
    let heard = answer.send(switching).is_ok();
    let upgraded = if heard { timeout(UPGRADING, upgrade).await.ok().and_then(Result::ok) } else { None };
    let closing = match upgraded {
        Some(stream) => socket::serve(&gateway, &connection, outgoing, stream).await,
        None => ABNORMAL,
    };
    gateway.forget(&connection, closing.clone());
    drop(open);
    gateway.tell_socket("close", &connection);
    Box::pin(disconnect(&gateway, &connection, &closing)).await;
}

fn json(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
