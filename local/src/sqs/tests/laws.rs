//! What holds whatever is sent, received, hidden, deleted and moved, whenever.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use uuid::Uuid;

use super::{feeding_dead_letters, queue};
use crate::{
    account::queue_arn,
    sqs::{QueueConfig, message::Content, queues::Queues},
};

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
    Hide(prop::sample::Index, u64),
    Advance(u64),
    Move {
        rate: Option<u64>,
    },
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        (0u64..20).prop_map(|delay| Operation::Send { delay }),
        (0usize..2, 1usize..4, 0u64..40).prop_map(|(queue, limit, visibility)| Operation::Receive { queue, limit, visibility }),
        (0usize..1, 1usize..4, 0u64..40).prop_map(|(queue, limit, visibility)| Operation::Receive { queue, limit, visibility }),
        any::<prop::sample::Index>().prop_map(Operation::Delete),
        (any::<prop::sample::Index>(), 0u64..40).prop_map(|(index, visibility)| Operation::Hide(index, visibility)),
        (1u64..60).prop_map(Operation::Advance),
        prop::option::of(1u64..500).prop_map(|rate| Operation::Move { rate }),
    ]
}

/// What a caller may know of the messages: bodies by where they are, and the receipts it has got.
struct Model {
    queues: Queues,
    now: u64,
    sent: usize,
    deleted: usize,
    /// Which queue, which message's body, and until when nobody else receives it.
    receipts: Vec<(usize, String, Uuid)>,
    hidden: BTreeMap<String, u64>,
    /// Receipts of each body since it was sent to the queue, or moved there by a task.
    received: BTreeMap<(usize, String), u32>,
}

impl Model {
    fn new(configs: Vec<QueueConfig>) -> Model {
        let (sent, deleted, receipts, hidden, received) = Default::default();
        Model { queues: Queues::new(configs), now: 0, sent, deleted, receipts, hidden, received }
    }

    fn in_queue(&mut self, queue: usize) -> usize {
        let counts = self.queues.get_mut(QUEUES[queue]).unwrap().counts(self.now);
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
                self.queues.send("work", Content { body: body.clone(), ..Content::default() }, Some(delay), now).unwrap();
                self.hidden.insert(body, now + delay);
                self.sent += 1;
            }
            Operation::Receive { queue, limit, visibility } => {
                let received = self.queues.receive(QUEUES[queue], limit, visibility, now).unwrap();
                prop_assert!(received.messages.len() <= limit);
                let bodies: BTreeSet<_> = received.messages.iter().map(|message| message.content.body.clone()).collect();
                prop_assert_eq!(bodies.len(), received.messages.len(), "a message is in an answer once");
                for message in received.messages {
                    let body = message.content.body.clone();
                    let until = self.hidden.insert(body.clone(), now + visibility);
                    prop_assert!(until.is_none_or(|until| until <= now), "{} is hidden until {:?} and received at {}", body, until, now);
                    let times = self.received.entry((queue, body.clone())).or_default();
                    *times += 1;
                    prop_assert!(queue == 1 || *times <= MAXIMUM_RECEIVE_COUNT, "{} is received once too often", body);
                    self.receipts.push((queue, body, message.receipt.unwrap()));
                }
            }
            Operation::Delete(index) if !self.receipts.is_empty() => {
                let (queue, body, receipt) = self.receipts[index.index(self.receipts.len())].clone();
                let before = self.total();
                self.queues.get_mut(QUEUES[queue]).unwrap().delete(receipt);
                let gone = before - self.total();
                prop_assert!(gone <= 1);
                let latest = self.receipts.iter().rev().find(|(_, other, _)| *other == body).unwrap().2;
                prop_assert!(gone == 0 || latest == receipt, "only the latest receipt deletes");
                self.deleted += gone;
            }
            Operation::Hide(index, visibility) if !self.receipts.is_empty() => {
                let (queue, body, receipt) = self.receipts[index.index(self.receipts.len())].clone();
                if self.queues.get_mut(QUEUES[queue]).unwrap().change_visibility(receipt, visibility, now).is_ok() {
                    self.hidden.insert(body, now + visibility);
                }
            }
            Operation::Delete(_) | Operation::Hide(..) => {}
            Operation::Advance(by) => self.now += by,
            Operation::Move { rate } => {
                let visible = self.queues.get_mut("dead-letters").unwrap().counts(now).visible;
                let before = [self.in_queue(0), self.in_queue(1)];
                let id = self.queues.begin_task("dead-letters", None, rate, now).unwrap();
                let step = self.queues.go_on("dead-letters", id, now);
                let task = self.queues.task_mut("dead-letters", id).unwrap();
                task.status = crate::sqs::move_task::Status::Cancelled;
                let moved = task.moved as usize;
                prop_assert_eq!(moved, if rate.is_some() { visible.min(1) } else { visible });
                prop_assert_eq!(step.next.is_some(), moved < visible);
                prop_assert_eq!([self.in_queue(0), self.in_queue(1)], [before[0] + moved, before[1] - moved]);
                // A moved message is a new one, so that what is known of those in the dead-letter queue no longer holds of them.
                if moved > 0 {
                    self.received.clear();
                }
            }
        }
        prop_assert_eq!(self.total(), self.sent - self.deleted, "each message is in one queue until it is deleted");
        Ok(())
    }
}

