//! All queues together, and messages going from one to another: dead letters, and what move tasks move.
//!
//! A message changes queues within one call, so that it is never in two of them or in none.

use std::{collections::BTreeMap, sync::Arc};

use uuid::Uuid;

use super::{
    config::QueueConfig,
    message::{Content, Message},
    move_task::{MoveTask, Status},
    queue::Queue,
};
use crate::{account::queue_arn, clock::milliseconds};

/// Tasks that are remembered for each queue. (SQS API reference, `ListMessageMoveTasks`.)
const REMEMBERED: usize = 10;
/// Messages that a move task without a rate moves before others get their turn.
const MOVED_AT_ONCE: u64 = 100;

pub(super) struct Queues {
    by_name: BTreeMap<String, Queue>,
    /// By the name of the queue that they empty, the oldest first.
    tasks: BTreeMap<String, Vec<MoveTask>>,
}

/// What a receiver gets, and the queue that got dead letters by it.
pub(super) struct Received {
    pub(super) messages: Vec<Message>,
    pub(super) dead_letter_queue: Option<String>,
}

/// What a move task has done, and what it does next.
pub(super) struct Step {
    /// The queues that got messages.
    pub(super) destinations: Vec<String>,
    /// When to go on; `None` if the task has ended.
    pub(super) next: Option<u64>,
}

/// The name in a queue's ARN.
pub(super) fn name_of(arn: &str) -> &str {
    arn.strip_prefix(&queue_arn("")).unwrap_or(arn)
}

impl Queues {
    pub(super) fn new(configs: Vec<QueueConfig>) -> Queues {
        Queues { by_name: configs.into_iter().map(|config| (config.name.clone(), Queue::new(config))).collect(), tasks: BTreeMap::new() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Queue> {
        self.by_name.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Queue> {
        self.by_name.get_mut(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The queues of which `name` is the dead-letter queue.
    pub(super) fn sources(&self, name: &str) -> impl Iterator<Item = &str> {
        let feeds =
            move |queue: &Queue| queue.config.redrive.as_ref().is_some_and(|redrive| name_of(&redrive.dead_letter_queue_arn) == name);
        self.by_name.iter().filter(move |(_, queue)| feeds(queue)).map(|(name, _)| name.as_str())
    }

    /// Puts a new message into the queue `name`, and answers its id. Without a `delay` in milliseconds, the queue's own counts.
    pub(super) fn send(&mut self, name: &str, content: Content, delay: Option<u64>, now: u64) -> Option<String> {
        let queue = self.by_name.get_mut(name)?;
        let message = Message::new(Arc::new(content), now);
        let (id, delay) = (message.id.clone(), delay.unwrap_or_else(|| milliseconds(queue.config.delay)));
        queue.put(message, delay, now);
        Some(id)
    }

    /// Receives from the queue `name`. What has been received too often goes to the dead-letter queue instead; without one it stays.
    pub(super) fn receive(&mut self, name: &str, limit: usize, visibility: u64, now: u64) -> Option<Received> {
        let redrive = self.by_name.get(name)?.config.redrive.clone();
        let redrive = redrive.filter(|redrive| self.by_name.contains_key(name_of(&redrive.dead_letter_queue_arn)));
        let maximum_receives = redrive.as_ref().map(|redrive| redrive.maximum_receive_count);
        let receipt = self.by_name.get_mut(name)?.receive(limit, visibility, maximum_receives, now);
        let mut dead_letter_queue = None;
        if let Some(redrive) = redrive
            && let Some(dead_letters) = self.by_name.get_mut(name_of(&redrive.dead_letter_queue_arn))
        {
            for message in receipt.exhausted {
                dead_letters.put(message.into_dead_letter(queue_arn(name)), 0, now);
                dead_letter_queue = Some(name_of(&redrive.dead_letter_queue_arn).to_owned());
            }
        }
        Some(Received { messages: receipt.messages, dead_letter_queue })
    }

    /// The tasks of the queue `name`, the newest first.
    pub(super) fn tasks(&self, name: &str) -> impl Iterator<Item = &MoveTask> {
        self.tasks.get(name).into_iter().flatten().rev()
    }

    pub(super) fn task_mut(&mut self, name: &str, id: Uuid) -> Option<&mut MoveTask> {
        self.tasks.get_mut(name)?.iter_mut().find(|task| task.id == id)
    }

    /// Begins a task that moves what is in the queue `name` now; nothing is moved yet.
    pub(super) fn begin_task(&mut self, name: &str, destination_arn: Option<String>, rate: Option<u64>, now: u64) -> Option<Uuid> {
        let queue = self.by_name.get_mut(name)?;
        let to_move = queue.counts(now).visible as u64;
        let task = MoveTask::new(destination_arn, rate, (queue.next_number(), to_move), now);
        let id = task.id;
        let tasks = self.tasks.entry(name.to_owned()).or_default();
        tasks.push(task);
        if tasks.len() > REMEMBERED {
            tasks.remove(0);
        }
        Some(id)
    }

    /// Moves what the task may move by now.
    pub(super) fn go_on(&mut self, name: &str, id: Uuid, now: u64) -> Step {
        let mut step = Step { destinations: Vec::new(), next: None };
        let Some(task) = self.tasks.get_mut(name).and_then(|tasks| tasks.iter_mut().find(|task| task.id == id)) else { return step };
        let mut left = MOVED_AT_ONCE;
        while task.status == Status::Running {
            let Some((number, message)) = self.by_name.get_mut(name).and_then(|queue| queue.oldest(task.before, now)) else {
                task.status = Status::Completed;
                break;
            };
            if task.next_due() > now || left == 0 {
                step.next = Some(task.next_due());
                break;
            }
            let Some(destination) = task.destination_arn.as_ref().or(message.source_arn.as_ref()).map(|arn| name_of(arn).to_owned()) else {
                task.status = Status::Failed("CouldNotDetermineMessageSource");
                break;
            };
            if !self.by_name.contains_key(&destination) {
                task.status = Status::Failed("AWS.SimpleQueueService.NonExistentQueue");
                break;
            }
            let message = self.by_name.get_mut(name).and_then(|queue| queue.remove(number));
            if let (Some(message), Some(queue)) = (message, self.by_name.get_mut(&destination)) {
                let delay = milliseconds(queue.config.delay);
                queue.put(message.into_redriven(now), delay, now);
            }
            task.moved += 1;
            left -= 1;
            step.destinations.push(destination);
        }
        step.destinations.dedup();
        step
    }
}
