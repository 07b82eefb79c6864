//! A proxy between the functions and the AWS APIs of a local stack, which breaks what a test wants broken. What it lets through is
//! answered by the stack itself; what it refuses looks as AWS's own refusals do.

use std::{
    collections::HashMap,
    fmt,
    net::Ipv4Addr,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, body::Bytes, header::HOST, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::sleep,
};

use super::{LocalStack, eventually};

/// One call of a function to an AWS API.
#[derive(Clone, Debug)]
pub struct Call {
    /// Such as `PutItem`, `PostToConnection`, `DeleteConnection`.
    pub operation: String,
    /// Which call of its operation it is, counted from 1.
    pub number: usize,
    /// The path of the request, which names the connection where there is one.
    pub path: String,
    /// What is sent.
    pub body: String,
}

/// What becomes of a call.
#[derive(Clone, Debug)]
pub enum Treatment {
    /// It reaches its service, and the answer comes back.
    Pass,
    /// The same, later.
    Delay(Duration),
    /// It reaches its service when the gate opens.
    HoldCall(Gate),
    /// It reaches its service at once, and the answer comes back when the gate opens.
    HoldAnswer(Gate),
    /// It is refused with this status and this AWS error.
    Refuse(u16, &'static str),
    /// Its TCP connection is reset before the service has seen it.
    Reset,
    /// Its TCP connection is reset after the service has done what it asks for.
    LoseAnswer,
}

/// Something to wait for that a test opens.
#[derive(Clone, Debug)]
pub struct Gate(watch::Sender<bool>);

impl Gate {
    /// A gate that is closed.
    pub fn closed() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Lets everything through that waits, and everything later.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    async fn pass(&self) {
        self.0.subscribe().wait_for(|open| *open).await.unwrap();
    }
}

type Rule = Box<dyn Fn(&Call) -> Treatment + Send + Sync>;

/// A proxy that lets everything through until it is told otherwise.
pub struct Proxy {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    stack: OnceLock<String>,
    rule: Mutex<Rule>,
    calls: Mutex<HashMap<String, usize>>,
    answers: Mutex<HashMap<(String, u16), usize>>,
    /// How many calls of each operation the stack has answered.
    done: Mutex<HashMap<String, usize>>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Proxy {
    /// A stack whose functions reach `services` through a proxy, and the proxy.
    pub async fn between(services: &[&str], arguments: &[&str]) -> (LocalStack, Self) {
        let proxy = Self::start().await;
        let endpoints: Vec<String> = services.iter().map(|service| format!("--endpoint={service}={}", proxy.url)).collect();
        let arguments: Vec<&str> = endpoints.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
        let stack = LocalStack::start(&arguments).await;
        proxy.shared.stack.set(stack.addresses.endpoint.clone()).unwrap();
        (stack, proxy)
    }

    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            stack: OnceLock::new(),
            rule: Mutex::new(Box::new(|_| Treatment::Pass)),
            calls: Mutex::default(),
            answers: Mutex::default(),
            done: Mutex::default(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self { url, shared }
    }

    /// From now on each call is treated as `rule` says.
    pub fn treat(&self, rule: impl Fn(&Call) -> Treatment + Send + Sync + 'static) {
        *self.shared.rule.lock().unwrap() = Box::new(rule);
    }

    /// From now on posts to the connection of this row, `connection#…`, are refused as too many.
    pub fn throttle_posts_to(&self, item: &str) {
        // The id's padding is escaped in a path.
        let id = item.trim_start_matches("connection#").trim_end_matches('=').to_owned();
        self.treat(move |call| match call.operation.as_str() {
            "PostToConnection" if call.path.contains(&id) => Treatment::Refuse(429, "LimitExceededException"),
            _ => Treatment::Pass,
        });
    }

    /// How many calls of `operation` were answered with `status`; 0 is a reset.
    pub fn answered(&self, operation: &str, status: u16) -> usize {
        self.shared.answers.lock().unwrap().get(&(operation.to_owned(), status)).copied().unwrap_or_default()
    }

    /// How many calls of `operation` there were, those still held included.
    pub fn called(&self, operation: &str) -> usize {
        self.shared.calls.lock().unwrap().get(operation).copied().unwrap_or_default()
    }

    /// For how many calls of `operation` the stack has done what they ask for, whether their callers have heard of it or not.
    pub fn done(&self, operation: &str) -> usize {
        self.shared.done.lock().unwrap().get(operation).copied().unwrap_or_default()
    }

    /// Waits for the call of `operation` that makes those [`done`](Self::done) `count`.
    pub async fn has_done(&self, operation: &str, count: usize) {
        eventually(&format!("{count} times {operation}"), || async { (self.done(operation) >= count).then_some(()) }).await;
    }

    /// Waits for the call of `operation` that makes them `count`.
    pub async fn sees(&self, operation: &str, count: usize) {
        eventually(&format!("call {count} of {operation}"), || async { (self.called(operation) >= count).then_some(()) }).await;
    }
}

/// Ends a connection without an answer.
#[derive(Debug)]
struct ResetByRule;

impl fmt::Display for ResetByRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("reset by the test's rule")
    }
}

