//! The events that functions and the authorizer receive, member for member as API Gateway writes them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::{
    handshake_request::{HandshakeRequest, MultiValues},
    identifiers::new_id,
};
use crate::clock::{self, request_time};

/// What every event of a connection says of it.
pub(super) struct ConnectionFacts {
    pub(super) connection_id: String,
    /// When the client asked to connect, in epoch milliseconds.
    pub(super) connected_at: u64,
    /// Who is calling: `sourceIp`, and `userAgent` where the client gave one.
    pub(super) identity: Value,
    /// The `Host` that the client called.
    pub(super) domain_name: String,
    pub(super) api_id: String,
    pub(super) stage: String,
    /// The authorizer's context with its latency, once it has allowed the connection.
    pub(super) authorizer: Option<Map<String, Value>>,
}

impl ConnectionFacts {
    /// Who is connected, if the authorizer has said so.
    pub(super) fn player_id(&self) -> Option<&Value> {
        self.authorizer.as_ref()?.get("playerId")
    }
}

/// What one event says of its own request, which has a new id.
#[derive(Default)]
pub(super) struct RequestFacts {
    pub(super) request_id: String,
    /// In epoch milliseconds.
    pub(super) at: u64,
}

impl RequestFacts {
    pub(super) fn now() -> RequestFacts {
        RequestFacts { request_id: new_id(), at: clock::now() }
    }
}

fn context(connection: &ConnectionFacts, request: &RequestFacts, route_key: &str, event_type: &str) -> Value {
    let mut context = json!({
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": request.request_id,
        "requestTime": request_time(request.at),
        "messageDirection": "IN",
        "stage": connection.stage,
        "connectedAt": connection.connected_at,
        "requestTimeEpoch": request.at,
        "identity": connection.identity,
        "requestId": request.request_id,
        "domainName": connection.domain_name,
        "connectionId": connection.connection_id,
        "apiId": connection.api_id,
    });
    if let Some(authorizer) = &connection.authorizer {
        context["authorizer"] = Value::Object(authorizer.clone());
    }
    context
}

fn last_values(values: &MultiValues) -> BTreeMap<&str, &str> {
    values.iter().filter_map(|(name, values)| Some((name.as_str(), values.last()?.as_str()))).collect()
}

fn handshake_event(connection: &ConnectionFacts, handshake: &HandshakeRequest) -> Value {
    let mut event = json!({
        "headers": last_values(&handshake.headers),
        "multiValueHeaders": handshake.headers,
        "requestContext": context(connection, &handshake.request, "$connect", "CONNECT"),
    });
    if !handshake.query.is_empty() {
        event["queryStringParameters"] = json!(last_values(&handshake.query));
        event["multiValueQueryStringParameters"] = json!(handshake.query);
    }
    event
}

pub(super) fn authorizer_event(connection: &ConnectionFacts, handshake: &HandshakeRequest, method_arn: &str) -> Value {
    let mut event = handshake_event(connection, handshake);
    event["type"] = "REQUEST".into();
    event["methodArn"] = method_arn.into();
    event["stageVariables"] = json!({});
    event
}

pub(super) fn connect_event(connection: &ConnectionFacts, handshake: &HandshakeRequest) -> Value {
    let mut event = handshake_event(connection, handshake);
    event["isBase64Encoded"] = false.into();
    event
}

pub(super) fn message_event(connection: &ConnectionFacts, request: &RequestFacts, route_key: &str, body: &str) -> Value {
    let mut context = context(connection, request, route_key, "MESSAGE");
    context["messageId"] = new_id().into();
    json!({"requestContext": context, "body": body, "isBase64Encoded": false})
}

