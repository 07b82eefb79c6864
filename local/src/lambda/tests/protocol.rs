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
        let options = LambdaOptions { program: "sleep".into(), arguments: vec!["60".to_owned()], ..quiet() };
        let lambda = start_with(config("test"), options).await;
        let running = begin(&lambda, payload);
        until("an environment starts", || !lambda.processes().is_empty()).await;
        let base = lambda.base();
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

#[tokio::test]
async fn an_invocation_is_answered_once_and_by_its_own_id() {
    let (puppet, running) = Puppet::start(json!({"a": 1})).await;
    assert_eq!(puppet.call(Method::POST, "/invocation/any/response", "1").await.status(), StatusCode::BAD_REQUEST);
    let (id, payload) = puppet.next().await;
    assert_eq!(payload, json!({"a": 1}));
    assert_eq!(puppet.call(Method::GET, "/invocation/next", "").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(puppet.call(Method::POST, "/invocation/other/response", "1").await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(puppet.call(Method::POST, "/invocation/other/error", "1").await.status(), StatusCode::BAD_REQUEST);

    let accepted = puppet.call(Method::POST, &format!("/invocation/{id}/response"), "[2]").await;
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    assert_eq!(running.await.unwrap(), Ok(json!([2])));

    for path in ["response", "error"] {
        let again = puppet.call(Method::POST, &format!("/invocation/{id}/{path}"), "[3]").await;
        assert_eq!(again.status(), StatusCode::BAD_REQUEST);
    }
    puppet.lambda.shutdown().await;
}

#[tokio::test]
async fn an_error_is_answered_as_it_is_reported() {
    for (body, expected) in
        [(r#"{"errorType":"A","errorMessage":"b","stackTrace":[]}"#, failed("A", "b")), ("not JSON", failed("Runtime.UnknownReason", ""))]
    {
        let (puppet, running) = Puppet::start(json!(1)).await;
        let (id, _) = puppet.next().await;
        let accepted = puppet.call(Method::POST, &format!("/invocation/{id}/error"), body).await;
        assert_eq!(accepted.status(), StatusCode::ACCEPTED);
        assert_eq!(failure(running.await.unwrap()), expected);
        puppet.lambda.shutdown().await;
    }
}

#[tokio::test]
async fn nobody_but_a_living_environment_is_served() {
    let (mut puppet, running) = Puppet::start(json!(1)).await;
    let guessed = format!("http://{}/test/{}/2018-06-01/runtime", puppet.lambda.host.address, Uuid::new_v4());
    let known = std::mem::replace(&mut puppet.base, guessed);
    assert_eq!(puppet.call(Method::GET, "/invocation/next", "").await.status(), StatusCode::FORBIDDEN);
    puppet.base = known;
    puppet.next().await;
    kill(pid(&puppet.lambda));
    assert!(running.await.unwrap().is_err());
    assert_eq!(puppet.call(Method::GET, "/invocation/next", "").await.status(), StatusCode::FORBIDDEN);
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
    until("the room knows it", || puppet.lambda.has_lost_a_poll()).await;
    let second = begin(&puppet.lambda, json!(2));
    let (id, payload) = puppet.next().await;
    assert_eq!(payload, json!(2));
    puppet.call(Method::POST, &format!("/invocation/{id}/response"), "2").await;
    assert_eq!(second.await.unwrap(), Ok(json!(2)));
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
