//! Players in a ring, each of whom sends to the next one, and what became of each message.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use muster_client::{Client, Event, Events};
use tokio::{task::JoinHandle, time::sleep};

use crate::{Result, samples::Samples, stack::Stack};

/// How long after the last message pushes are still awaited.
const PATIENCE: Duration = Duration::from_secs(20);

/// Messages of each player that go before the measurement, so that processes have started.
const WARM_UP: usize = 5;

/// What became of the messages.
#[derive(Debug)]
pub struct Outcome {
    /// Messages sent.
    pub sent: usize,
    /// Messages whose push never came.
    pub lost: usize,
    /// Messages sent per second.
    pub sent_per_second: f64,
    /// Pushes received per second, from the first message to the last push.
    pub pushed_per_second: f64,
    /// From sending to the reply.
    pub replies: Samples,
    /// From sending to the push.
    pub pushes: Samples,
}

/// One message's times.
#[derive(Clone, Copy)]
struct Times {
    sent: Instant,
    replied: Option<Instant>,
    pushed: Option<Instant>,
}

#[derive(Default)]
struct Book {
    messages: HashMap<String, Times>,
    missed: u64,
}

/// The players.
pub struct Ring {
    clients: Vec<Client>,
    book: Arc<Mutex<Book>>,
    readers: Vec<JoinHandle<()>>,
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.readers.iter().for_each(JoinHandle::abort);
    }
}

impl Ring {
    /// Connects `size` players and warms the functions up.
    pub async fn connect(stack: &Stack, size: usize) -> Result<Self> {
        let (mut clients, mut readers) = (Vec::new(), Vec::new());
        let book = Arc::new(Mutex::new(Book::default()));
        for player in 0..size {
            let (client, events) = stack.connect(&name(player)).await?;
            clients.push(client);
            readers.push(tokio::spawn(read(events, Arc::clone(&book))));
        }
        let ring = Self { clients, book, readers };
        for round in 0..WARM_UP {
            let sends = (0..size).map(|player| ring.send(player, format!("warm-up {round} {player}")));
            futures_util::future::try_join_all(sends).await?;
        }
        ring.settle().await;
        if let Some(lost) = ring.lock().messages.iter().find_map(|(text, times)| times.pushed.is_none().then_some(text)) {
            return Err(format!("{lost} was not pushed within {PATIENCE:?}").into());
        }
        *ring.lock() = Book::default();
        Ok(ring)
    }

    /// How many players there are.
    pub fn size(&self) -> usize {
        self.clients.len()
    }

    /// Sends `text`, which must be new, from this player to the next one, and awaits the reply.
    pub async fn send(&self, player: usize, text: String) -> Result<()> {
        let recipient = name((player + 1) % self.size());
        self.lock().messages.insert(text.clone(), Times { sent: Instant::now(), replied: None, pushed: None });
        let reply = self.clients[player].send_message(&[recipient], &text).await.map_err(|error| format!("sending: {error}"))?;
        if !reply.unsent.is_empty() {
            return Err("a message could not be written to its inbox".into());
        }
        if let Some(times) = self.lock().messages.get_mut(&text) {
            times.replied = Some(Instant::now());
        }
        Ok(())
    }

    /// Waits for the pushes that are on their way, and says what became of every message.
    pub async fn outcome(&self) -> Result<Outcome> {
        self.settle().await;
        let book = self.lock();
        if book.missed > 0 {
            return Err(format!("{} events were not read in time", book.missed).into());
        }
        let times = || book.messages.values();
        let first = times().map(|times| times.sent).min().ok_or("nothing was sent")?;
        let since = |last: Option<Instant>| last.map_or(f64::INFINITY, |last| (last - first).as_secs_f64());
        let pushes: Vec<_> = times().filter_map(|times| Some(times.pushed? - times.sent)).collect();
        Ok(Outcome {
            sent: book.messages.len(),
            lost: book.messages.len() - pushes.len(),
            sent_per_second: book.messages.len() as f64 / since(times().map(|times| times.sent).max()),
            pushed_per_second: pushes.len() as f64 / since(times().filter_map(|times| times.pushed).max()),
            replies: Samples::new(times().filter_map(|times| Some(times.replied? - times.sent)).collect()),
            pushes: Samples::new(pushes),
        })
    }

    /// Waits until every message was pushed, but not for ever.
    async fn settle(&self) {
        let started = Instant::now();
        while started.elapsed() < PATIENCE && self.lock().messages.values().any(|times| times.pushed.is_none()) {
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Book> {
        lock(&self.book)
    }
}

fn lock(book: &Mutex<Book>) -> std::sync::MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

fn name(player: usize) -> String {
    format!("player-{player}")
}

/// Notes every push of one player.
async fn read(mut events: Events, book: Arc<Mutex<Book>>) {
    while let Some(event) = events.next().await {
        let now = Instant::now();
        let mut book = lock(&book);
        match event {
            Event::Message(message) => {
                if let Some(times) = book.messages.get_mut(&message.message) {
                    times.pushed.get_or_insert(now);
                }
            }
            Event::Missed(events) => book.missed += events,
            _ => {}
        }
    }
}
