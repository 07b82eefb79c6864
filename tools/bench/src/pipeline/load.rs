//! The loads: messages at a fixed rate, and as many as are answered.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::ring::{Outcome, Ring};
use crate::{Result, stack::Stack};

/// How messages are sent.
pub enum Load {
    Paced(Paced),
    Flood(Flood),
}

/// Messages at a fixed rate, whether or not earlier ones have been answered.
pub struct Paced {
    pub connections: usize,
    /// Of all connections together.
    pub per_second: f64,
    pub duration: Duration,
}

/// Each connection sends its next message as soon as fewer than `window` of its own are unanswered.
pub struct Flood {
    pub connections: usize,
    /// Of all connections together.
    pub messages: usize,
    pub window: usize,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Load::Paced(Paced { connections: 1, per_second, .. }) => write!(f, "1 connection, {per_second}/s"),
            Load::Paced(Paced { connections, per_second, .. }) => write!(f, "{connections} connections, {per_second}/s"),
            Load::Flood(Flood { connections, .. }) => write!(f, "{connections} connections, flood"),
        }
    }
}

impl Load {
    /// Puts the load on `stack` and says what became of each message.
    pub async fn run(&self, stack: &Stack) -> Result<Outcome> {
        match self {
            Load::Paced(paced) => paced.run(Ring::connect(stack, paced.connections).await?).await,
            Load::Flood(flood) => flood.run(Ring::connect(stack, flood.connections).await?).await,
        }
    }
}

impl Paced {
    async fn run(&self, ring: Ring) -> Result<Outcome> {
        let ring = Arc::new(ring);
        let (started, messages) = (Instant::now(), (self.per_second * self.duration.as_secs_f64()) as usize);
        let mut sends = JoinSet::new();
        for number in 0..messages {
            sleep_until(started + Duration::from_secs_f64(number as f64 / self.per_second)).await;
            let ring = Arc::clone(&ring);
            sends.spawn(async move { ring.send(number % ring.size(), format!("message {number}")).await });
        }
        finish(ring, sends).await
    }
}

impl Flood {
    async fn run(&self, ring: Ring) -> Result<Outcome> {
        let (ring, messages, next) = (Arc::new(ring), self.messages, Arc::new(AtomicUsize::new(0)));
        let mut sends = JoinSet::new();
        for sender in 0..self.connections * self.window {
            let (ring, next) = (Arc::clone(&ring), Arc::clone(&next));
            sends.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= messages {
                        return Ok(());
                    }
                    ring.send(sender % ring.size(), format!("message {number}")).await?;
                }
            });
        }
        finish(ring, sends).await
    }
}

async fn finish(ring: Arc<Ring>, mut sends: JoinSet<Result<()>>) -> Result<Outcome> {
    while let Some(sent) = sends.join_next().await {
        sent??;
    }
    let ring = Arc::into_inner(ring).ok_or("a sender is still there")?;
    ring.outcome().await
}
