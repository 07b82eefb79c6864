//! The events that functions and the authorizer receive, member for member as API Gateway writes them.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    closing::Closing,
    handshake_request::{HandshakeRequest, Identity, MultiValues},
};
use crate::clock::request_time;

/// What every event of a connection says of it.
#[derive(Clone, Debug)]
pub(super) struct ConnectionFacts {
    /// The connection's id.
    pub(super) connection_id: String,
    /// When the client asked to connect, in epoch milliseconds.
    pub(super) connected_at: u64,
    /// Who is calling.
    pub(super) identity: Identity,
    /// The `Host` that the client called.
    pub(super) domain_name: String,
    /// The API's id.
    pub(super) api_id: String,
    /// The stage.
    pub(super) stage: String,
}

/// What one event says of its own request.
#[derive(Clone, Debug)]
pub(super) struct RequestFacts {
    /// A new id.
    pub(super) request_id: String,
    /// In epoch milliseconds.
    pub(super) at: u64,
}

/// A connection's authorizer context (every value a string) with its latency; none without an authorizer.
pub(super) type AuthorizerContext = Option<Map<String, Value>>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    route_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    event_type: &'static str,
    extended_request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    disconnect_status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disconnect_reason: Option<&'a str>,
    request_time: String,
    message_direction: &'static str,
    stage: &'a str,
    connected_at: u64,
    request_time_epoch: u64,
    identity: &'a Identity,
    request_id: &'a str,
    domain_name: &'a str,
    connection_id: &'a str,
    api_id: &'a str,
}

