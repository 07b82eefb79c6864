//! The life of one connection: the request to connect stays pending while the authorizer and `$connect` decide; then the
//! socket opens, is served, and `$disconnect` is told.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE},
};
use hyper::upgrade::OnUpgrade;
use tokio::{sync::oneshot, time::timeout};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{
    Gateway,
    closing::Closing,
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
    let Some(upgrade) = websocket_upgrade(&mut request) else {
        return json(StatusCode::UPGRADE_REQUIRED, r#"{"message":"Upgrade Required"}"#.to_owned());
    };
    if request.uri().to_string().len() > MAXIMUM_URL_BYTES {
        return json(StatusCode::URI_TOO_LONG, r#"{"message":"URI Too Long"}"#.to_owned());
    }
    let handshake = HandshakeRequest::new(request.headers(), request.uri().query());
    let (answer, answered) = oneshot::channel();
    // A task of its own, because the HTTP layer drops this handler when the client leaves, and a connection that `$connect`
    // has accepted by then needs its `$disconnect`.
    gateway.shared.tasks.spawn(live(gateway.clone(), handshake, upgrade, answer));
    answered.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// The value of `Sec-WebSocket-Accept`, and the upgrade that is to come.
type Upgrade = (HeaderValue, OnUpgrade);

/// The upgrade, if this is a request for a WebSocket.
fn websocket_upgrade(request: &mut Request) -> Option<Upgrade> {
    let headers = request.headers();
    let key = headers.get(SEC_WEBSOCKET_KEY)?;
    let accept_key = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()?;
    let asked = request.method() == Method::GET
        && has_token(headers, &CONNECTION, "upgrade")
        && has_token(headers, &UPGRADE, "websocket")
        && has_token(headers, &SEC_WEBSOCKET_VERSION, "13");
    asked.then(|| request.extensions_mut().remove::<OnUpgrade>()).flatten().map(|upgrade| (accept_key, upgrade))
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}

async fn live(gateway: Gateway, handshake: HandshakeRequest, upgrade: Upgrade, answer: oneshot::Sender<Response>) {
    let (accept_key, upgrade) = upgrade;
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
    let heard = answer.send(switching_protocols(accept_key, subprotocol)).is_ok();
    let upgraded = if heard { timeout(UPGRADING, upgrade).await.ok().and_then(Result::ok) } else { None };
    let closing = match upgraded {
        Some(stream) => socket::serve(&gateway, &connection, outgoing, stream).await,
        None => Closing::ABNORMAL,
    };
    gateway.forget(&connection, closing.clone());
    drop(open);
    Box::pin(disconnect(&gateway, &connection, &closing)).await;
}

fn switching_protocols(accept_key: HeaderValue, subprotocol: Option<HeaderValue>) -> Response {
    let upgrade = [(CONNECTION, HeaderValue::from_static("Upgrade")), (UPGRADE, HeaderValue::from_static("websocket"))];
    let mut response = (StatusCode::SWITCHING_PROTOCOLS, upgrade, [(SEC_WEBSOCKET_ACCEPT, accept_key)]).into_response();
    response.headers_mut().extend(subprotocol.map(|subprotocol| (SEC_WEBSOCKET_PROTOCOL, subprotocol)));
    response
}

fn json(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
