//! Whatever is pushed, repeated, late or refused, and however old a state is: each thing is told once, and nothing after what overtakes it.
//! In the end, every end of a placement is told and every game server that is there, the current version of the match in which the player
//! is, and the last one of each before it that was told of at all.

use std::collections::{BTreeMap, BTreeSet};

use muster_protocol::{PoolOutcome, PoolPush};
use proptest::prelude::*;
use serde_json::json;

use super::{
    pushes::{end_push, session_push, view_push},
    *,
};

/// How many placements there are, and how many matches and tickets.
const EACH: usize = 3;

/// Places in the program's queue.
const ROOM: usize = 3;

/// What may happen next.
#[derive(Clone, Debug)]
enum Happening {
    /// A placement gets its game server.
    Find(usize),
    /// A placement ends, with or without one.
    End(usize),
    /// A ticket comes to nothing.
    GiveUp(usize),
    /// The player's match changes.
    Change,
    /// The player's match ends, and it comes into another one.
    MoveOn,
    /// Something that has happened is pushed, for the first time or again.
    Push(prop::sample::Index),
    /// A resume begins, and its state is read.
    Ask,
    /// The state arrives.
    Answer,
    /// It never does.
    Fail,
    /// The program reads so many events.
    Read(usize),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let happening = prop_oneof![
        3 => (0..EACH).prop_map(Happening::Find),
        2 => (0..EACH).prop_map(Happening::End),
        1 => (0..EACH).prop_map(Happening::GiveUp),
        4 => Just(Happening::Change),
        1 => Just(Happening::MoveOn),
        12 => any::<prop::sample::Index>().prop_map(Happening::Push),
        3 => Just(Happening::Ask),
        3 => Just(Happening::Answer),
        1 => Just(Happening::Fail),
        4 => (1..=ROOM).prop_map(Happening::Read),
    ];
    prop::collection::vec(happening, 0..120)
}

/// Of what something tells, and how far that has come with it: a match by its version, and by whether its events are there.
type Step = (String, (u64, bool));

fn step(event: &Event) -> Step {
    match event {
        Event::Session(push) => (format!("placement {}", push.placement_id), (0, false)),
        Event::Placement(push) => (format!("placement {}", push.placement_id), (1, false)),
        Event::Match(push) => (format!("match {}", push.match_id), (push.version, !push.events.is_empty())),
        Event::Pool(push) => (format!("ticket {}", push.ticket_id), (0, false)),
        other => panic!("{other:?}"),
    }
}

fn view(of: usize, version: u64, is_last: bool) -> MatchPush {
    view_push(&of.to_string(), version, if is_last { MatchState::Over } else { MatchState::Playing })
}

fn with_events(view: MatchPush) -> News {
    News::Match(MatchPush { events: vec![json!(1)], ..view })
}

fn end_of_ticket(ticket: usize) -> News {
    News::Pool(PoolPush { ticket_id: ticket.to_string(), outcome: PoolOutcome::TimedOut })
}

/// What there is on the server, the player's client, and the program that reads.
struct World {
    happened: Vec<News>,
    sessions: BTreeSet<usize>,
    ends: BTreeSet<usize>,
    /// The version of each match up to now. The last one is that in which the player is, and those before are over.
    matches: Vec<u64>,
    client: Told,
    answer: Option<PlayerState>,
    queue: Vec<Step>,
    read: Vec<Step>,
}

/// Offers events to a program with this queue of so many places.
fn into_queue(queue: &mut Vec<Step>, room: usize) -> impl FnMut(Event) -> Offer {
    move |event| {
        if queue.len() == room {
            return Offer::Full;
        }
        queue.push(step(&event));
        Offer::Taken
    }
}

impl World {
    fn new() -> Self {
        let (sessions, ends, matches) = (BTreeSet::new(), BTreeSet::new(), vec![1]);
        Self { happened: Vec::new(), sessions, ends, matches, client: Told::new(), answer: None, queue: Vec::new(), read: Vec::new() }
    }

    fn current(&self) -> (usize, u64) {
        let of = self.matches.len() - 1;
        (of, self.matches[of])
    }

    fn open_sessions(&self) -> impl Iterator<Item = String> {
        self.sessions.difference(&self.ends).map(ToString::to_string)
    }

    fn ask(&mut self) {
        self.client.asked();
        let (of, version) = self.current();
        self.answer = Some(PlayerState {
            seats: vec![Seat { kind: SeatKind::Match, id: of.to_string(), request_id: None }],
            matches: vec![view(of, version, false)],
            sessions: self.open_sessions().map(|id| session_push(&id)).collect(),
            placements: self.ends.iter().map(|id| end_push(&id.to_string())).collect(),
        });
    }

