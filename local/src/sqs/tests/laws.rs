//! What holds whatever is sent, received, deleted and put back, whenever.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::sqs::store::Store;

const MAXIMUM_RECEIVE_COUNT: u32 = 3;
const QUEUES: [&str; 2] = ["work", "dead-letters"];

#[derive(Clone, Debug)]
enum Operation {
    Send {
        delay: u64,
    },
    Receive {
        queue: usize,
        limit: usize,
        visibility: u64,
    },
    /// Of the receipts there were, one.
    Delete(prop::sample::Index),
    Advance(u64),
    /// Of the receipts there were, one, whose message is hidden for so long from now on.
    Hide(prop::sample::Index, u64),
    /// The process ends and another one opens the file.
    Restart,
}

fn operation() -> impl Strategy<Value = Operation> {
    let receive = |queues| {
        let values = (queues, 1usize..4, 0u64..40);
        values.prop_map(|(queue, limit, visibility)| Operation::Receive { queue, limit, visibility })
    };
    prop_oneof![
        4 => (0u64..20).prop_map(|delay| Operation::Send { delay }),
        4 => receive(0usize..2),
        4 => receive(0usize..1),
        4 => any::<prop::sample::Index>().prop_map(Operation::Delete),
        4 => (1u64..60).prop_map(Operation::Advance),
        3 => (any::<prop::sample::Index>(), 0u64..40).prop_map(|(index, visibility)| Operation::Hide(index, visibility)),
        1 => Just(Operation::Restart),
    ]
}

/// What a caller may know of the messages: bodies by where they are, and the receipts it has got.
struct Model {
    store: Store,
    now: u64,
    sent: usize,
    deleted: usize,
    /// Which queue, which message's body, its id and the number of the receipt.
    receipts: Vec<(usize, String, Uuid, u32)>,
    /// Until when nobody else receives it.
    hidden: BTreeMap<String, u64>,
    /// Receipts of each body in each queue.
    received: BTreeMap<(usize, String), u32>,
    file: tempfile::NamedTempFile,
}

fn open(file: &tempfile::NamedTempFile) -> Store {
    let forever = |queue: Queue| Queue { retention: Duration::MAX, ..queue };
    let queues = [feeding_dead_letters("work", MAXIMUM_RECEIVE_COUNT), queue("dead-letters")];
    Store::open(queues.into_iter().map(forever).collect(), Keep::open(file.path()).unwrap())
}

impl Model {
    fn new() -> Model {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (now, sent, deleted, receipts, hidden, received) = Default::default();
        Model { store: open(&file), now, sent, deleted, receipts, hidden, received, file }
    }

    fn in_queue(&mut self, queue: usize) -> usize {
        let counts = self.store.queue(QUEUES[queue]).unwrap().counts(self.now);
        counts.visible + counts.in_flight + counts.delayed
    }

    fn total(&mut self) -> usize {
        self.in_queue(0) + self.in_queue(1)
    }

    fn apply(&mut self, operation: Operation) -> Result<(), TestCaseError> {
        let now = self.now;
        match operation {
            Operation::Send { delay } => {
                let body = self.sent.to_string();
                self.store.send("work", body.clone(), delay, now).unwrap();
                self.hidden.insert(body, now + delay);
                self.sent += 1;
            }
            Operation::Receive { queue, limit, visibility } => {
                let messages = self.store.receive(QUEUES[queue], limit, Some(visibility), now).unwrap().0;
                prop_assert!(messages.len() <= limit);
                let bodies: BTreeSet<_> = messages.iter().map(|(_, message)| message.body.clone()).collect();
                prop_assert_eq!(bodies.len(), messages.len(), "a message is in an answer once");
                for (id, message) in messages {
                    let body = message.body;
                    let until = self.hidden.insert(body.clone(), now + visibility);
                    prop_assert!(until.is_none_or(|until| until <= now), "{} is hidden until {:?} and received at {}", body, until, now);
                    let times = self.received.entry((queue, body.clone())).or_default();
                    *times += 1;
                    prop_assert!(queue == 1 || *times <= MAXIMUM_RECEIVE_COUNT, "{} is received once too often", body);
                    self.receipts.push((queue, body, id, message.receive_count));
                }
            }
            Operation::Delete(index) if !self.receipts.is_empty() => {
                let (queue, body, id, count) = self.receipts[index.index(self.receipts.len())].clone();
                let before = self.total();
                self.store.queue(QUEUES[queue]).unwrap().delete(id, count);
                let gone = before - self.total();
                prop_assert!(gone <= 1);
                let latest = self.receipts.iter().rev().find(|(_, other, ..)| *other == body).unwrap();
                prop_assert!(gone == 0 || (latest.2, latest.3) == (id, count), "only the latest receipt deletes");
                self.deleted += gone;
            }
            Operation::Delete(_) => {}
            Operation::Advance(by) => self.now += by,
            Operation::Hide(index, visibility) if !self.receipts.is_empty() => {
                let (queue, body, id, count) = self.receipts[index.index(self.receipts.len())].clone();
                if self.store.queue(QUEUES[queue]).unwrap().hide(id, count, now + visibility, now) {
                    let latest = self.receipts.iter().rev().find(|(_, other, ..)| *other == body).unwrap();
                    prop_assert!((latest.2, latest.3) == (id, count), "only the latest receipt hides");
                    let until = self.hidden.insert(body.clone(), now + visibility);
                    prop_assert!(until.is_some_and(|until| until > now), "{} was in flight", body);
                }
            }
            Operation::Hide(..) => {}
            Operation::Restart => self.store = open(&self.file),
        }
        prop_assert_eq!(self.total(), self.sent - self.deleted, "each message is in one queue until it is deleted");
        Ok(())
    }
}

proptest! {
    #[test]
    fn no_message_is_lost_or_doubled_or_received_too_often(operations in prop::collection::vec(operation(), 0..120)) {
        let mut model = Model::new();
        for operation in operations {
            model.apply(operation)?;
        }
    }

    #[test]
    fn the_oldest_comes_first_and_nothing_before_it_is_due(delays in prop::collection::vec(0u64..50, 1..40), now in 0u64..60) {
        let mut store = Store::open(vec![queue("work")], Keep::default());
        for (number, delay) in delays.iter().enumerate() {
            store.send("work", number.to_string(), *delay, 0).unwrap();
        }
        let (received, next_visible) = store.receive("work", usize::MAX, Some(10), now).unwrap();
        let bodies: Vec<_> = received.iter().map(|(_, message)| message.body.clone()).collect();
        let due: Vec<_> = (0..delays.len()).filter(|number| delays[*number] <= now).map(|number| number.to_string()).collect();
        prop_assert_eq!(&bodies, &due);
        let next = delays.iter().filter(|delay| **delay > now).min().copied();
        let expected = if bodies.is_empty() { next } else { Some(next.map_or(now + 10, |next| next.min(now + 10))) };
        prop_assert_eq!(next_visible, expected);
    }
}
