//! The ports that the stack opens, on the loopback interface only.

use std::{convert::Infallible, io, net::Ipv4Addr, time::Duration};

use axum::{
    Router,
    serve::{Listener, ListenerExt, TapIo},
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};

/// How long a connection may take from one request to the end of the next one's head.
const HEAD: Duration = Duration::from_secs(10);

/// Opens a port; 0 takes any that is free.
pub async fn open(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// The listener, each of whose connections sends at once: what goes over them is small and must not wait for the acknowledgement of what
/// went before.
pub fn undelayed(listener: TcpListener) -> TapIo<TcpListener, impl FnMut(&mut TcpStream) + Send> {
    listener.tap_io(|stream| stream.set_nodelay(true).unwrap_or_default())
}

/// Serves `rooms`, upgrades included, for as long as it is polled. A connection whose next request is not there in time is dropped.
pub async fn serve(listener: TcpListener, rooms: Router) -> Infallible {
    let mut listener = undelayed(listener);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    loop {
        let (stream, _) = Listener::accept(&mut listener).await;
        // That a client leaves, or is dropped, is nobody's error.
        tokio::spawn(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(rooms.clone())).with_upgrades());
    }
}