pub(super) fn disconnect_event(connection: &ConnectionFacts, request: &RequestFacts, closing: &CloseFrame) -> Value {
    let mut context = context(connection, request, "$disconnect", "DISCONNECT");
    context["disconnectStatusCode"] = u16::from(closing.code).into();
    context["disconnectReason"] = closing.reason.as_str().into();
    // AWS gives these four, the last three empty.
    let host = &connection.domain_name;
    json!({
        "headers": {"Host": host, "X-Forwarded-For": "", "x-api-key": "", "x-restapi": ""},
        "multiValueHeaders": {"Host": [host], "X-Forwarded-For": [""], "x-api-key": [""], "x-restapi": [""]},
        "requestContext": context,
        "isBase64Encoded": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{account, gateway::closing::WITHOUT_STATUS};

    fn connection() -> ConnectionFacts {
        let authorizer = json!({"tenant_id": "ce2f", "principalId": "28ae", "integrationLatency": 21});
        ConnectionFacts {
            connection_id: "W9In0cvXIAMCFvw=".to_owned(),
            connected_at: 1_660_651_467_489,
            identity: json!({"sourceIp": "127.0.0.1"}),
            domain_name: "ws.example.io".to_owned(),
            api_id: "yldxgyfndc".to_owned(),
            stage: "dev".to_owned(),
            authorizer: authorizer.as_object().cloned(),
        }
    }

    fn stranger() -> ConnectionFacts {
        ConnectionFacts { authorizer: None, ..connection() }
    }

    fn request() -> RequestFacts {
        RequestFacts { request_id: "W9In0EDVIAMFexQ=".to_owned(), at: 1_660_651_467_493 }
    }

    fn handshake(query: Option<&str>) -> HandshakeRequest {
        let headers = [(http::header::HOST, "ws.example.io".parse().unwrap())].into_iter().collect();
        HandshakeRequest { request: request(), ..HandshakeRequest::new(&headers, query) }
    }

    #[test]
    fn the_connect_event_is_aws_own() {
        let event = connect_event(&connection(), &handshake(Some("token=w&token=x")));
        let expected = json!({
            "headers": {"Host": "ws.example.io", "X-Forwarded-For": "127.0.0.1"},
            "multiValueHeaders": {"Host": ["ws.example.io"], "X-Forwarded-For": ["127.0.0.1"]},
            "queryStringParameters": {"token": "x"}, "multiValueQueryStringParameters": {"token": ["w", "x"]},
            "requestContext": {
                "routeKey": "$connect", "authorizer": {"tenant_id": "ce2f", "principalId": "28ae", "integrationLatency": 21},
                "eventType": "CONNECT", "extendedRequestId": "W9In0EDVIAMFexQ=", "requestTime": "16/Aug/2022:12:04:27 +0000",
                "messageDirection": "IN", "stage": "dev", "connectedAt": 1_660_651_467_489u64, "requestTimeEpoch": 1_660_651_467_493u64,
                "identity": {"sourceIp": "127.0.0.1"}, "requestId": "W9In0EDVIAMFexQ=", "domainName": "ws.example.io",
                "connectionId": "W9In0cvXIAMCFvw=", "apiId": "yldxgyfndc",
            },
            "isBase64Encoded": false,
        });
        assert_eq!(event, expected);
    }

    #[test]
    fn the_authorizer_event_is_that_of_connect_with_the_method_and_without_a_query_has_no_member_for_it() {
        let arn = account::arn("execute-api", "yldxgyfndc/dev/$connect");
        for query in [None, Some("token=x")] {
            let handshake = handshake(query);
            let mut expected = connect_event(&stranger(), &handshake);
            assert_eq!(expected.get("queryStringParameters").is_some(), query.is_some());
            assert_eq!(expected.get("multiValueQueryStringParameters").is_some(), query.is_some());
            assert_eq!(expected["requestContext"].get("authorizer"), None);
            expected.as_object_mut().unwrap().remove("isBase64Encoded");
            expected["type"] = json!("REQUEST");
            expected["methodArn"] = json!(arn);
            expected["stageVariables"] = json!({});
            assert_eq!(authorizer_event(&stranger(), &handshake, &arn), expected);
        }
    }

    #[test]
    fn the_message_event_has_the_body_and_neither_headers_nor_query() {
        let body = "{\"route\":\"sendMessage\"} \u{1F600} \"";
        let event = message_event(&connection(), &request(), "sendMessage", body);
        assert_eq!(event.as_object().unwrap().keys().collect::<Vec<_>>(), ["body", "isBase64Encoded", "requestContext"]);
        assert_eq!(event["body"], body);
        let context = &event["requestContext"];
        assert_eq!((&context["eventType"], &context["routeKey"]), (&json!("MESSAGE"), &json!("sendMessage")));
        assert_eq!((context["messageId"].as_str().unwrap().len(), &context["authorizer"]["principalId"]), (16, &json!("28ae")));
    }

    #[test]
    fn the_disconnect_event_says_how_it_ended() {
        let event = disconnect_event(&connection(), &request(), &WITHOUT_STATUS);
        let context = &event["requestContext"];
        assert_eq!((&context["eventType"], &context["routeKey"]), (&json!("DISCONNECT"), &json!("$disconnect")));
        assert_eq!(context["disconnectStatusCode"], 1005);
        assert_eq!(context["disconnectReason"], "Client-side close frame status not set");
        assert_eq!(context["authorizer"]["tenant_id"], "ce2f");
        assert_eq!((&event["headers"]["Host"], event.get("body")), (&json!("ws.example.io"), None));
    }
}