impl std::error::Error for ResetByRule {}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // What this side closes first, which happens by a rule only, is reset.
    stream.set_zero_linger().unwrap();
    stream.set_nodelay(true).unwrap();
    let handle = service_fn(|request| shared.handle(request));
    // An error is what a rule asked for, or a function that has died.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), handle).await);
}

impl Shared {
    async fn handle(&self, request: Request<hyper::body::Incoming>) -> Result<Response<Full<Bytes>>, ResetByRule> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| ResetByRule)?.to_bytes();
        let operation = operation_of(&parts.method, parts.uri.path(), &parts.headers);
        let number = {
            let mut calls = self.calls.lock().unwrap();
            let number = calls.entry(operation.clone()).or_default();
            *number += 1;
            *number
        };
        let call = Call {
            operation: operation.clone(),
            number,
            path: parts.uri.path().to_owned(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        let treatment = self.rule.lock().unwrap()(&call);
        let request = Request::from_parts(parts, Full::new(body));
        let answer = self.treat(&treatment, request).await;
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        *self.answers.lock().unwrap().entry((operation, status)).or_default() += 1;
        answer.ok_or(ResetByRule)
    }

    /// The answer, or none.
    async fn treat(&self, treatment: &Treatment, request: Request<Full<Bytes>>) -> Option<Response<Full<Bytes>>> {
        match treatment {
            Treatment::Pass => Some(self.forward(request).await),
            Treatment::Delay(time) => {
                sleep(*time).await;
                Some(self.forward(request).await)
            }
            Treatment::HoldCall(gate) => {
                gate.pass().await;
                Some(self.forward(request).await)
            }
            Treatment::HoldAnswer(gate) => {
                let answer = self.forward(request).await;
                gate.pass().await;
                Some(answer)
            }
            Treatment::Refuse(status, kind) if request.uri().path().starts_with("/service/GameLift/") => {
                Some(refusal_in_cbor(*status, kind))
            }
            Treatment::Refuse(status, kind) => Some(refusal(*status, kind)),
            Treatment::Reset => None,
            Treatment::LoseAnswer => {
                self.forward(request).await;
                None
            }
        }
    }

    async fn forward(&self, mut request: Request<Full<Bytes>>) -> Response<Full<Bytes>> {
        let operation = operation_of(request.method(), request.uri().path(), request.headers());
        let stack = self.stack.get().expect("no function is called before its stack is up");
        *request.uri_mut() = format!("{stack}{}", request.uri().path()).parse().unwrap();
        request.headers_mut().remove(HOST);
        let answer = self.client.request(request).await.unwrap_or_else(|error| panic!("the stack does not answer: {error}"));
        *self.done.lock().unwrap().entry(operation).or_default() += 1;
        let (parts, body) = answer.into_parts();
        Response::from_parts(parts, Full::new(body.collect().await.unwrap().to_bytes()))
    }
}

fn operation_of(method: &Method, path: &str, headers: &HeaderMap) -> String {
    // GameLift's protocol has the operation in its path.
    if let Some(operation) = path.strip_prefix("/service/GameLift/operation/") {
        return operation.to_owned();
    }
    match headers.get("x-amz-target") {
        Some(target) => target.to_str().unwrap().rsplit('.').next().unwrap_or_default().to_owned(),
        None if method == Method::POST => "PostToConnection".to_owned(),
        None if method == Method::DELETE => "DeleteConnection".to_owned(),
        None => method.to_string(),
    }
}

/// The REST services name their error in the header, the JSON ones in the body.
fn refusal(status: u16, kind: &str) -> Response<Full<Bytes>> {
    let body = json!({"__type": format!("com.amazonaws#{kind}"), "message": "refused by the test's rule"}).to_string();
    let mut answer = Response::new(Full::from(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer.headers_mut().insert("x-amzn-errortype", kind.parse().unwrap());
    answer.headers_mut().insert("content-type", "application/json".parse().unwrap());
    answer
}

/// GameLift, which speaks CBOR, names it in the body alone.
fn refusal_in_cbor(status: u16, kind: &str) -> Response<Full<Bytes>> {
    let text = |text: &str| [&[0x78, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let members = ["__type", &format!("com.amazonaws.gamelift#{kind}"), "Message", "refused by the test's rule"].map(text);
    // A map of two members.
    let body = [&[0xa2], members.concat().as_slice()].concat();
    let mut answer = Response::new(Full::from(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer.headers_mut().insert("smithy-protocol", "rpc-v2-cbor".parse().unwrap());
    answer.headers_mut().insert("content-type", "application/cbor".parse().unwrap());
    answer
}
