//! A port that stays free until somebody is told to listen there.

use std::net::{Ipv4Addr, TcpListener};

use uuid::Uuid;

/// A port on which nothing listens. It is below those that systems hand out by themselves, so that no socket of another test gets it
/// meanwhile, and not even a client that tries to connect to it from it.
pub fn free_port() -> u16 {
    loop {
        let port = 20_000 + u16::try_from(Uuid::new_v4().as_u128() % 10_000).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
