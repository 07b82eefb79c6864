//! What of the client's HTTP request the authorizer and `$connect` see.

use std::collections::BTreeMap;

use http::HeaderMap;
use serde_json::{Value, json};

use super::events::RequestFacts;

/// Every client's address: the stack is reached on the loopback interface alone.
const CLIENT: &str = "127.0.0.1";

/// Names with their values in the order they came.
pub(super) type MultiValues = BTreeMap<String, Vec<String>>;

/// The headers and the query of the request that opens a socket.
#[derive(Default)]
pub(super) struct HandshakeRequest {
    pub(super) request: RequestFacts,
    /// By name as [`canonical_name`] writes it.
    pub(super) headers: MultiValues,
    /// Decoded, by name.
    pub(super) query: MultiValues,
}

impl HandshakeRequest {
    /// Reads the request and adds the `X-Forwarded-For` that API Gateway adds.
    pub(super) fn new(headers: &HeaderMap, query: Option<&str>) -> HandshakeRequest {
        let mut request = HandshakeRequest { request: RequestFacts::now(), ..HandshakeRequest::default() };
        for (name, value) in headers {
            // These belong to one hop, and API Gateway does not hand them on.
            if *name != http::header::CONNECTION && *name != http::header::UPGRADE {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                request.headers.entry(canonical_name(name.as_str())).or_default().push(value);
            }
        }
        request.headers.entry("X-Forwarded-For".to_owned()).or_default().push(CLIENT.to_owned());
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            request.query.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        request
    }

    /// The last value of a header, whose name is canonical.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.last().map(String::as_str)
    }

    /// Who is calling, as events and the management API name it.
    pub(super) fn identity(&self) -> Value {
        self.header("User-Agent").map_or_else(|| json!({"sourceIp": CLIENT}), |agent| json!({"sourceIp": CLIENT, "userAgent": agent}))
    }
}

/// `sec-websocket-key` as `Sec-WebSocket-Key`. The HTTP layer forgets in which case the client wrote a name, and events from
/// AWS carry this one for everything that browsers and load balancers send.
fn canonical_name(name: &str) -> String {
    let part = |part: &str| {
        if part.eq_ignore_ascii_case("websocket") {
            return "WebSocket".to_owned();
        }
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    name.split('-').map(part).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&'static str, &'static str)], query: Option<&str>) -> HandshakeRequest {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        HandshakeRequest::new(&headers, query)
    }

    #[test]
    fn headers_have_the_case_that_aws_gives_them() {
        let headers = [("sec-websocket-key", "k"), ("AUTHORIZATION", "a"), ("connection", "Upgrade"), ("upgrade", "websocket")];
        let request = request(&headers, None);
        assert_eq!(request.headers.keys().collect::<Vec<_>>(), ["Authorization", "Sec-WebSocket-Key", "X-Forwarded-For"]);
        assert_eq!(request.headers["X-Forwarded-For"], ["127.0.0.1"]);
    }

    #[test]
    fn values_keep_their_order_and_the_last_one_counts() {
        let request = request(&[("x-a", "1"), ("x-a", "2")], Some("token=a%20b&token=c%2Bd&empty="));
        assert_eq!(request.headers["X-A"], ["1", "2"]);
        assert_eq!(request.header("X-A"), Some("2"));
        assert_eq!(request.query["token"], ["a b", "c+d"]);
    }
}