proptest! {
    #[test]
    fn no_message_is_lost_or_doubled_or_received_too_often(operations in prop::collection::vec(operation(), 0..120)) {
        let forever = |config: QueueConfig| QueueConfig { retention: std::time::Duration::MAX, ..config };
        let configs = [feeding_dead_letters("work", MAXIMUM_RECEIVE_COUNT), queue("dead-letters")];
        let mut model = Model::new(configs.into_iter().map(forever).collect());
        for operation in operations {
            model.apply(operation)?;
        }
    }

    /// However it is received, a message comes out of its queue exactly as often as it may, and is then in the dead-letter queue.
    #[test]
    fn a_message_that_nobody_deletes_ends_as_a_dead_letter(maximum in 1u32..6, visibilities in prop::collection::vec(0u64..100, 6)) {
        let mut queues = Queues::new(vec![feeding_dead_letters("work", maximum), queue("dead-letters")]);
        queues.send("work", Content { body: "x".to_owned(), ..Content::default() }, None, 0).unwrap();
        let (mut now, mut times) = (0, 0);
        for visibility in visibilities.into_iter().cycle().take(maximum as usize + 1) {
            times += queues.receive("work", 10, visibility, now).unwrap().messages.len();
            now += visibility;
        }
        prop_assert_eq!(times, maximum as usize);
        let letter = queues.receive("dead-letters", 10, 0, now).unwrap().messages.remove(0);
        prop_assert_eq!(letter.receive_count, maximum + 1);
        prop_assert_eq!(letter.source_arn, Some(queue_arn("work")));
    }

    #[test]
    fn the_oldest_comes_first_and_nothing_before_it_is_due(delays in prop::collection::vec(0u64..50, 1..40), now in 0u64..60) {
        let mut queues = Queues::new(vec![queue("work")]);
        for (number, delay) in delays.iter().enumerate() {
            queues.send("work", Content { body: number.to_string(), ..Content::default() }, Some(*delay), 0).unwrap();
        }
        let received = queues.receive("work", usize::MAX, 10, now).unwrap().messages;
        let bodies: Vec<_> = received.iter().map(|message| message.content.body.clone()).collect();
        let due: Vec<_> = (0..delays.len()).filter(|number| delays[*number] <= now).map(|number| number.to_string()).collect();
        prop_assert_eq!(bodies, due);
        let next = delays.iter().filter(|delay| **delay > now).min().copied();
        let expected = if received.is_empty() { next } else { Some(next.map_or(now + 10, |next| next.min(now + 10))) };
        prop_assert_eq!(queues.get("work").unwrap().next_visible(), expected);
    }
}
