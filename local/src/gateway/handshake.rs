//! The life of one connection: the request to connect stays pending while the authorizer and `$connect` decide; then the
//! socket opens, is served, and `$disconnect` is told.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    response::Response,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::{sync::oneshot, time::timeout};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{
    Gateway,
    closing::Closing,
    connect::{Refusal, connect, disconnect},
    connection::Connection,
    error_frame::error_json,
    events::{ConnectionFacts, RequestFacts},
    handshake_request::{HandshakeRequest, Identity},
    identifiers::new_id,
    socket,
};
use crate::clock;

/// API Gateway's quota on the URL of a request to connect.
const MAXIMUM_URL_BYTES: usize = 4096;

/// How long the HTTP layer may take from the answer to the upgraded socket.
const UPGRADE: Duration = Duration::from_secs(10);

/// `GET /{stage}`: opens a socket, or says why not.
pub(super) async fn open(State(gateway): State<Gateway>, mut request: Request) -> Response {
    let Some((accept_key, upgrade)) = websocket_upgrade(&mut request) else {
        return plain(StatusCode::UPGRADE_REQUIRED, "Upgrade Required");
    };
    if request.uri().to_string().len() > MAXIMUM_URL_BYTES {
        return plain(StatusCode::URI_TOO_LONG, "URI Too Long");
    }
    let client = request.extensions().get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
    let handshake = HandshakeRequest::new(request.headers(), request.uri().query(), client);
    let (answer, answered) = oneshot::channel();
    // A task of its own, because the HTTP layer drops this handler when the client leaves, and a connection that `$connect`
    // has accepted by then needs its `$disconnect`.
    let life = Life { gateway: gateway.clone(), accept_key, upgrade, answer };
    gateway.tasks().spawn(life.run(handshake, client));
    answered.await.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error"))
}

/// The value of `Sec-WebSocket-Accept` and the coming upgrade, if this is a request for a WebSocket.
fn websocket_upgrade(request: &mut Request) -> Option<(HeaderValue, OnUpgrade)> {
    let headers = request.headers();
    let is = |name, value: &str| has_token(headers, &name, value);
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    let accept_key = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()?;
    let asked = request.method() == Method::GET
        && is(header::CONNECTION, "upgrade")
        && is(header::UPGRADE, "websocket")
        && is(header::SEC_WEBSOCKET_VERSION, "13");
    asked.then(|| request.extensions_mut().remove::<OnUpgrade>()).flatten().map(|upgrade| (accept_key, upgrade))
}

fn has_token(headers: &HeaderMap, name: &header::HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}

struct Life {
    gateway: Gateway,
    accept_key: HeaderValue,
    upgrade: OnUpgrade,
    answer: oneshot::Sender<Response>,
}

impl Life {
    async fn run(self, handshake: HandshakeRequest, client: IpAddr) {
        let Life { gateway, accept_key, upgrade, answer } = self;
        let facts = ConnectionFacts {
            connection_id: new_id(),
            connected_at: clock::now(),
            identity: Identity { user_agent: handshake.header("User-Agent").map(str::to_owned), source_ip: client.to_string() },
            domain_name: handshake.header("Host").unwrap_or("localhost").to_owned(),
            api_id: gateway.api().api_id.clone(),
            stage: gateway.api().stage.clone(),
        };
        let request = RequestFacts { request_id: new_id(), at: clock::now() };
        // Boxed, like `disconnect` below: what the calls of functions need on the way is not kept by every open connection.
        let accepted = match Box::pin(connect(&gateway, &facts, &request, &handshake)).await {
            Ok(accepted) => accepted,
            Err(refusal) => {
                // A client that has left does not hear it.
                let _heard = answer.send(refused(&refusal, &facts, &request));
                return;
            }
        };
        drop(handshake);
        // Known from here on, so that a push to a client that has seen its 101 never finds it gone. What comes a moment
        // earlier waits for the socket.
        let connection = gateway.register(Connection::new(facts, accepted.authorizer));
        let open = gateway.meter().connection();
        let heard = answer.send(switching_protocols(accept_key, accepted.subprotocol)).is_ok();
        let upgraded = if heard { timeout(UPGRADE, upgrade).await.ok().and_then(Result::ok) } else { None };
        let closing = match upgraded {
            Some(stream) => socket::serve(&gateway, &connection, TokioIo::new(stream)).await,
            None => Closing::ABNORMAL,
        };
        gateway.forget(&connection, closing.clone());
        drop(open);
        Box::pin(disconnect(&gateway, &connection, &closing)).await;
    }
}

fn switching_protocols(accept_key: HeaderValue, subprotocol: Option<HeaderValue>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept_key);
    if let Some(subprotocol) = subprotocol {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    response
}

fn refused(refusal: &Refusal, facts: &ConnectionFacts, request: &RequestFacts) -> Response {
    json(refusal.status, error_json(refusal.message, &facts.connection_id, &request.request_id))
}

fn plain(status: StatusCode, message: &str) -> Response {
    json(status, format!(r#"{{"message":"{message}"}}"#))
}

fn json(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
