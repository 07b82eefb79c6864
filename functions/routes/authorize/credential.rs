//! Where a handshake carries its token.
//!
//! Native clients send `Authorization: Bearer …`. Browsers cannot set a WebSocket's headers, so they use the `token` query parameter.

use aws_lambda_events::apigw::ApiGatewayCustomAuthorizerRequestTypeRequest;
use http::header::AUTHORIZATION;

/// The token of a handshake: the header's if there is a bearer token in it, else the query string's. Empty ones do not count.
pub fn token(event: &ApiGatewayCustomAuthorizerRequestTypeRequest) -> Option<&str> {
    // The header map compares names without case, which varies from client to client.
    let header = event.headers.get(AUTHORIZATION).and_then(|value| bearer(value.to_str().ok()?));
    header.or_else(|| event.query_string_parameters.first("token").map(str::trim).filter(|token| !token.is_empty()))
}

/// The token after the scheme `Bearer`, whose case does not matter (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer")).then(|| token.trim()).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn found(headers: Value, query: Value) -> Option<String> {
        let event = json!({"headers": headers, "queryStringParameters": query, "requestContext": {}});
        let event: ApiGatewayCustomAuthorizerRequestTypeRequest = serde_json::from_value(event).unwrap();
        token(&event).map(str::to_owned)
    }

    #[test]
    fn the_header_is_found_whatever_its_case_and_its_schemes() {
        for (name, value) in [("Authorization", "Bearer a.b.c"), ("authorization", "bearer a.b.c"), ("AUTHORIZATION", " BEARER  a.b.c ")] {
            assert_eq!(found(json!({name: value}), json!(null)).as_deref(), Some("a.b.c"));
        }
    }

    #[test]
    fn the_query_parameter_is_used_where_the_header_has_no_token() {
        let query = json!({"token": "q"});
        assert_eq!(found(json!({"Authorization": "Bearer h"}), query.clone()).as_deref(), Some("h"));
        for value in ["Basic dXNlcg==", "Bearer", "Bearer ", "a.b.c", ""] {
            assert_eq!(found(json!({"Authorization": value}), query.clone()).as_deref(), Some("q"), "{value}");
        }
        assert_eq!(found(json!(null), query).as_deref(), Some("q"));
    }

    #[test]
    fn an_empty_token_is_none() {
        assert_eq!(found(json!({"Authorization": "Bearer "}), json!({"token": " "})), None);
        assert_eq!(found(json!({}), json!({"Token": "q"})), None);
    }
}
