//! Who may use the port: programs of this machine, and the pages that it serves itself, but not the pages of others in its browsers.
//!
//! A browser lets any page send requests to this port. Of each it says where the page is from (`Origin`), or that it is from elsewhere
//! (`Sec-Fetch-Site`); a page whose own name was made to lead here (DNS rebinding) gives itself away by the `Host`.

use std::time::Duration;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use serde_json::json;
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::issuer;

/// By which names this machine is called.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// How long the body of a request may stay away.
const BODY: Duration = Duration::from_secs(30);

/// Keeps foreign pages away from the port.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    /// Origins of pages that may use the port besides its own, such as `http://localhost:5173`.
    pub(crate) allowed: Vec<String>,
}

impl Guard {
    /// The rooms behind `port`, guarded.
    pub(crate) fn around(mut self, rooms: Router, port: u16) -> Router {
        self.allowed.extend(NAMES.map(|name| format!("http://{name}:{port}")));
        rooms.layer(RequestBodyTimeoutLayer::new(BODY)).layer(middleware::from_fn_with_state(self, admit))
    }

    /// Why a request with these headers is refused, if it is.
    fn refusal(&self, request: &Request) -> Option<String> {
        let headers = request.headers();
        let host = text(headers, "host");
        if !NAMES.contains(&without_port(host)) {
            return Some(format!(
                "the Host {host:?} is no name of this machine, and --allow-origin names origins only: call 127.0.0.1 or localhost"
            ));
        }
        let from = match headers.get(header::ORIGIN) {
            Some(origin) if self.allowed.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()) => return None,
            Some(_) => text(headers, "origin"),
            None if text(headers, "sec-fetch-site") == "cross-site" && !is_followed_link(request) => "another site",
            None => return None,
        };
        Some(format!("a page of {from} may not use this stack; if it shall, start the stack with --allow-origin and the page's origin"))
    }
}

/// Whether somebody opens a page of this port by a link on another, which then cannot see what comes.
fn is_followed_link(request: &Request) -> bool {
    let headers = request.headers();
    request.method() == Method::GET && text(headers, "sec-fetch-mode") == "navigate" && text(headers, "sec-fetch-dest") == "document"
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn without_port(host: &str) -> &str {
    host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit())).map_or(host, |(name, _)| name)
}

