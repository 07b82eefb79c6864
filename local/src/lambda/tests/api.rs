//! `Invoke` over HTTP.

use reqwest::{Method, RequestBuilder, Response, StatusCode};

use super::*;
use crate::{account::function_arn, port};

/// A room with its routes on a port.
struct Served {
    lambda: Lambda,
    base: String,
    client: reqwest::Client,
}

impl Served {
    async fn start(function: Function, options: LambdaOptions) -> Served {
        let lambda = start_with(function, options).await;
        let listener = port::open(0).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = lambda.router();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Served { lambda, base, client: reqwest::Client::new() }
    }

    /// A call of the function, which may have a query behind its name.
    fn call(&self, function: &str) -> RequestBuilder {
        let (name, query) = function.split_once('?').unwrap_or((function, ""));
        self.client.request(Method::POST, format!("{}/2015-03-31/functions/{name}/invocations?{query}", self.base))
    }
}

fn text<'a>(response: &'a Response, header: &str) -> Option<&'a str> {
    response.headers().get(header).map(|value| value.to_str().unwrap())
}

/// The status, the error's name and the body of a refusal.
async fn refusal(request: RequestBuilder) -> (u16, String, Value) {
    let response = request.send().await.unwrap();
    let (status, name) = (response.status().as_u16(), text(&response, "x-amzn-errortype").unwrap().to_owned());
    assert_eq!(text(&response, "x-amzn-requestid").unwrap().len(), 36);
    assert_eq!(text(&response, "content-type"), Some("application/json"));
    (status, name, response.json().await.unwrap())
}

