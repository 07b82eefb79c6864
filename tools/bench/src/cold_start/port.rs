//! A port in front of the stack, with TLS or without, that counts who has come.

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
    secure: bool,
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
    pub async fn open(endpoint: &str, authority: &Authority, secure: bool) -> Result<Self> {
        let target: SocketAddr = endpoint.strip_prefix("http://").ok_or("the stack has no plain endpoint")?.parse()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, connections) = (listener.local_addr()?, Arc::new(AtomicUsize::new(0)));
        let acceptor = secure.then(|| authority.acceptor.clone());
        let listening = tokio::spawn(listen(listener, target, acceptor, Arc::clone(&connections)));
        Ok(Self { address, secure, connections, listening })
    }

    /// How to reach it.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.address)
    }

    /// How many connections have been made, TLS handshake included.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }
}

async fn listen(listener: TcpListener, target: SocketAddr, acceptor: Option<TlsAcceptor>, connections: Arc<AtomicUsize>) {
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

async fn forward(accepted: TcpStream, target: SocketAddr, acceptor: Option<TlsAcceptor>, connections: &AtomicUsize) -> Result<()> {
    let mut onward = TcpStream::connect(target).await?;
    accepted.set_nodelay(true)?;
    onward.set_nodelay(true)?;
    let mut accepted = accepted;
    match acceptor {
        Some(acceptor) => {
            let mut secure = acceptor.accept(accepted).await?;
            connections.fetch_add(1, Ordering::Release);
            copy_bidirectional(&mut secure, &mut onward).await?;
        }
        None => {
            connections.fetch_add(1, Ordering::Release);
            copy_bidirectional(&mut accepted, &mut onward).await?;
        }
    }
    Ok(())
}
