//! Between a function and the services that it calls: whether it may, and what goes wrong on purpose.

use std::io;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};

use super::{
    BODY_BYTES, HERE,
    call::{Call, Service, signed_for},
    refusal::{Reason, escape, refuse, xml},
    unreadable,
};
use crate::{
    account,
    iam::Iam,
    weather::{Mishap, Weather},
};

/// What calls pass through. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Callers {
    pub(crate) iam: Iam,
    pub(crate) weather: Weather,
}

/// A middleware for all routes: a call that is signed with a key of a function or a managed policy has to be allowed by its statements,
/// and one of a function may be throttled or stay unanswered. Whoever else calls is the developer, who may everything.
pub(crate) async fn check(State(Callers { iam, weather }): State<Callers>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    // Wherever S3 is asked for something, at `/` also, it would get a page or an answer that is no XML, and its clients would ask again.
    if signed_for(&parts) == "s3" {
        let message = escape(&format!("S3 is not implemented: {HERE}"));
        return xml(StatusCode::BAD_REQUEST, format!("<Error><Code>NotImplemented</Code><Message>{message}</Message></Error>"));
    }
    let Some(caller) = account::signed_by(&parts.headers) else { return next.run(Request::from_parts(parts, body)).await };
    // What is pushed to a connection may be large and says nothing about the call.
    let is_rpc = parts.method == Method::POST && (parts.uri.path() == "/" || parts.uri.path().starts_with("/service/"));
    let (body, bytes) = if is_rpc {
        match to_bytes(body, BODY_BYTES).await {
            Ok(bytes) => (Body::from(bytes.clone()), bytes),
            Err(error) => return unreadable(&error),
        }
    } else {
        (body, bytes::Bytes::new())
    };
    let call = Call::read(&parts, &bytes);
    let request = Request::from_parts(parts, body);
    let Some(call) = call else { return next.run(request).await };
    if let Err(denial) = iam.check(&caller, &call) {
        return refuse(&call, Reason::Denied, &denial.to_string());
    }
    if account::policy_of(&caller).is_some() {
        return next.run(request).await;
    }
    if weather.happens(Mishap::Throttle) {
        return refuse(&call, Reason::Throttled, throttled(&call));
    }
    let answer = next.run(request).await;
    if weather.happens(Mishap::Unanswered) { lost() } else { answer }
}

fn throttled(call: &Call) -> &'static str {
    match call.service {
        Service::DynamoDb => {
            "The level of configured provisioned throughput for the table was exceeded. \
             Consider increasing your provisioning level with the UpdateTable API."
        }
        Service::Sqs => "The request was denied due to request throttling.",
        _ => "Rate exceeded",
    }
}

/// No answer: a body that fails before its first byte has the server close the connection before anything is written.
fn lost() -> Response {
    let fails = futures_util::stream::once(async { Err::<bytes::Bytes, _>(io::Error::other("the answer is lost on purpose")) });
    Response::new(Body::from_stream(fails))
}
