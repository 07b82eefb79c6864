//! The ports that the stack opens, on the loopback interface only.

use std::{io, net::Ipv4Addr};

use axum::serve::{ListenerExt, TapIo};
use tokio::net::{TcpListener, TcpStream};

use crate::report::report;

/// Opens a port; 0 takes any that is free.
///
/// # Errors
/// If the port cannot be had.
pub async fn open(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// The listener, each of whose connections sends at once: what goes over them is small and must not wait for the acknowledgement of what
/// went before.
pub fn undelayed(listener: TcpListener) -> TapIo<TcpListener, impl FnMut(&mut TcpStream) + Send> {
    listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            report("muster", format_args!("a socket may be slower than it should be: {error}"));
        }
    })
}
