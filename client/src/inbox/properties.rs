//! Whatever is pushed, repeated, lost or refused, and however resumes and connections end: each message is handed out once.

use std::collections::BTreeSet;

use muster_protocol::cursor::{Next, first_id_of};
use proptest::prelude::*;

use super::*;

/// The first moment of a test, in epoch milliseconds. Times of less than the overlap would be a corner of their own.
const START: u64 = 1_000_000;

/// Messages of a page.
const PAGE: usize = 3;

/// Places in the program's queue.
const ROOM: usize = 4;

/// What may happen next.
#[derive(Clone, Debug)]
enum Happening {
    /// A message is sent, and stored so many milliseconds later.
    Send { stored_after: u64 },
    /// A stored message is pushed, for the first time or again.
    Push(prop::sample::Index),
    /// The client asks for a page.
    Ask,
    /// The page arrives.
    Answer,
    /// No page arrives. The client goes on where it was, or from its cursor.
    Fail { start_over: bool },
    /// There is a new connection.
    Reconnect,
    /// The program reads so many messages.
    Read(usize),
    /// Time passes.
    Wait(u64),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let happening = prop_oneof![
        5 => (0..OVERLAP_MILLISECONDS).prop_map(|stored_after| Happening::Send { stored_after }),
        6 => any::<prop::sample::Index>().prop_map(Happening::Push),
        4 => Just(Happening::Ask),
        4 => Just(Happening::Answer),
        1 => any::<bool>().prop_map(|start_over| Happening::Fail { start_over }),
        1 => Just(Happening::Reconnect),
        3 => (1..=ROOM).prop_map(Happening::Read),
        3 => (0..60_000_u64).prop_map(Happening::Wait),
    ];
    prop::collection::vec(happening, 0..100)
}

/// An inbox on the server, its player's client, and the program that reads.
struct World {
    now: u64,
    /// Message and when it is stored.
    sent: Vec<(MessagePush, u64)>,
    client: Inbox,
    answer: Option<Resumed>,
    queue: Vec<MessagePush>,
    read: Vec<String>,
}

/// Offers messages to a program with this queue.
fn into_queue(queue: &mut Vec<MessagePush>) -> impl FnMut(Message) -> Offer {
    |message| {
        if queue.len() == ROOM {
            return Offer::Full;
        }
        queue.push(message.push);
        Offer::Taken
    }
}

impl World {
    fn new(after: Option<String>) -> Self {
        let mut client = Inbox::new(after, true);
        client.hold();
        Self { now: START, sent: Vec::new(), client, answer: None, queue: Vec::new(), read: Vec::new() }
    }

    fn stored(&self) -> Vec<MessagePush> {
        let mut stored: Vec<MessagePush> =
            self.sent.iter().filter(|(_, stored_at)| *stored_at <= self.now).map(|(message, _)| message.clone()).collect();
        stored.sort_by(|one, other| one.message_id.cmp(&other.message_id));
        stored
    }

    /// What the route `resume` answers.
    fn resumed(&self, request: &Resume) -> Resumed {
        let next = request.next.as_deref().and_then(Next::read);
        let begun_at = next.as_ref().map_or(self.now, |next| next.begun_at);
        let after = Some(first_id_of(begun_at));
        let mut messages = self.stored();
        let behind = match (&next, request.after.as_deref().and_then(time_of)) {
            (Some(next), _) => next.behind.clone(),
            (None, Some(time)) => first_id_of(time.min(self.now) - OVERLAP_MILLISECONDS),
            (None, None) => {
                let older = messages.len().saturating_sub(PAGE);
                return Resumed { messages: messages.split_off(older), next: None, after, complete: older == 0, state: None };
            }
        };
        messages.retain(|message| message.message_id > behind);
        if messages.len() <= PAGE {
            return Resumed { messages, next: None, after, complete: true, state: None };
        }
        messages.truncate(PAGE);
        let next = Next { behind: messages[PAGE - 1].message_id.clone(), begun_at };
        Resumed { messages, next: Some(next.to_string()), after: None, complete: true, state: None }
    }

    fn ask(&mut self) {
        if self.answer.is_none() {
            self.client.hold();
            let request = self.client.request(PAGE as u32);
            self.answer = Some(self.resumed(&request));
        }
    }

    fn answer(&mut self) -> Option<Finished> {
        let page = self.answer.take()?;
        let step = self.client.page(page, &mut into_queue(&mut self.queue));
        match step {
            Step::Finished(finished) => {
                self.client.let_through(&mut into_queue(&mut self.queue));
                Some(finished)
            }
            Step::More | Step::NoRoom => None,
            Step::Broken(problem) => panic!("{problem}"),
        }
    }