impl<'a> RequestContext<'a> {
    fn new(connection: &'a ConnectionFacts, request: &'a RequestFacts, route_key: &'a str, event_type: &'static str) -> Self {
        RequestContext {
            route_key,
            authorizer: None,
            message_id: None,
            event_type,
            extended_request_id: &request.request_id,
            disconnect_status_code: None,
            disconnect_reason: None,
            request_time: request_time(request.at),
            message_direction: "IN",
            stage: &connection.stage,
            connected_at: connection.connected_at,
            request_time_epoch: request.at,
            identity: &connection.identity,
            request_id: &request.request_id,
            domain_name: &connection.domain_name,
            connection_id: &connection.connection_id,
            api_id: &connection.api_id,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    authorizer_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<&'a str, &'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<&'a MultiValues>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_string_parameters: Option<BTreeMap<&'a str, &'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_query_string_parameters: Option<&'a MultiValues>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage_variables: Option<BTreeMap<&'a str, &'a str>>,
    request_context: RequestContext<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_base64_encoded: Option<bool>,
}

impl<'a> Event<'a> {
    fn new(request_context: RequestContext<'a>) -> Event<'a> {
        Event {
            authorizer_type: None,
            method_arn: None,
            headers: None,
            multi_value_headers: None,
            query_string_parameters: None,
            multi_value_query_string_parameters: None,
            stage_variables: None,
            request_context,
            body: None,
            is_base64_encoded: Some(false),
        }
    }

    fn with_headers(mut self, headers: &'a MultiValues) -> Event<'a> {
        self.headers = Some(last_values(headers));
        self.multi_value_headers = Some(headers);
        self
    }

    fn with_handshake(mut self, handshake: &'a HandshakeRequest) -> Event<'a> {
        if !handshake.query.is_empty() {
            self.query_string_parameters = Some(last_values(&handshake.query));
            self.multi_value_query_string_parameters = Some(&handshake.query);
        }
        self.with_headers(&handshake.headers)
    }

    fn into_bytes(self) -> Bytes {
        // Strings, numbers and maps with string keys: nothing that JSON could not hold.
        serde_json::to_vec(&self).expect("an event is always JSON").into()
    }
}

fn last_values(values: &MultiValues) -> BTreeMap<&str, &str> {
    values.iter().filter_map(|(name, values)| Some((name.as_str(), values.last()?.as_str()))).collect()
}

/// The authorizer's event.
pub(super) fn authorizer_event(
    connection: &ConnectionFacts,
    request: &RequestFacts,
    handshake: &HandshakeRequest,
    method_arn: &str,
) -> Bytes {
    let mut event = Event::new(RequestContext::new(connection, request, "$connect", "CONNECT")).with_handshake(handshake);
    event.authorizer_type = Some("REQUEST");
    event.method_arn = Some(method_arn);
    event.stage_variables = Some(BTreeMap::new());
    event.is_base64_encoded = None;
    event.into_bytes()
}

/// The event of `$connect`.
pub(super) fn connect_event(
    connection: &ConnectionFacts,
    request: &RequestFacts,
    handshake: &HandshakeRequest,
    authorizer: &AuthorizerContext,
) -> Bytes {
    let mut context = RequestContext::new(connection, request, "$connect", "CONNECT");
    context.authorizer = authorizer.as_ref();
    Event::new(context).with_handshake(handshake).into_bytes()
}

/// What came from the client, for [`message_event`].
pub(super) struct IncomingMessage<'a> {
    /// The route it takes.
    pub(super) route_key: &'a str,
    /// A new id.
    pub(super) message_id: &'a str,
    /// The text.
    pub(super) body: &'a str,
}

/// The event of one message.
pub(super) fn message_event(
    connection: &ConnectionFacts,
    request: &RequestFacts,
    message: &IncomingMessage<'_>,
    authorizer: &AuthorizerContext,
) -> Bytes {
    let mut context = RequestContext::new(connection, request, message.route_key, "MESSAGE");
    context.authorizer = authorizer.as_ref();
    context.message_id = Some(message.message_id);
    let mut event = Event::new(context);
    event.body = Some(message.body);
    event.into_bytes()
}

/// The event of `$disconnect`.
pub(super) fn disconnect_event(
    connection: &ConnectionFacts,
    request: &RequestFacts,
    closing: &Closing,
    authorizer: &AuthorizerContext,
) -> Bytes {
    let mut context = RequestContext::new(connection, request, "$disconnect", "DISCONNECT");
    context.authorizer = authorizer.as_ref();
    context.disconnect_status_code = Some(closing.code);
    context.disconnect_reason = Some(&closing.reason);
    // AWS gives these four, the last three empty.
    let header = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
    let headers: MultiValues =
        [header("Host", &connection.domain_name), header("X-Forwarded-For", ""), header("x-api-key", ""), header("x-restapi", "")].into();
    Event::new(context).with_headers(&headers).into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn connection() -> ConnectionFacts {
        ConnectionFacts {
            connection_id: "W9In0cvXIAMCFvw=".to_owned(),
            connected_at: 1_660_651_467_489,
            identity: Identity { user_agent: None, source_ip: "62.90.14.41".to_owned() },
            domain_name: "ws.example.io".to_owned(),
            api_id: "yldxgyfndc".to_owned(),
            stage: "dev".to_owned(),
        }
    }

    fn request() -> RequestFacts {
        RequestFacts { request_id: "W9In0EDVIAMFexQ=".to_owned(), at: 1_660_651_467_493 }
    }

    fn handshake(query: Option<&str>) -> HandshakeRequest {
        let headers = [(http::header::HOST, "ws.example.io".parse().unwrap())].into_iter().collect();
        HandshakeRequest::new(&headers, query, "62.90.14.41".parse().unwrap())
    }

    fn authorizer() -> AuthorizerContext {
        let Value::Object(context) = json!({"tenant_id": "ce2f", "principalId": "28ae", "integrationLatency": 21}) else { panic!() };
        Some(context)
    }

    fn value(event: &[u8]) -> Value {
        serde_json::from_slice(event).unwrap()
    }

    #[test]
    fn the_connect_event_is_aws_own() {
        let event = connect_event(&connection(), &request(), &handshake(Some("token=w&token=x")), &authorizer());
        let expected = json!({
            "headers": {"Host": "ws.example.io", "X-Forwarded-For": "62.90.14.41"},
            "multiValueHeaders": {"Host": ["ws.example.io"], "X-Forwarded-For": ["62.90.14.41"]},
            "queryStringParameters": {"token": "x"}, "multiValueQueryStringParameters": {"token": ["w", "x"]},
            "requestContext": {
                "routeKey": "$connect", "authorizer": {"tenant_id": "ce2f", "principalId": "28ae", "integrationLatency": 21},
                "eventType": "CONNECT", "extendedRequestId": "W9In0EDVIAMFexQ=", "requestTime": "16/Aug/2022:12:04:27 +0000",
                "messageDirection": "IN", "stage": "dev", "connectedAt": 1_660_651_467_489u64, "requestTimeEpoch": 1_660_651_467_493u64,
                "identity": {"sourceIp": "62.90.14.41"}, "requestId": "W9In0EDVIAMFexQ=", "domainName": "ws.example.io",
                "connectionId": "W9In0cvXIAMCFvw=", "apiId": "yldxgyfndc",
            },
            "isBase64Encoded": false,
        });
        assert_eq!(value(&event), expected);
    }

    #[test]
    fn query_members_are_absent_when_the_url_has_none() {
        for event in [
            connect_event(&connection(), &request(), &handshake(None), &None),
            authorizer_event(&connection(), &request(), &handshake(None), "arn"),
        ] {
            let event = value(&event);
            assert!(event.get("queryStringParameters").is_none() && event.get("multiValueQueryStringParameters").is_none(), "{event}");
            assert!(event["requestContext"].get("authorizer").is_none(), "{event}");
        }
    }

    #[test]
    fn the_authorizer_event_is_that_of_connect_with_the_method() {
        let arn = "arn:aws:execute-api:eu-central-1:123456789012:yldxgyfndc/dev/$connect";
        let mut expected = value(&connect_event(&connection(), &request(), &handshake(Some("token=x")), &None));
        expected.as_object_mut().unwrap().remove("isBase64Encoded");
        expected["type"] = json!("REQUEST");
        expected["methodArn"] = json!(arn);
        expected["stageVariables"] = json!({});
        assert_eq!(value(&authorizer_event(&connection(), &request(), &handshake(Some("token=x")), arn)), expected);
    }

    #[test]
    fn the_message_event_has_the_body_and_neither_headers_nor_query() {
        let body = "{\"route\":\"sendMessage\"} \u{1F600} \"";
        let message = IncomingMessage { route_key: "sendMessage", message_id: "Kf2dGd9lywMCEng=", body };
        let event = value(&message_event(&connection(), &request(), &message, &authorizer()));
        assert_eq!(event.as_object().unwrap().keys().collect::<Vec<_>>(), ["body", "isBase64Encoded", "requestContext"]);
        assert_eq!(event["body"], body);
        let context = &event["requestContext"];
        assert_eq!((&context["eventType"], &context["routeKey"]), (&json!("MESSAGE"), &json!("sendMessage")));
        assert_eq!(context["messageId"], "Kf2dGd9lywMCEng=");
        assert_eq!(context["authorizer"]["principalId"], "28ae");
    }

    #[test]
    fn the_disconnect_event_says_how_it_ended() {
        let event = value(&disconnect_event(&connection(), &request(), &Closing::WITHOUT_STATUS, &authorizer()));
        let context = &event["requestContext"];
        assert_eq!((&context["eventType"], &context["routeKey"]), (&json!("DISCONNECT"), &json!("$disconnect")));
        assert_eq!(context["disconnectStatusCode"], 1005);
        assert_eq!(context["disconnectReason"], "Client-side close frame status not set");
        assert_eq!(context["authorizer"]["tenant_id"], "ce2f");
        assert_eq!(event["headers"]["Host"], "ws.example.io");
        assert!(event.get("body").is_none());
    }
}
