//! `console`: the pages of `web/console` on this machine, and behind them the two tasks and the log of the stack.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use muster_protocol::operators::{Queue, Table};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tower_http::services::{ServeDir, ServeFile};

use crate::{
    Fault, Result,
    access::{Access, Task},
    guard,
    output::Output,
    time, trace,
};

/// Where the pages are, on the machine that the command was built on.
const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/console");

/// Where the console is served.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The port, on this machine only; 0 takes any that is free
    #[arg(long, default_value_t = 6879)]
    port: u16,

    /// The directory of the pages; by default web/console, where the command was built
    #[arg(long, value_name = "DIRECTORY", hide_default_value = true, default_value = PAGES)]
    web: PathBuf,
}

/// Serves it until the command is interrupted.
pub(crate) async fn run(args: &Args, access: Access, output: &mut Output<'_>) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await.map_err(|error| format!("port {}: {error}", args.port))?;
    let address = listener.local_addr()?;
    output.document(&json!({"url": format!("http://{address}/")}))?;
    output.say(format!("The console of {}-{} is at http://{address}/. Ctrl-C ends it.", access.game, access.stage))?;
    Ok(axum::serve(listener, router(access, &args.web, address.port())?).await?)
}

/// The console's routes behind `port`, with the pages in `web`.
///
/// # Errors
/// If there are no pages.
pub fn router(access: Access, web: &Path, port: u16) -> Result<Router> {
    let index = web.join("index.html");
    index.metadata().map_err(|error| format!("--web: {}: {error}", index.display()))?;
    let pages = Router::new().route_service("/", ServeFile::new(index)).nest_service("/console/", ServeDir::new(web));
    let routes = Router::new()
        .route("/api/stack", get(stack))
        .route("/api/trace", get(lines))
        .route("/api/tasks/replay-dead-letters", post(async |state, body| task(state, Task::ReplayDeadLetters, body).await))
        .route("/api/tasks/operate", post(async |state, body| task(state, Task::Operate, body).await))
        .with_state(Arc::new(access))
        .merge(pages)
        .layer(middleware::from_fn(plain));
    Ok(guard::around(routes, port))
}

/// Answers are as they are now, what they say they are, and in nobody's frame.
async fn plain(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().extend([
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("frame-ancestors 'none'")),
    ]);
    response
}

/// What the stack is, as far as it is known without asking.
async fn stack(State(access): State<Arc<Access>>) -> Json<Value> {
    let mut stack = json!({
        "live": false, "game": access.game, "stage": access.stage, "region": access.region, "functions": [],
        "tables": Table::ALL.map(Table::name), "queues": Queue::ALL.map(Queue::name),
    });
    if let Some(endpoint) = &access.endpoint {
        stack["endpoint"] = endpoint.as_str().into();
    }
    Json(stack)
}

/// A task's answer to a request of the page, in the name of whoever runs the command.
async fn task(State(access): State<Arc<Access>>, task: Task, body: Bytes) -> Response {
    let Ok(mut request) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "the body is no JSON object");
    };
    let asked = async {
        request.insert("who".to_owned(), access.who().await?.into());
        access.invoke(task, serde_json::to_vec(&request)?).await
    };
    answer(asked.await)
}

/// Which lines are asked for.
#[derive(Deserialize)]
struct Asked {
    id: String,
    /// As on the command line.
    since: Option<String>,
}

async fn lines(State(access): State<Arc<Access>>, Query(asked): Query<Asked>) -> Response {
    let since = match asked.since.as_deref().map_or(Ok(Duration::from_secs(60 * 60)), time::span) {
        Ok(since) => since,
        Err(wrong) => return refuse(StatusCode::BAD_REQUEST, &format!("since: {wrong}")),
    };
    answer(trace::find(&access, &asked.id, since).await)
}

fn answer(answer: Result<impl serde::Serialize, Fault>) -> Response {
    match answer {
        Ok(answer) => Json(answer).into_response(),
        Err(fault) => refuse(StatusCode::BAD_GATEWAY, &fault.to_string()),
    }
}

fn refuse(status: StatusCode, problem: &str) -> Response {
    (status, Json(json!({"problem": problem}))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    /// A console of a stack that does not answer, at this address.
    async fn console() -> String {
        let web = std::env::temp_dir().join(format!("muster-ops-{}-console", std::process::id()));
        std::fs::create_dir_all(&web).unwrap();
        for (name, text) in [("index.html", "the page"), ("app.js", "the script"), ("../muster-ops-secret.js", "a secret")] {
            std::fs::write(web.join(name), text).unwrap();
        }
        let endpoint_url = Some("http://127.0.0.1:9".to_owned());
        let options = Options { game: "g".into(), stage: "s".into(), local: false, endpoint_url, json: false };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = router(Access::new(&options).await.unwrap(), &web, address.port()).unwrap();
        tokio::spawn(async { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    /// The status and the body of an answer; without a body, it is a GET.
    async fn ask(url: String, body: Option<&'static str>, origin: Option<&'static str>) -> (u16, String) {
        let asked = move || {
            let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).http_status_as_error(false).build().into();
            let mut answer = match (body, origin) {
                (Some(body), Some(origin)) => agent.post(&url).header("origin", origin).send(body),
                (Some(body), None) => agent.post(&url).send(body),
                (None, _) => agent.get(&url).call(),
            }
            .unwrap();
            (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
        };
        tokio::task::spawn_blocking(asked).await.unwrap()
    }

    #[tokio::test]
    async fn it_serves_its_pages_and_what_the_stack_is_and_nothing_else() {
        let console = console().await;
        for path in ["/", "/console/", "/console/index.html", "/?view=players"] {
            assert_eq!(ask(format!("{console}{path}"), None, None).await, (200, "the page".to_owned()), "{path}");
        }
        assert_eq!(ask(format!("{console}/console/app.js"), None, None).await.1, "the script");
        for path in ["/app.js", "/status", "/api/live", "/console/%2e%2e/muster-ops-secret.js", "/console/..%2fmuster-ops-secret.js"] {
            assert_eq!(ask(format!("{console}{path}"), None, None).await.0, 404, "{path}");
        }
        let stack: Value = serde_json::from_str(&ask(format!("{console}/api/stack"), None, None).await.1).unwrap();
        assert_eq!((&stack["live"], &stack["game"], &stack["tables"][3]), (&json!(false), &json!("g"), &json!("player-sessions")));
    }

    #[tokio::test]
    async fn tasks_are_asked_by_its_own_pages_only_and_what_fails_is_said() {
        let console = console().await;
        let url = format!("{console}/api/tasks/operate");
        let (status, answer) = ask(url.clone(), Some(r#"{"ask": "queues"}"#), None).await;
        assert!(status == 502 && answer.contains("cannot invoke g-s-operate"), "{answer}");
        assert_eq!(ask(url.clone(), Some("[]"), None).await.0, 400);
        let (status, answer) = ask(url, Some(r#"{"ask": "queues"}"#), Some("https://evil.example")).await;
        assert!(status == 403 && answer.contains("another origin"), "{answer}");
        let (status, answer) = ask(format!("{console}/api/trace?id=x&since=soon"), None, None).await;
        assert!(status == 400 && answer.contains("since"), "{answer}");
    }
}
