//! The engine and what serves it over HTTP, on a thread and a runtime of their own: its handlers block on one mutex.
//!
//! Two loopback ports are served: one for callers, whose requests are answered by the [`Endpoint`], and behind it the engine's own server.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex},
    thread::JoinHandle,
};

use axum::{Router, extract::Request, response::Response, routing::any};
use dynoxide::Database;
use tokio::{net::TcpListener, runtime::Handle};
use tokio_util::sync::CancellationToken;

use super::{DynamoDbError, endpoint::Endpoint, proxy::unavailable, streams_api::StreamsApi};
use crate::{lock::lock, meter::Meter, port, report::report};

pub(super) struct Engine {
    database: Database,
    endpoint: Arc<Endpoint>,
    runtime: Handle,
    address: SocketAddr,
    stopping: CancellationToken,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    pub(super) async fn start(file: &Path, durable: bool, meter: Meter) -> Result<Engine, DynamoDbError> {
        let path = file.to_str().ok_or_else(|| {
            std::io::Error::new(std::io::ErrorKind::InvalidInput, format!("the data path {} is not UTF-8", file.display()))
        })?;
        let path = path.to_owned();
        let database = tokio::task::spawn_blocking(move || -> Result<Database, DynamoDbError> {
            let database = Database::new(&path)?;
            if !durable {
                // What is gone with the process anyway need not wait for the disk.
                database.enable_bulk_loading()?;
            }
            Ok(database)
        })
        .await??;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("dynamodb").enable_all().build()?;
        let (outer, inner) = (loopback()?, loopback()?);
        let address = outer.local_addr()?;
        let endpoint = Arc::new(Endpoint::new(database.clone(), inner.local_addr()?, StreamsApi::open(file)?, meter));
        let (handle, stopping) = (runtime.handle().clone(), CancellationToken::new());
        let (served, answering, stopped) = (database.clone(), Arc::clone(&endpoint), stopping.clone());
        let thread = std::thread::Builder::new().name("dynamodb".to_owned()).spawn(move || {
            let result = runtime.block_on(async {
                tokio::select! {
                    result = serve_engine(inner, served) => result,
                    result = serve_endpoint(outer, answering) => result,
                    () = stopped.cancelled() => Ok(()),
                }
            });
            if let Err(error) = result {
                report("DynamoDB", error);
            }
        })?;
        Ok(Engine { database, endpoint, runtime: handle, address, stopping, thread: Mutex::new(Some(thread)) })
    }

    /// Answers a request that came another way than through the port of callers.
    pub(super) async fn handle(&self, request: Request) -> Response {
        let endpoint = Arc::clone(&self.endpoint);
        match self.runtime.spawn(async move { endpoint.handle(request).await }).await {
            Ok(response) => response,
            Err(error) => unavailable(&error),
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn database(&self) -> Database {
        self.database.clone()
    }

    pub(super) async fn stop(&self) {
        self.stopping.cancel();
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread
            && let Ok(Err(_)) = tokio::task::spawn_blocking(move || thread.join()).await
        {
            report("DynamoDB", "its thread panicked");
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

fn loopback() -> std::io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn serve_engine(listener: std::net::TcpListener, database: Database) -> Result<(), String> {
    let listener = TcpListener::from_std(listener).map_err(|error| error.to_string())?;
    dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()).await
}

async fn serve_endpoint(listener: std::net::TcpListener, endpoint: Arc<Endpoint>) -> Result<(), String> {
    let listener = TcpListener::from_std(listener).map_err(|error| error.to_string())?;
    let router = Router::new().fallback(any(move |request: Request| async move { endpoint.handle(request).await }));
    axum::serve(port::undelayed(listener), router).await.map_err(|error| error.to_string())
}
