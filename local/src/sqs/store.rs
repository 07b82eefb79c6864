//! All queues together, and messages going from one to another: dead letters.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::{Builder, Uuid};

use super::{
    error::SqsError,
    name_of,
    queue::{Message, Messages, Queue, ROOM},
};
use crate::{account::queue_arn, clock::milliseconds, events::Events, keep::Keep, template};

/// What a receiver gets, and when there may be more.
type Received = (Messages, Option<u64>);

pub(super) struct Store {
    pub(super) queues: BTreeMap<String, Queue>,
    /// Rings when a message came, to whichever queue.
    pub(super) bell: watch::Sender<()>,
    pub(super) events: Events,
    sent: u16,
}

impl Store {
    /// The queues with what was kept of them.
    pub(super) fn open(queues: Vec<template::Queue>, keep: Keep) -> Store {
        let queue = |queue: template::Queue| (queue.name.clone(), Queue::new(queue, keep.clone()));
        let mut queues: BTreeMap<_, _> = queues.into_iter().map(queue).collect();
        for (key, message) in keep.all::<Message>(ROOM) {
            // What a queue held that the template no longer has stays in the file, should it come back.
            if let Some((name, id)) = key.split_once('/')
                && let (Some(queue), Ok(id)) = (queues.get_mut(name), Uuid::parse_str(id))
            {
                queue.load(id, message);
            }
        }
        Store { queues, bell: watch::Sender::default(), events: Events::default(), sent: 0 }
    }

    pub(super) fn queue(&mut self, name: &str) -> Result<&mut Queue, SqsError> {
        self.queues.get_mut(name).ok_or_else(SqsError::no_queue)
    }

    /// Puts a new message into the queue `name`, which can be received after `delay` milliseconds, and answers its id.
    pub(super) fn send(&mut self, name: &str, body: String, delay: u64, now: u64) -> Result<Uuid, SqsError> {
        let id = self.next_id(now);
        let message = Message { body, sent_at: now, visible_at: now.saturating_add(delay), ..Message::default() };
        self.put(name, id, message)?;
        Ok(id)
    }

    /// Puts a message into the queue `name`, and tells those who wait. Where messages go on to no other queue, it is a dead letter, and
    /// those who watch are told, too.
    fn put(&mut self, name: &str, id: Uuid, message: Message) -> Result<(), SqsError> {
        let events = self.events.clone();
        let queue = self.queue(name)?;
        if queue.template.redrive.is_none() {
            events.tell(|| {
                let body = serde_json::from_str(&message.body).unwrap_or_else(|_| Value::from(message.body.as_str()));
                json!({"kind": "letter", "queue": events.short(name), "body": body})
            });
        }
        queue.put(id, message);
        self.bell.send_replace(());
        Ok(())
    }

    /// An id of version 7, so that ids are in the order of sending, also after a restart.
    fn next_id(&mut self, now: u64) -> Uuid {
        self.sent = self.sent.wrapping_add(1);
        let mut rest = [0; 10];
        rest.copy_from_slice(&Uuid::new_v4().as_bytes()[6..]);
        rest[..2].copy_from_slice(&self.sent.to_be_bytes());
        Builder::from_unix_timestamp_millis(now, &rest).into_uuid()
    }

    /// Receives from the queue `name`, with its own visibility if none is given in milliseconds. What has been received too often goes to
    /// the dead-letter queue instead, with its id, age and count. (SQS developer guide, "Using dead-letter queues": on standard queues the
    /// expiration is based on the original enqueue timestamp.)
    pub(super) fn receive(&mut self, name: &str, limit: usize, visibility: Option<u64>, now: u64) -> Result<Received, SqsError> {
        let queue = self.queue(name)?;
        let visibility = visibility.unwrap_or_else(|| milliseconds(queue.template.visibility_timeout));
        let redrive = queue.template.redrive.clone();
        let most = redrive.as_ref().map_or(u32::MAX, |redrive| redrive.maximum_receive_count);
        let (messages, exhausted) = queue.receive(limit, visibility, most, now);
        let next_visible = queue.next_visible();
        for (id, message) in exhausted {
            let dead_letters = redrive.as_ref().map_or("", |redrive| name_of(&redrive.dead_letter_queue_arn));
            // It is in both queues for a moment, so that an end of the process in between does not lose it.
            self.put(dead_letters, id, Message { visible_at: now, source_arn: Some(queue_arn(name)), ..message })?;
            self.queue(name)?.remove(id);
        }
        Ok((messages, next_visible))
    }
}