#[tokio::test]
async fn invoke_answers_what_the_function_answers_under_the_id_that_it_saw() {
    let served = Served::start(config("test"), quiet()).await;
    let response = served.call("test").body(r#"{"context":true}"#).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!((text(&response, "x-amz-executed-version"), text(&response, "x-amz-function-error")), (Some("$LATEST"), None));
    let id = text(&response, "x-amzn-requestid").unwrap().to_owned();
    assert_eq!(response.json::<Value>().await.unwrap()["requestId"], id);
    let aliased = served.call("test?Qualifier=live").body("{}").send().await.unwrap();
    assert_eq!(text(&aliased, "x-amz-executed-version"), Some("1"));
    let arn = function_arn("test");
    for function in ["test", "test:$LATEST", "test?Qualifier=live", "test:live?Qualifier=live", &arn, &arn.replace(':', "%3A")] {
        let response = served.call(function).header("x-amz-invocation-type", "RequestResponse").send().await.unwrap();
        // A caller who sends nothing has the function see an empty object.
        assert_eq!(response.text().await.unwrap(), "{}", "{function}");
    }
    served.lambda.shutdown().await;
}

#[tokio::test]
async fn a_function_error_is_an_answer_with_the_functions_own_report_or_with_lambdas() {
    let served = Served::start(config("test"), quiet()).await;
    for (payload, error_type, message) in
        [(r#"{"error":"no such row"}"#, None, "no such row"), (r#"{"exit":3}"#, Some("Runtime.ExitError"), "exit status 3")]
    {
        let response = served.call("test").body(payload).send().await.unwrap();
        assert_eq!((response.status(), text(&response, "x-amz-function-error")), (StatusCode::OK, Some("Unhandled")));
        let body = response.text().await.unwrap();
        let report: Value = serde_json::from_str(&body).unwrap();
        assert!(report["errorMessage"].as_str().unwrap().ends_with(message), "{body}");
        if let Some(error_type) = error_type {
            assert!(body.starts_with(&format!(r#"{{"errorType":"{error_type}","errorMessage":"RequestId: "#)), "{body}");
        }
    }
    served.lambda.shutdown().await;
}

#[tokio::test]
async fn an_event_is_accepted_at_once() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut function = config("test");
    function.environment.insert("TEST_FUNCTION_LOG".to_owned(), log.path().to_str().unwrap().to_owned());
    let served = Served::start(function, quiet()).await;
    let payload = r#"{"sleepMilliseconds":100}"#;
    let event = served.call("test").header("x-amz-invocation-type", "Event").body(payload).send().await.unwrap();
    assert_eq!((event.status(), text(&event, "x-amz-executed-version")), (StatusCode::ACCEPTED, None));
    assert_eq!((event.text().await.unwrap().as_str(), stats(&served.lambda).events), ("", 1));
    until("the event is handled", || stats(&served.lambda).events == 0).await;
    assert_eq!(std::fs::read_to_string(log.path()).unwrap(), format!("{payload}\n"));
    served.lambda.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_invoked_is_refused_in_lambdas_words() {
    let served = Served::start(config("test"), quiet()).await;
    let call = |function| served.call(function);
    let not_found = |name: &str| format!("Function not found: {}", function_arn(name));
    let not_implemented = |what: &str| {
        format!("{what} is not implemented: this stack has Invoke, as RequestResponse or Event, and nothing else of Lambda's API")
    };
    let not_json =
        "Could not parse request body into json: Could not parse payload into json: EOF while parsing an object at line 1 column 1";
    for (request, status, name, message) in [
        (call("other"), 404, "ResourceNotFoundException", not_found("other")),
        (call("test:prod"), 404, "ResourceNotFoundException", not_found("test:prod")),
        (call("test?Qualifier=7"), 404, "ResourceNotFoundException", not_found("test:7")),
        (call("test").header("x-amz-log-type", "Tail"), 400, "InvalidParameterValueException", not_implemented("X-Amz-Log-Type")),
        (
            call("test").header("x-amz-client-context", "e30="),
            400,
            "InvalidParameterValueException",
            not_implemented("X-Amz-Client-Context"),
        ),
        (
            call("test").header("x-amz-invocation-type", "DryRun"),
            400,
            "InvalidParameterValueException",
            not_implemented("X-Amz-Invocation-Type: DryRun"),
        ),
        (call("test").body("{"), 400, "InvalidRequestContentException", not_json.to_owned()),
        (
            served.client.get(format!("{}/2015-03-31/functions/", served.base)),
            400,
            "InvalidParameterValueException",
            not_implemented("GET /2015-03-31/functions/"),
        ),
    ] {
        assert_eq!(refusal(request).await, (status, name.to_owned(), json!({"Type": "User", "Message": message})));
    }
    assert_eq!(refusal(call("test").body(b"\"\xff\"".to_vec())).await.1, "InvalidRequestContentException");
    assert_eq!(stats(&served.lambda).invocations, 0);
    served.lambda.shutdown().await;
}

#[tokio::test]
async fn a_payload_is_taken_up_to_its_limit_and_no_further() {
    // A test binary takes its time over six megabytes.
    let function = Function { timeout: Duration::from_secs(60), ..config("test") };
    let served = Served::start(function, quiet()).await;
    for (kind, limit, accepted) in [("RequestResponse", 6_291_456_usize, StatusCode::OK), ("Event", 1_048_576, StatusCode::ACCEPTED)] {
        let call = |bytes: usize| {
            served.call("test").header("x-amz-invocation-type", kind).body(format!(r#"{{"answer":"{}"}}"#, "x".repeat(bytes - 13)))
        };
        let response = call(limit).send().await.unwrap();
        assert_eq!((response.status(), text(&response, "x-amz-function-error")), (accepted, None));
        let message = format!("{} byte payload is too large for the {kind} invocation type (limit {limit} bytes)", limit + 1);
        let expected = (413, "RequestTooLargeException".to_owned(), json!({"Type": "User", "Message": message}));
        assert_eq!(refusal(call(limit + 1)).await, expected);
    }
    // Those who call from within the stack have the same limits.
    let too_large = |limit: usize| Bytes::from(vec![b' '; limit + 1]);
    let refused = served.lambda.invoke("test", too_large(6_291_456)).await.result;
    assert_eq!(refused, Err(InvokeError::RequestTooLarge(6_291_457, REQUEST_RESPONSE)));
    let refused = served.lambda.invoke_async("test", too_large(1_048_576));
    assert_eq!(refused, Err(InvokeError::RequestTooLarge(1_048_577, EVENT)));
    served.lambda.shutdown().await;
}

#[tokio::test]
async fn a_throttled_call_says_whose_limit_it_met() {
    let reserved = Function { reserved_concurrency: Some(1), ..config("test") };
    let one = LambdaOptions { max_environments: 1, queue_wait: Duration::from_millis(100), ..quiet() };
    for (function, options, reason) in [
        (reserved, quiet(), "ReservedFunctionConcurrentInvocationLimitExceeded"),
        (config("test"), one, "ConcurrentInvocationLimitExceeded"),
    ] {
        let served = Served::start(function, options).await;
        let running = begin(&served.lambda, json!({"sleepMilliseconds": 4000}));
        until("the only environment serves", || served.lambda.serving() == 1).await;
        let start = Instant::now();
        let body = json!({"Reason": reason, "Type": "User", "message": "Rate Exceeded."});
        assert_eq!(refusal(served.call("test")).await, (429, "TooManyRequestsException".to_owned(), body));
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        assert_eq!(stats(&served.lambda).throttles, 1);
        running.abort();
        served.lambda.shutdown().await;
    }
}
