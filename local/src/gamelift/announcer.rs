//! Publishes events, as unreliably as the fleet is told to: events of GameLift may come twice, in another order, or not at all.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{config::Publisher, fleet::Events};
use crate::{
    clock::{Clock, milliseconds},
    lock::lock,
};

/// After how long an event is repeated.
const REPEATED_AFTER: Duration = Duration::from_millis(50);
/// How long an event waits for the queue's next one.
const HELD_FOR: Duration = Duration::from_secs(1);

/// Something that is under way until this is dropped.
pub(super) struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    pub(super) fn new(count: &Arc<AtomicUsize>) -> UnderWay {
        count.fetch_add(1, Relaxed);
        UnderWay(Arc::clone(count))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// An event that is to be published.
pub(super) struct Announcement {
    /// The name of the queue.
    pub(super) queue: String,
    pub(super) topic_arn: String,
    pub(super) message: String,
    /// Kept until it is published for the last time.
    pub(super) _under_way: UnderWay,
}

pub(super) struct Announcer {
    publisher: Publisher,
    clock: Clock,
    tasks: TaskTracker,
    stopping: CancellationToken,
    held: Mutex<Held>,
}

/// By queue, the event that waits for the next one.
#[derive(Default)]
struct Held {
    by_queue: HashMap<String, (u64, Announcement)>,
    /// Tells an event from one that was held before it.
    next_number: u64,
}

impl Announcer {
    pub(super) fn new(publisher: Publisher, clock: Clock, tasks: TaskTracker, stopping: CancellationToken) -> Arc<Announcer> {
        Arc::new(Announcer { publisher, clock, tasks, stopping, held: Mutex::default() })
    }

    /// Publishes an event now, or sees to it that it will be, or drops it.
    pub(super) fn announce(self: &Arc<Self>, announcement: Announcement, events: Events) {
        if events == Events::Drop {
            return;
        }
        let mut held = lock(&self.held);
        let waited = held.by_queue.remove(&announcement.queue);
        if events == Events::Reorder && waited.is_none() {
            let (number, queue) = (held.next_number, announcement.queue.clone());
            held.next_number += 1;
            held.by_queue.insert(queue.clone(), (number, announcement));
            drop(held);
            let announcer = Arc::clone(self);
            return self.after(HELD_FOR, move || announcer.release(&queue, number));
        }
        drop(held);
        self.publish(&announcement);
        if let Some((_, earlier)) = waited {
            self.publish(&earlier);
        }
        if events == Events::Repeat {
            let announcer = Arc::clone(self);
            self.after(REPEATED_AFTER, move || announcer.publish(&announcement));
        }
    }

    /// Publishes the event of this number, if it still waits.
    fn release(&self, queue: &str, number: u64) {
        let mut held = lock(&self.held);
        let waits = held.by_queue.get(queue).is_some_and(|(waiting, _)| *waiting == number);
        let released = if waits { held.by_queue.remove(queue) } else { None };
        drop(held);
        if let Some((_, announcement)) = released {
            self.publish(&announcement);
        }
    }

    fn publish(&self, announcement: &Announcement) {
        (self.publisher)(&announcement.topic_arn, announcement.message.clone());
    }

    fn after(&self, delay: Duration, act: impl FnOnce() + Send + 'static) {
        let (clock, stopping) = (self.clock.clone(), self.stopping.clone());
        let due = clock.now() + milliseconds(delay);
        self.tasks.spawn(async move {
            tokio::select! {
                () = stopping.cancelled() => {}
                () = clock.sleep_until(due) => act(),
            }
        });
    }
}
