//! `ping`: the server's time, which also keeps a waiting socket alive (API Gateway closes one after ten idle minutes).
//!
//! - Trigger: a client's frame. Reads, writes and pushes nothing.
//! - Safe to repeat: it changes nothing.

use lambda_runtime::Error;
use muster_aws::{
    Failure, clock,
    harness::{self, Call},
};
use muster_protocol::{
    limits,
    routes::{Ping, Pong},
};

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::route(|_| Ok(()), ping).await
}

async fn ping((): &(), _: Call<Ping>) -> Result<Pong, Failure> {
    Ok(Pong { time: clock::now_milliseconds(), protocol: limits::PROTOCOL })
}
