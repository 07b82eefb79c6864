//! A port that terminates TLS in front of a plain one, and counts who has come.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use super::tls::Authority;
use crate::Result;

/// An open port. It closes when it is dropped.
pub struct Port {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    listening: JoinHandle<()>,
}

impl Drop for Port {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Port {
    /// Opens a port that leads to `endpoint` (`http://…`).
    pub async fn open(endpoint: &str, authority: &Authority) -> Result<Self> {
        let target: SocketAddr = endpoint.strip_prefix("http://").ok_or("the stack has no plain endpoint")?.parse()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, connections) = (listener.local_addr()?, Arc::new(AtomicUsize::new(0)));
        let listening = tokio::spawn(listen(listener, target, authority.acceptor.clone(), Arc::clone(&connections)));
        Ok(Self { address, connections, listening })
    }

    /// How to reach it.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// How many TLS handshakes have succeeded.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }
}

async fn listen(listener: TcpListener, target: SocketAddr, acceptor: TlsAcceptor, connections: Arc<AtomicUsize>) {
    loop {
        let accepted = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => return eprintln!("muster-bench: a port closed: {error}"),
        };
        let (acceptor, connections) = (acceptor.clone(), Arc::clone(&connections));
        tokio::spawn(async move {
            // How a connection ends is of no interest: processes are killed while theirs are open.
            drop(forward(accepted, target, acceptor, &connections).await);
        });
    }
}

async fn forward(accepted: TcpStream, target: SocketAddr, acceptor: TlsAcceptor, connections: &AtomicUsize) -> Result<()> {
    accepted.set_nodelay(true)?;
    let mut accepted = acceptor.accept(accepted).await?;
    connections.fetch_add(1, Ordering::Release);
    let mut onward = TcpStream::connect(target).await?;
    onward.set_nodelay(true)?;
    copy_bidirectional(&mut accepted, &mut onward).await?;
    Ok(())
}
