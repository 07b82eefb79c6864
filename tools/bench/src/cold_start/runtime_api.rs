//! The Lambda Runtime API for one process and one invocation (version 2018-06-01, from the developer guide's "Using the Lambda runtime
//! API for custom runtimes").

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::Result;

/// The function's timeout in the template.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What a process did with its invocation.
pub struct Answer {
    /// When it asked for it.
    pub polled: Instant,
    /// When it answered.
    pub answered: Instant,
    /// What it answered, or what it reported as its error.
    pub body: Result<Bytes, String>,
}

/// A Runtime API with one invocation.
pub struct RuntimeApi {
    /// Where it listens.
    pub address: SocketAddr,
    answer: oneshot::Receiver<Answer>,
    server: JoinHandle<()>,
}

struct Shared {
    event: String,
    progress: Mutex<Progress>,
}

struct Progress {
    polled: Option<Instant>,
    answer: Option<oneshot::Sender<Answer>>,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl RuntimeApi {
    /// Opens one on a port of its own, for an invocation with this event.
    pub async fn open(event: String) -> Result<Self> {
        let (sender, answer) = oneshot::channel();
        let shared = Arc::new(Shared { event, progress: Mutex::new(Progress { polled: None, answer: Some(sender) }) });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/one/response", post(response))
            .route("/2018-06-01/runtime/invocation/one/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(error))
            .with_state(shared);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                eprintln!("muster-bench: the Runtime API may be slower than it should be: {error}");
            }
        });
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("muster-bench: the Runtime API ended: {error}");
            }
        });
        Ok(Self { address, answer, server })
    }

    /// Waits for the answer.
    pub async fn answer(&mut self) -> Result<Answer> {
        let answer = tokio::time::timeout(TIMEOUT, &mut self.answer).await;
        Ok(answer.map_err(|_| format!("no answer within {TIMEOUT:?}"))??)
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let now = Instant::now();
    if shared.progress.lock().unwrap_or_else(PoisonError::into_inner).polled.replace(now).is_some() {
        // There is no second invocation.
        std::future::pending::<()>().await;
    }
    let deadline = SystemTime::now() + TIMEOUT;
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", "one".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:messages-deliver".to_owned()),
        ("lambda-runtime-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0".to_owned()),
    ];
    (headers, shared.event.clone()).into_response()
}

async fn response(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    shared.answered(Ok(body))
}

async fn error(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    shared.answered(Err(String::from_utf8_lossy(&body).into_owned()))
}

impl Shared {
    fn answered(&self, body: Result<Bytes, String>) -> StatusCode {
        let answered = Instant::now();
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let polled = progress.polled.unwrap_or(answered);
        // Whoever does not wait any more does not mind.
        if let Some(answer) = progress.answer.take() {
            drop(answer.send(Answer { polled, answered, body }));
        }
        StatusCode::ACCEPTED
    }
}
