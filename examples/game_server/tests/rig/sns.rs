//! As much of SNS as a publisher sees: it answers, and keeps what was published.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use tokio::{net::TcpListener, sync::mpsc};

const PUBLISHED: &str = r#"<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m</MessageId>
    </PublishResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishResponse>"#;

const REFUSED: &str = r#"<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type>
    <Code>AuthorizationError</Code><Message>not yours</Message></Error><RequestId>r</RequestId></ErrorResponse>"#;

/// The form of a request.
type Form = HashMap<String, String>;

#[derive(Clone)]
struct Shared {
    published: mpsc::UnboundedSender<Form>,
    failures: Arc<AtomicU32>,
    status: StatusCode,
}

pub struct Sns {
    pub url: String,
    pub published: mpsc::UnboundedReceiver<Form>,
}

impl Sns {
    pub async fn start() -> Self {
        Self::failing(0, 200).await
    }

    /// One that answers so many requests with this status before it takes any.
    pub async fn failing(requests: u32, status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, published) = mpsc::unbounded_channel();
        let shared = Shared { published: sender, failures: Arc::new(requests.into()), status: StatusCode::from_u16(status).unwrap() };
        let router = Router::new().route("/", post(publish)).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, published }
    }
}

async fn publish(State(shared): State<Shared>, body: String) -> (StatusCode, &'static str) {
    let fails = shared.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    if fails {
        return (shared.status, REFUSED);
    }
    shared.published.send(url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()).unwrap();
    (StatusCode::OK, PUBLISHED)
}
