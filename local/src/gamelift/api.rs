//! The two protocols that GameLift speaks. Both carry the same requests and answers, so the operations know JSON alone.
//!
//! SDKs of today speak Smithy's RPC protocol version 2 with CBOR (smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html): the
//! operation is in the path, and a time is a number of seconds with tag 1. The `aws` CLI of version 1 speaks AWS's JSON protocol 1.1
//! (smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html): the operation is in `X-Amz-Target`, and a time is a number of seconds.

use std::fmt::Display;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use ciborium::Value as Cbor;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    GameLift,
    request::{OfPlacement, OfQueues},
};

/// More than the largest request needs: a quarter of a megabyte of data, and the latencies of 200 players.
const BODY_BYTES: usize = 8 * 1024 * 1024;
/// The header that says that an answer is of the RPC protocol.
const SMITHY_PROTOCOL: (&str, &str) = ("smithy-protocol", "rpc-v2-cbor");

/// A refused request: the error by its name in the API reference, and a text of our own.
#[derive(Debug, PartialEq)]
pub(super) struct Refusal(pub(super) &'static str, pub(super) String);

impl GameLift {
    /// The routes of the RPC protocol: `POST /service/GameLift/operation/{operation}`.
    pub fn router(&self) -> Router {
        let route = post(operation).layer(DefaultBodyLimit::max(BODY_BYTES));
        Router::new().route("/service/GameLift/operation/{operation}", route).with_state(self.clone())
    }

    /// Answers the operation of the JSON protocol 1.1, such as `StartGameSessionPlacement`, with the JSON `body`.
    pub fn handle(&self, operation: &str, body: &[u8]) -> Response {
        let (status, answer) = self.answer(operation, serde_json::from_slice(body).map_err(not_understood));
        (status, [(CONTENT_TYPE, "application/x-amz-json-1.1")], answer.to_string()).into_response()
    }

    fn answer(&self, operation: &str, request: Result<Value, Refusal>) -> (StatusCode, Value) {
        match request.and_then(|request| self.act(operation, request)) {
            Ok(answer) => (StatusCode::OK, answer),
            Err(Refusal(kind, message)) => {
                let status = if kind == "InternalServiceException" { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::BAD_REQUEST };
                (status, json!({"__type": format!("com.amazonaws.gamelift#{kind}"), "Message": message}))
            }
        }
    }

    fn act(&self, operation: &str, request: Value) -> Result<Value, Refusal> {
        match operation {
            "StartGameSessionPlacement" => self.room.start_placement(parse(request)?),
            "StopGameSessionPlacement" => self.room.stop_placement(&parse::<OfPlacement>(request)?.placement_id),
            "DescribeGameSessionPlacement" => self.room.describe_placement(&parse::<OfPlacement>(request)?.placement_id),
            "DescribeGameSessionQueues" => parse::<OfQueues>(request).and_then(|_| self.room.describe_queues()),
            _ => {
                let here = "this stack has Start-, Stop- and DescribeGameSessionPlacement, and DescribeGameSessionQueues";
                Err(Refusal("UnknownOperationException", format!("{operation} is not implemented: {here}")))
            }
        }
    }
}

async fn operation(State(gamelift): State<GameLift>, Path(operation): Path<String>, body: Bytes) -> Response {
    // Whatever a request may hold in CBOR, JSON has, too.
    let (status, answer) = gamelift.answer(&operation, ciborium::from_reader(&*body).map_err(not_understood));
    let mut bytes = Vec::new();
    // Writing into memory cannot fail, and the value has nothing that CBOR does not.
    ciborium::into_writer(&to_cbor(&answer), &mut bytes).unwrap_or_default();
    (status, [(CONTENT_TYPE.as_str(), "application/cbor"), SMITHY_PROTOCOL], bytes).into_response()
}

/// A member that an operation does not have here is named by the refusal.
fn parse<T: DeserializeOwned>(request: Value) -> Result<T, Refusal> {
    serde_json::from_value(request).map_err(not_understood)
}

fn not_understood(error: impl Display) -> Refusal {
    Refusal("SerializationException", format!("The request is not understood: {error}."))
}

/// The same in CBOR, where times have their tag. (RFC 8949, section 3.4.2.)
fn to_cbor(value: &Value) -> Cbor {
    let member = |(name, value): (&String, &Value)| match (name.as_str(), to_cbor(value)) {
        ("StartTime" | "EndTime", time) => (Cbor::Text(name.clone()), Cbor::Tag(1, Box::new(time))),
        (_, value) => (Cbor::Text(name.clone()), value),
    };
    match value {
        Value::Object(members) => Cbor::Map(members.iter().map(member).collect()),
        // All of JSON can be written in CBOR.
        other => Cbor::serialized(other).unwrap_or(Cbor::Null),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_tag_and_other_numbers_have_none() {
        let Cbor::Map(members) = to_cbor(&json!({"StartTime": 1_700_000_000.5, "Port": 7777})) else { panic!("no map") };
        let tagged = Cbor::Tag(1, Box::new(Cbor::Float(1_700_000_000.5)));
        assert!(members.contains(&(Cbor::Text("StartTime".to_owned()), tagged)), "{members:?}");
        assert!(members.contains(&(Cbor::Text("Port".to_owned()), Cbor::Integer(7777.into()))), "{members:?}");
    }
}
