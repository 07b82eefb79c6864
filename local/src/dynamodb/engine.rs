//! The engine and its HTTP server, on a thread and a runtime of their own: its handlers block on one mutex.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Mutex,
    thread::JoinHandle,
};

use dynoxide::Database;
use tokio_util::sync::CancellationToken;

use super::DynamoDbError;
use crate::{lock::lock, report::report};

pub(super) struct Engine {
    database: Database,
    address: SocketAddr,
    stopping: CancellationToken,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    pub(super) async fn start(file: &Path, durable: bool) -> Result<Engine, DynamoDbError> {
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
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let stopping = CancellationToken::new();
        let (served, stopped) = (database.clone(), stopping.clone());
        let thread = std::thread::Builder::new().name("dynamodb".to_owned()).spawn(move || {
            let result = runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?;
                tokio::select! {
                    result = dynoxide::server::serve_with_shutdown(listener, served, std::future::pending()) => result,
                    () = stopped.cancelled() => Ok(()),
                }
            });
            if let Err(error) = result {
                report("DynamoDB", error);
            }
        })?;
        Ok(Engine { database, address, stopping, thread: Mutex::new(Some(thread)) })
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
