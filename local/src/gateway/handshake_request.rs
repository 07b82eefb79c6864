//! What of the client's HTTP request the authorizer, `$connect` and the identity sources see.

use std::{collections::BTreeMap, net::IpAddr};

use http::HeaderMap;
use serde::Serialize;

use super::api::ApiError;

/// Names with their values in the order they came.
pub(super) type MultiValues = BTreeMap<String, Vec<String>>;

/// Who is calling, as events and the management API name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Identity {
    /// The `User-Agent` header, where the client sent one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_agent: Option<String>,
    /// The client's address.
    pub(super) source_ip: String,
}

/// The headers and the query of the request that opens a socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HandshakeRequest {
    /// By name as [`canonical_name`] writes it.
    pub(super) headers: MultiValues,
    /// Decoded, by name.
    pub(super) query: MultiValues,
}

impl HandshakeRequest {
    /// Reads the request and adds the `X-Forwarded-…` headers that API Gateway adds.
    pub(super) fn new(headers: &HeaderMap, query: Option<&str>, client: IpAddr) -> HandshakeRequest {
        let mut request = HandshakeRequest::default();
        for (name, value) in headers {
            // These belong to one hop, and API Gateway does not hand them on.
            if *name != http::header::CONNECTION && *name != http::header::UPGRADE {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                request.headers.entry(canonical_name(name.as_str())).or_default().push(value);
            }
        }
        request.headers.entry("X-Forwarded-For".to_owned()).or_default().push(client.to_string());
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            request.query.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        request
    }

    /// The last value of a header, whatever the case of its name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let (_, values) = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        values.last().map(String::as_str)
    }

    /// The last value of a query parameter.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name)?.last().map(String::as_str)
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

/// Where an authorizer's identity must be, before it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum IdentitySource {
    /// `route.request.header.NAME`, in any case.
    Header(String),
    /// `route.request.querystring.NAME`.
    Query(String),
}

impl IdentitySource {
    /// Reads one of the authorizer's `IdentitySource` entries.
    pub(super) fn parse(source: &str) -> Result<IdentitySource, ApiError> {
        let named = |prefix: &str| source.strip_prefix(prefix).filter(|name| !name.is_empty()).map(str::to_owned);
        named("route.request.header.")
            .map(IdentitySource::Header)
            .or_else(|| named("route.request.querystring.").map(IdentitySource::Query))
            .ok_or_else(|| ApiError::IdentitySource(source.to_owned()))
    }

    /// Whether the request has it, and not empty.
    pub(super) fn is_in(&self, request: &HandshakeRequest) -> bool {
        let value = match self {
            IdentitySource::Header(name) => request.header(name),
            IdentitySource::Query(name) => request.query(name),
        };
        value.is_some_and(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&'static str, &'static str)], query: Option<&str>) -> HandshakeRequest {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        HandshakeRequest::new(&headers, query, "62.90.14.41".parse().unwrap())
    }

    #[test]
    fn headers_have_the_case_that_aws_gives_them() {
        let headers = [("sec-websocket-key", "k"), ("AUTHORIZATION", "a"), ("connection", "Upgrade"), ("upgrade", "websocket")];
        let request = request(&headers, None);
        assert_eq!(request.headers.keys().collect::<Vec<_>>(), ["Authorization", "Sec-WebSocket-Key", "X-Forwarded-For"]);
        assert_eq!(request.headers["X-Forwarded-For"], ["62.90.14.41"]);
    }

    #[test]
    fn values_keep_their_order_and_the_last_one_counts() {
        let request = request(&[("x-a", "1"), ("x-a", "2")], Some("token=a%20b&token=c%2Bd&empty="));
        assert_eq!(request.headers["X-A"], ["1", "2"]);
        assert_eq!(request.header("X-a"), Some("2"));
        assert_eq!(request.query["token"], ["a b", "c+d"]);
        assert_eq!(request.query("token"), Some("c+d"));
    }

    #[test]
    fn an_identity_source_must_be_there_and_not_empty() {
        let request = request(&[("authorization", "x"), ("x-empty", "")], Some("token=t&none="));
        for (source, is_in) in [
            ("route.request.header.Authorization", true),
            ("route.request.header.authorization", true),
            ("route.request.header.X-Empty", false),
            ("route.request.header.X-Other", false),
            ("route.request.querystring.token", true),
            ("route.request.querystring.Token", false),
            ("route.request.querystring.none", false),
        ] {
            assert_eq!(IdentitySource::parse(source).unwrap().is_in(&request), is_in, "{source}");
        }
    }

    #[test]
    fn other_identity_sources_are_refused() {
        for source in ["", "route.request.header.", "context.identity.sourceIp", "method.request.header.Authorization"] {
            assert_eq!(IdentitySource::parse(source), Err(ApiError::IdentitySource(source.to_owned())));
        }
    }
}
