//! Who may use the console's port: its own page and programs of this machine, but not the pages of others in its browsers, which could have
//! an operator do what he does not want.
//!
//! A browser says of each request where the page is from (`Origin`), or that it is from elsewhere (`Sec-Fetch-Site`); a page whose own name
//! was made to lead here (DNS rebinding) gives itself away by the `Host`. The local stack guards its port in the same way.

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// By which names this machine is called.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The routes, guarded, behind `port`.
pub(crate) fn around(routes: Router, port: u16) -> Router {
    routes.layer(middleware::from_fn_with_state(NAMES.map(|name| format!("{name}:{port}")), admit))
}

async fn admit(State(hosts): State<[String; 3]>, request: Request, next: Next) -> Response {
    if let Some(why) = refusal(&hosts, request.method(), request.headers()) {
        return (StatusCode::FORBIDDEN, Json(json!({"message": format!("Forbidden: {why}")}))).into_response();
    }
    next.run(request).await
}

/// Why a request is refused, if it is.
fn refusal(hosts: &[String], method: &Method, headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let host = text("host");
    if !hosts.iter().any(|own| own == host) {
        return Some(format!("the Host {host:?} is not this console: call {}", hosts.join(" or ")));
    }
    let is_own = |origin: &str| origin.strip_prefix("http://").is_some_and(|origin| hosts.iter().any(|own| own == origin));
    // Somebody opens the page by a link on another, which then cannot see what comes.
    let is_link = method == Method::GET && text("sec-fetch-mode") == "navigate" && text("sec-fetch-dest") == "document";
    let is_foreign = match headers.get(header::ORIGIN) {
        Some(_) => !is_own(text("origin")),
        None => matches!(text("sec-fetch-site"), "cross-site" | "same-site") && !is_link,
    };
    is_foreign.then(|| "a page of another origin may not use this console".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(method: &Method, headers: &[(&'static str, &str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        refusal(&NAMES.map(|name| format!("{name}:7")), method, &headers).is_some()
    }

    #[test]
    fn its_own_page_and_programs_are_let_in() {
        for headers in [
            &[("host", "127.0.0.1:7")][..],
            &[("host", "localhost:7"), ("origin", "http://localhost:7"), ("sec-fetch-site", "same-origin")],
            &[("host", "[::1]:7"), ("sec-fetch-site", "none")],
        ] {
            assert!(!refused(&Method::POST, headers), "{headers:?}");
        }
        let link =
            [("host", "127.0.0.1:7"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        assert!(!refused(&Method::GET, &link) && refused(&Method::POST, &link) && refused(&Method::GET, &link[..3]));
    }

    #[test]
    fn foreign_pages_and_foreign_names_are_refused() {
        for headers in [
            &[][..],
            &[("host", "rebound.example:7")],
            &[("host", "localhost:8")],
            &[("host", "localhost")],
            &[("host", "127.0.0.1:7.rebound.example")],
            &[("host", "127.0.0.1:7"), ("origin", "https://evil.example")],
            &[("host", "127.0.0.1:7"), ("origin", "null")],
            &[("host", "127.0.0.1:7"), ("origin", "http://localhost:8")],
            &[("host", "127.0.0.1:7"), ("origin", "https://127.0.0.1:7")],
            &[("host", "127.0.0.1:7"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
            &[("host", "localhost:7"), ("sec-fetch-site", "same-site")],
        ] {
            assert!(refused(&Method::GET, headers), "{headers:?}");
        }
    }
}