async fn admit(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if let Some(why) = guard.refusal(&request) {
        let body = json!({"message": format!("Forbidden: {why}")}).to_string();
        return (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    }
    // Pages that may use the port get their tokens here, too: the one thing that they have to read the answer of.
    let origin = request.headers().get(header::ORIGIN).filter(|_| request.uri().path().starts_with(issuer::ROOT)).cloned();
    let mut response = match &origin {
        Some(_) if request.method() == Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    if let Some(origin) = origin {
        response.headers_mut().extend([
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin),
            (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST")),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Content-Type")),
            (header::VARY, HeaderValue::from_static("Origin")),
        ]);
    }
    response
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::{any, post};
    use bytes::Bytes;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::{Instant, timeout},
    };
    use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest};

    use super::*;
    use crate::port;

    /// A guarded port with an issuer, a socket and something else.
    async fn start() -> SocketAddr {
        let listener = port::open(0).await.unwrap();
        let address = listener.local_addr().unwrap();
        let socket = any(async |upgrade: axum::extract::ws::WebSocketUpgrade| upgrade.on_upgrade(async |_| ()));
        let rooms = Router::new()
            .route("/", post(async |body: Bytes| format!("{} bytes", body.len())).get(async || "hello"))
            .route("/issuer/token", any(async || "token"))
            .route("/dev", socket);
        let guard = Guard { allowed: vec!["https://game.example".to_owned()] };
        tokio::spawn(port::serve(listener, guard.around(rooms, address.port())));
        address
    }

    /// The whole answer to a request whose head has these lines, and the port's own address where it says `HERE`.
    async fn ask(address: SocketAddr, head: &[&str], body: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = head.join("\r\n").replace("HERE", &address.to_string()).replace("PORT", &address.port().to_string());
        let head = format!("{head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(Duration::from_secs(20), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        answer.to_ascii_lowercase()
    }

    #[tokio::test]
    async fn programs_and_the_ports_own_pages_are_let_in() {
        let address = start().await;
        for more in [
            &["Host: HERE"][..],
            &["Host: localhost"],
            &["Host: [::1]:PORT"],
            &["Host: 127.0.0.1:1", "User-Agent: aws-cli"],
            &["Host: HERE", "Origin: http://127.0.0.1:PORT", "Sec-Fetch-Site: same-origin"],
            &["Host: HERE", "Origin: http://localhost:PORT", "Sec-Fetch-Site: cross-site"],
            &["Host: HERE", "Origin: https://game.example", "Sec-Fetch-Site: cross-site"],
            &["Host: HERE", "Sec-Fetch-Site: none"],
            &["Host: HERE", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"],
        ] {
            let answer = ask(address, &[&["GET / HTTP/1.1"], more].concat(), "").await;
            assert!(answer.starts_with("http/1.1 200") && !answer.contains("access-control"), "{more:?}: {answer}");
        }
    }

    #[tokio::test]
    async fn foreign_pages_and_foreign_names_are_refused_whatever_they_send() {
        let address = start().await;
        for head in [
            &["POST / HTTP/1.1", "Host: HERE", "Origin: https://evil.example", "Content-Type: application/x-www-form-urlencoded"][..],
            &["POST / HTTP/1.1", "Host: HERE", "Origin: null", "Content-Type: text/plain"],
            &["POST / HTTP/1.1", "Host: HERE", "Origin: http://localhost:1", "Content-Type: text/plain"],
            &["POST / HTTP/1.1", "Host: HERE", "Origin: http://127.0.0.1", "Sec-Fetch-Site: same-site"],
            &["POST / HTTP/1.1", "Host: HERE", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"],
            &["GET /issuer/token HTTP/1.1", "Host: HERE", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"],
            &["GET / HTTP/1.1", "Host: HERE", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"],
            &["OPTIONS /issuer/token HTTP/1.1", "Host: HERE", "Origin: https://evil.example", "Access-Control-Request-Method: POST"],
            &["GET /nowhere HTTP/1.1", "Host: rebound.example"],
            &["GET / HTTP/1.1", "Host: rebound.example:PORT", "Origin: http://127.0.0.1:PORT"],
            &["GET / HTTP/1.1", "Host: localhost.rebound.example"],
            &["GET / HTTP/1.1", "Host: 127.0.0.1:PORT.rebound.example"],
            &["GET / HTTP/1.1", "Host: "],
            &["GET / HTTP/1.0"],
        ] {
            let answer = ask(address, head, "Action=Publish&Message=x").await;
            assert!(answer.starts_with("http/1.1 403") || answer.starts_with("http/1.0 403"), "{head:?}: {answer}");
            assert!(answer.contains("application/json") && answer.contains("--allow-origin"), "{answer}");
            assert!(!answer.contains("access-control"), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_page_that_may_reads_the_issuers_answers_by_its_name() {
        let address = start().await;
        for (method, status) in [("GET", 200), ("POST", 200), ("OPTIONS", 204)] {
            let head = [&format!("{method} /issuer/token HTTP/1.1"), "Host: HERE", "Origin: https://game.example"];
            let answer = ask(address, &head, "").await;
            assert!(answer.starts_with(&format!("http/1.1 {status}")), "{answer}");
            assert!(
                answer.contains("\r\naccess-control-allow-origin: https://game.example\r\n") && answer.contains("vary: origin"),
                "{answer}"
            );
        }
    }

    #[tokio::test]
    async fn sockets_are_opened_for_ones_own_pages_only() {
        let address = start().await;
        for (origin, opens) in [(None, true), (Some(format!("http://{address}")), true), (Some("https://evil.example".to_owned()), false)] {
            let mut request = format!("ws://{address}/dev").into_client_request().unwrap();
            request.headers_mut().extend(origin.as_ref().map(|origin| (header::ORIGIN, origin.parse().unwrap())));
            assert_eq!(connect_async(request).await.is_ok(), opens, "{origin:?}");
        }
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_to_its_end_is_dropped_after_ten_seconds_and_a_body_after_thirty() {
        let address = start().await;
        let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n";
        let ended = async |sent: String, seconds: u64| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(sent.as_bytes()).await.unwrap();
            let started = Instant::now();
            let mut answer = Vec::new();
            timeout(Duration::from_secs(seconds + 20), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
            assert!(started.elapsed() >= Duration::from_secs(seconds - 1), "{sent}");
            assert!(!answer.starts_with(b"HTTP/1.1 200"), "{sent}");
        };
        tokio::join!(ended(String::new(), 10), ended(head.to_owned(), 10), ended(format!("{head}\r\n1234"), 30));
        assert!(ask(address, &["POST / HTTP/1.1", "Host: localhost"], "12345").await.contains("5 bytes"));
    }
}
