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

use super::ring::Ring;
use crate::Result;

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
            Load::Flood(Flood { connections, .. }) => write!(f, "{connections} connections, flood without throttle"),
        }
    }
}

impl Load {
    /// How many players it takes.
    pub fn connections(&self) -> usize {
        match self {
            Load::Paced(Paced { connections, .. }) | Load::Flood(Flood { connections, .. }) => *connections,
        }
    }

    /// Sends all messages and awaits their replies.
    pub async fn run(&self, ring: &Arc<Ring>) -> Result<()> {
        let mut sends = match self {
            Load::Paced(paced) => paced.send(ring).await,
            Load::Flood(flood) => flood.send(ring),
        };
        while let Some(sent) = sends.join_next().await {
            sent??;
        }
        Ok(())
    }
}

impl Paced {
    async fn send(&self, ring: &Arc<Ring>) -> JoinSet<Result<()>> {
        let (started, messages) = (Instant::now(), (self.per_second * self.duration.as_secs_f64()) as usize);
        let mut sends = JoinSet::new();
        for number in 0..messages {
            sleep_until(started + Duration::from_secs_f64(number as f64 / self.per_second)).await;
            let ring = Arc::clone(ring);
            sends.spawn(async move { ring.send(number % ring.size(), format!("message {number}")).await });
        }
        sends
    }
}

impl Flood {
    fn send(&self, ring: &Arc<Ring>) -> JoinSet<Result<()>> {
        let (messages, next) = (self.messages, Arc::new(AtomicUsize::new(0)));
        let mut sends = JoinSet::new();
        for sender in 0..self.connections * self.window {
            let (ring, next) = (Arc::clone(ring), Arc::clone(&next));
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
        sends
    }
}