    fn read(&mut self, count: usize) {
        self.read.extend(self.queue.drain(..count.min(self.queue.len())).map(|message| message.message_id));
    }

    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Send { stored_after } => {
                let rest = self.sent.len() + 1;
                let message_id = format!("{}{rest:012x}", &first_id_of(self.now)[..24]);
                let message = MessagePush {
                    message_id,
                    sender_id: "bob".into(),
                    announcement: None,
                    request_id: None,
                    message: "hi".into(),
                    sent_at: self.now,
                };
                self.sent.push((message, self.now + stored_after));
            }
            Happening::Push(index) => {
                let stored = self.stored();
                if !stored.is_empty() {
                    let push = index.get(&stored);
                    let passes = self.client.held.is_none() && self.queue.len() < ROOM;
                    self.client.pushed(push.clone(), &mut into_queue(&mut self.queue));
                    let handed_out = self.read.contains(&push.message_id) || self.queue.contains(push);
                    assert!(handed_out || !passes, "a push for which there is room is not dropped");
                }
            }
            Happening::Ask => self.ask(),
            Happening::Answer => drop(self.answer()),
            Happening::Fail { start_over } => {
                self.answer = None;
                self.client.let_through(&mut into_queue(&mut self.queue));
                if *start_over {
                    self.client.start_over();
                }
            }
            Happening::Reconnect => {
                self.answer = None;
                self.client.let_through(&mut into_queue(&mut self.queue));
                self.client.start_over();
                self.client.hold();
            }
            Happening::Read(count) => self.read(*count),
            Happening::Wait(milliseconds) => self.now += milliseconds,
        }
    }

    /// Everything is stored, and the client resumes until it is content.
    fn settle(&mut self) {
        self.now += OVERLAP_MILLISECONDS;
        self.happen(&Happening::Reconnect);
        for _ in 0..10_000 {
            self.ask();
            let finished = self.answer().is_some();
            self.read(ROOM);
            if finished && !self.client.is_due() {
                return;
            }
        }
        panic!("the client never catches up");
    }
}

fn all(world: &World) -> BTreeSet<&str> {
    world.sent.iter().map(|(message, _)| message.message_id.as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_happens_each_message_is_handed_out_once(happenings in happenings()) {
        let mut world = World::new(Some(first_id_of(START)));
        for happening in &happenings {
            world.happen(happening);
        }
        world.settle();
        let read: BTreeSet<&str> = world.read.iter().map(String::as_str).collect();
        prop_assert_eq!(world.read.len(), read.len(), "none twice");
        prop_assert_eq!(&read, &all(&world), "none lost");
        prop_assert!(world.client.seen.len() <= world.sent.len());
    }

    #[test]
    fn a_client_without_a_cursor_loses_nothing_that_comes_after_its_first_push(happenings in happenings()) {
        let mut world = World::new(None);
        world.happen(&Happening::Send { stored_after: 0 });
        world.client.pushed(world.sent[0].0.clone(), &mut into_queue(&mut world.queue));
        for happening in &happenings {
            world.happen(happening);
        }
        world.settle();
        let read: BTreeSet<&str> = world.read.iter().map(String::as_str).collect();
        prop_assert_eq!(world.read.len(), read.len(), "none twice");
        prop_assert_eq!(&read, &all(&world), "none lost");
    }

    #[test]
    fn a_client_without_a_cursor_gets_nothing_twice_and_all_that_comes_after_its_first_resume(
        before in 0..8_usize, happenings in happenings(),
    ) {
        let mut world = World::new(None);
        for _ in 0..before {
            world.happen(&Happening::Send { stored_after: 0 });
            world.happen(&Happening::Wait(20_000));
        }
        world.ask();
        let shown: Vec<String> = world.answer.iter().flat_map(|page| &page.messages).map(|message| message.message_id.clone()).collect();
        let newest: BTreeSet<&str> = shown.iter().map(String::as_str).collect();
        prop_assert!(world.answer().is_some());
        for happening in &happenings {
            world.happen(happening);
        }
        world.settle();
        let read: BTreeSet<&str> = world.read.iter().map(String::as_str).collect();
        prop_assert_eq!(world.read.len(), read.len(), "none twice");
        let old: BTreeSet<&str> = world.sent[..before].iter().map(|(message, _)| message.message_id.as_str()).collect();
        let expected: BTreeSet<&str> = all(&world).difference(&old).copied().chain(newest).collect();
        prop_assert!(read.is_superset(&expected), "none lost");
    }
}
