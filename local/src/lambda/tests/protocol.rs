//! The Runtime API's own rules, with the test in the role of the function process.

use reqwest::{Method, Response, StatusCode};

use super::*;

/// An environment whose process does nothing, so that the test can speak for it.
struct Puppet {
    lambda: Lambda,
    base: String,
    client: reqwest::Client,
}

impl Puppet {
    /// Starts the room and an invocation with `payload`, for which an environment then starts.
    async fn start(payload: Value) -> (Puppet, tokio::task::JoinHandle<Result<Value, InvokeError>>) {
        let function = FunctionConfig { program: "sleep".into(), arguments: vec!["60".to_owned()], ..config("test") };
        let lambda = start_with(function, quiet()).await;
        let running = begin(&lambda, payload);
        until("an environment starts", || !lambda.processes().is_empty()).await;
        let base = base(&lambda, &lambda.tokens()[0]);
        (Puppet { lambda, base, client: reqwest::Client::new() }, running)
    }

    async fn call(&self, method: Method, path: &str, body: &'static str) -> Response {
        self.client.request(method, format!("{}{path}", self.base)).body(body).send().await.unwrap()
    }

    async fn next(&self) -> (String, Value) {
        let response = self.call(Method::GET, "/invocation/next", "").await;
        assert_eq!(response.status(), StatusCode::OK);
        let id = response.headers()["lambda-runtime-aws-request-id"].to_str().unwrap().to_owned();
        (id, response.json().await.unwrap())
    }
}

fn base(lambda: &Lambda, token: &str) -> String {
    format!("http://{}/env/{token}/2018-06-01/runtime", lambda.pools.host.address)
}

async fn refusal(response: Response) -> (u16, String, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    (status, body["errorType"].as_str().unwrap().to_owned(), body["errorMessage"].as_str().unwrap().to_owned())
}

fn state(from: &str, to: &str) -> (u16, String, String) {
    let message = format!("State transition from {from} to {to} failed for runtime. Error: State transition is not allowed");
    (403, "InvalidStateTransition".to_owned(), message)
}

fn invalid_id() -> (u16, String, String) {
    (400, "InvalidRequestID".to_owned(), "Invalid request ID".to_owned())
}

#[tokio::test]
async fn an_invocation_is_answered_once_and_by_its_own_id() {
    let (puppet, running) = Puppet::start(json!({"a": 1})).await;
    assert_eq!(refusal(puppet.call(Method::POST, "/invocation/any/response", "1").await).await, invalid_id());
    let (id, payload) = puppet.next().await;
    assert_eq!(payload, json!({"a": 1}));
    assert_eq!(refusal(puppet.call(Method::POST, "/invocation/other/response", "1").await).await, invalid_id());
    assert_eq!(refusal(puppet.call(Method::POST, "/invocation/other/error", "1").await).await, invalid_id());
    assert_eq!(refusal(puppet.call(Method::POST, "/init/error", "{}").await).await, state("Ready", "InitError"));

    let accepted = puppet.call(Method::POST, &format!("/invocation/{id}/response"), "[2]").await;
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    assert_eq!(accepted.json::<Value>().await.unwrap(), json!({"status": "OK"}));
    assert_eq!(running.await.unwrap(), Ok(json!([2])));

    for (path, to) in [("response", "InvocationResponse"), ("error", "InvocationErrorResponse")] {
        let again = puppet.call(Method::POST, &format!("/invocation/{id}/{path}"), "[3]").await;
        assert_eq!(refusal(again).await, state("RuntimeResponseSentState", to));
    }
    puppet.lambda.shutdown().await;
}

#[tokio::test]
async fn asking_again_before_answering_gives_the_same_invocation() {
    let (puppet, running) = Puppet::start(json!("same")).await;
    let first = puppet.next().await;
    assert_eq!(puppet.next().await, first);
    let response = puppet.call(Method::POST, &format!("/invocation/{}/response", first.0), "1").await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    assert_eq!(running.await.unwrap(), Ok(json!(1)));
    puppet.lambda.shutdown().await;
}