    /// Whether a state arrived, and there was room for it and for the ends that are asked for because of it.
    fn answer(&mut self) -> bool {
        let Some(state) = self.answer.take() else { return false };
        let mut offer = into_queue(&mut self.queue, ROOM);
        if !self.client.state(state, &mut offer) {
            return false;
        }
        while let Some(id) = self.client.ended_unseen().map(str::to_owned) {
            let of: usize = id.parse().unwrap();
            assert!(of + 1 < self.matches.len(), "the match in which the player is was taken for one that is over");
            if !self.client.shown(&id, view(of, self.matches[of], true), &mut offer) {
                return false;
            }
        }
        true
    }

    fn read(&mut self, count: usize) {
        self.read.extend(self.queue.drain(..count.min(self.queue.len())));
    }

    fn happen(&mut self, happening: &Happening) {
        let (of, version) = self.current();
        match happening {
            Happening::Find(id) if !self.ends.contains(id) && self.sessions.insert(*id) => {
                self.happened.push(News::Session(session_push(&id.to_string())));
            }
            Happening::End(id) if self.ends.insert(*id) => self.happened.push(News::Placement(end_push(&id.to_string()))),
            Happening::GiveUp(ticket) => self.happened.push(end_of_ticket(*ticket)),
            Happening::Change => {
                self.matches[of] += 1;
                self.happened.push(with_events(view(of, version + 1, false)));
            }
            Happening::MoveOn if of + 1 < EACH => {
                self.matches[of] += 1;
                self.matches.push(1);
                self.happened.extend([with_events(view(of, version + 1, true)), with_events(view(of + 1, 1, false))]);
            }
            Happening::Push(index) if !self.happened.is_empty() => {
                self.client.pushed(index.get(&self.happened).clone(), &mut into_queue(&mut self.queue, ROOM));
            }
            Happening::Find(_) | Happening::End(_) | Happening::MoveOn | Happening::Push(_) => {}
            Happening::Ask => self.ask(),
            Happening::Answer => drop(self.answer()),
            Happening::Fail => self.answer = None,
            Happening::Read(count) => self.read(*count),
        }
    }

    /// The client resumes until nothing is new, and the program reads it.
    fn settle(&mut self) {
        for _ in 0..100 {
            self.ask();
            let told = self.answer();
            self.read(ROOM);
            if told && !self.client.is_due() {
                return;
            }
        }
        panic!("the client never catches up");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_happens_each_thing_is_told_once_and_forward_and_what_holds_is_told(happenings in happenings()) {
        let mut world = World::new();
        for happening in &happenings {
            world.happen(happening);
        }
        world.settle();
        let mut told: BTreeMap<&str, Vec<(u64, bool)>> = BTreeMap::new();
        for (subject, step) in &world.read {
            told.entry(subject).or_default().push(*step);
        }
        prop_assert!(told.values().all(|steps| steps.is_sorted_by(|one, next| one < next)), "{told:?}");
        let last = |subject: String| told.get(subject.as_str()).and_then(|steps| steps.last()).map(|(step, _)| *step);
        prop_assert!(world.ends.iter().all(|id| last(format!("placement {id}")) == Some(1)), "every end: {told:?}");
        prop_assert!(world.open_sessions().all(|id| last(format!("placement {id}")) == Some(0)), "every game server: {told:?}");
        let (current, version) = world.current();
        for (of, version) in world.matches.iter().enumerate().take(current) {
            prop_assert!(last(format!("match {of}")).is_none_or(|told| told == *version), "the end was not told: {told:?}");
        }
        prop_assert_eq!(last(format!("match {current}")), Some(version));
        let seats: Vec<String> = world.client.take_seats().into_iter().map(|seat| seat.id).collect();
        prop_assert_eq!(seats, [current.to_string()]);
    }

    #[test]
    fn with_room_for_all_something_is_told_when_it_comes_if_it_goes_forward(
        comes in prop::collection::vec((0..5, 0..EACH, 1..8_u64), 0..60),
    ) {
        let (mut client, mut told, mut newest) = (Told::new(), Vec::new(), BTreeMap::new());
        for (kind, of, version) in comes {
            let news = match kind {
                0 => News::Session(session_push(&of.to_string())),
                1 => News::Placement(end_push(&of.to_string())),
                2 => end_of_ticket(of),
                3 => with_events(view(of, version, false)),
                _ => News::Match(view(of, version, false)),
            };
            let (subject, step) = step(&news.clone().into());
            let before = told.len();
            let mut offer = into_queue(&mut told, usize::MAX);
            match news {
                News::Match(push) if kind == 4 => {
                    let state = PlayerState { matches: vec![push], ..PlayerState::default() };
                    prop_assert!(client.state(state, &mut offer));
                }
                news => client.pushed(news, &mut offer),
            }
            drop(offer);
            let newest = newest.entry(subject.clone()).or_insert(None);
            let expected = if Some(step) > *newest { vec![(subject, step)] } else { Vec::new() };
            *newest = Some(step).max(*newest);
            prop_assert_eq!(&told[before..], &expected);
        }
    }
}