#[tokio::test]
async fn an_error_is_read_from_the_body_or_else_from_the_header() {
    for (body, header, expected) in [
        (r#"{"errorType":"A","errorMessage":"b","stackTrace":[]}"#, "Header", failed("A", "b")),
        (r#"{"errorMessage":"b"}"#, "Header", failed("Header", "b")),
        ("not JSON", "Header", failed("Header", "")),
        ("not JSON", "", failed("Runtime.UnknownReason", "")),
    ] {
        let (puppet, running) = Puppet::start(json!(1)).await;
        let (id, _) = puppet.next().await;
        let mut request = puppet.client.post(format!("{}/invocation/{id}/error", puppet.base)).body(body);
        if !header.is_empty() {
            request = request.header("Lambda-Runtime-Function-Error-Type", header);
        }
        assert_eq!(request.send().await.unwrap().status(), StatusCode::ACCEPTED);
        assert_eq!(failure(running.await.unwrap()), expected);
        puppet.lambda.shutdown().await;
    }
}

#[tokio::test]
async fn after_an_init_error_nothing_else_is_allowed_and_the_process_is_ended() {
    let (puppet, running) = Puppet::start(json!(1)).await;
    let pid = pid(&puppet.lambda);
    let accepted = puppet.call(Method::POST, "/init/error", r#"{"errorType":"A","errorMessage":"b"}"#).await;
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    assert_eq!(failure(running.await.unwrap()), failed("A", "b"));
    assert_eq!(refusal(puppet.call(Method::GET, "/invocation/next", "").await).await, state("InitError", "Ready"));
    assert_eq!(refusal(puppet.call(Method::POST, "/init/error", "{}").await).await, state("InitError", "InitError"));
    until("the process is ended", || has_ended(pid)).await;
    puppet.lambda.shutdown().await;
}

#[tokio::test]
async fn nobody_but_a_living_environment_is_served() {
    let (mut puppet, running) = Puppet::start(json!(1)).await;
    let known = std::mem::replace(&mut puppet.base, base(&puppet.lambda, "guessed"));
    assert_eq!(refusal(puppet.call(Method::GET, "/invocation/next", "").await).await, state("Ended", "Ready"));
    puppet.base = known;
    puppet.next().await;
    kill(pid(&puppet.lambda));
    assert!(running.await.unwrap().is_err());
    assert_eq!(refusal(puppet.call(Method::GET, "/invocation/next", "").await).await, state("Ended", "Ready"));
    puppet.lambda.shutdown().await;
}

#[tokio::test]
async fn an_environment_whose_poll_was_cut_is_not_handed_an_invocation_until_it_asks_again() {
    let (puppet, running) = Puppet::start(json!(1)).await;
    let (id, _) = puppet.next().await;
    puppet.call(Method::POST, &format!("/invocation/{id}/response"), "1").await;
    running.await.unwrap().unwrap();
    let poll = puppet.client.get(format!("{}/invocation/next", puppet.base)).timeout(Duration::from_millis(50));
    assert!(poll.send().await.unwrap_err().is_timeout());
    until("the cut is noticed", || puppet.lambda.idle() == 0).await;
    let second = begin(&puppet.lambda, json!(2));
    let (id, payload) = puppet.next().await;
    assert_eq!(payload, json!(2));
    puppet.call(Method::POST, &format!("/invocation/{id}/response"), "2").await;
    assert_eq!(second.await.unwrap(), Ok(json!(2)));
    puppet.lambda.shutdown().await;
}

#[tokio::test]
async fn an_invocation_that_was_on_its_way_when_the_poll_was_cut_is_not_lost() {
    let (puppet, running) = Puppet::start(json!(1)).await;
    let (pool, number) = puppet.lambda.pools.host.environment(&puppet.lambda.tokens()[0]).unwrap();
    let mut poll = pool.next(number).ok().unwrap();
    let undelivered = poll.try_recv().unwrap();
    assert_eq!(puppet.lambda.serving(), 1);
    pool.poll_cut(number, Some(undelivered));
    assert_eq!(puppet.lambda.serving(), 0);
    let (id, payload) = puppet.next().await;
    assert_eq!(payload, json!(1));
    puppet.call(Method::POST, &format!("/invocation/{id}/response"), "1").await;
    assert_eq!(running.await.unwrap(), Ok(json!(1)));
    puppet.lambda.shutdown().await;
}

#[tokio::test]
async fn an_environment_that_stays_busy_after_its_answer_does_not_hold_up_the_next_invocation() {
    let (puppet, running) = Puppet::start(json!(1)).await;
    let (id, _) = puppet.next().await;
    puppet.call(Method::POST, &format!("/invocation/{id}/response"), "1").await;
    running.await.unwrap().unwrap();
    let second = begin(&puppet.lambda, json!(2));
    until("a second environment starts", || puppet.lambda.processes().len() == 2).await;
    puppet.lambda.shutdown().await;
    assert!(second.await.unwrap().is_err());
}
