//! Whatever is pushed, repeated, late or refused, and however old a state is: each thing is told once, no game server after its end, and
//! every end.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{
    pushes::{end_push, session_push},
    *,
};

/// How many placements there are.
const PLACEMENTS: usize = 4;

/// Places in the program's queue.
const ROOM: usize = 3;

/// How far a placement has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// There is its game server.
    Session,
    /// It is over.
    Over,
}

/// What may happen next.
#[derive(Clone, Debug)]
enum Happening {
    /// A placement gets its game server.
    Find(usize),
    /// A placement ends, with or without one.
    End(usize),
    /// What has happened to a placement is pushed, for the first time or again: its session, or its end.
    Push { placement: usize, session: bool },
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
        3 => (0..PLACEMENTS).prop_map(Happening::Find),
        2 => (0..PLACEMENTS).prop_map(Happening::End),
        8 => (0..PLACEMENTS, any::<bool>()).prop_map(|(placement, session)| Happening::Push { placement, session }),
        2 => Just(Happening::Ask),
        2 => Just(Happening::Answer),
        1 => Just(Happening::Fail),
        3 => (1..=ROOM).prop_map(Happening::Read),
    ];
    prop::collection::vec(happening, 0..100)
}

/// Placements on the server, their player's client, and the program that reads.
struct World {
    sessions: BTreeSet<usize>,
    ends: BTreeSet<usize>,
    client: Told,
    answer: Option<PlayerState>,
    queue: Vec<(usize, Stage)>,
    read: Vec<(usize, Stage)>,
}

/// Offers events to a program with this queue.
fn into_queue(queue: &mut Vec<(usize, Stage)>) -> impl FnMut(Event) -> Offer {
    |event| {
        if queue.len() == ROOM {
            return Offer::Full;
        }
        queue.push(match event {
            Event::Session(push) => (push.placement_id.parse().unwrap(), Stage::Session),
            Event::Placement(push) => (push.placement_id.parse().unwrap(), Stage::Over),
            other => panic!("{other:?}"),
        });
        Offer::Taken
    }
}

impl World {
    fn new() -> Self {
        let client = Told::new();
        Self { sessions: BTreeSet::new(), ends: BTreeSet::new(), client, answer: None, queue: Vec::new(), read: Vec::new() }
    }

    fn ask(&mut self) {
        self.client.asked();
        let open = self.sessions.difference(&self.ends);
        let sessions = open.map(|placement| session_push(&placement.to_string())).collect();
        let placements = self.ends.iter().map(|placement| end_push(&placement.to_string())).collect();
        self.answer = Some(PlayerState { sessions, placements, ..PlayerState::default() });
    }

    /// Whether a state arrived and there was room for it.
    fn answer(&mut self) -> bool {
        let state = self.answer.take();
        state.is_some_and(|state| self.client.state(state, &mut into_queue(&mut self.queue)))
    }

    fn read(&mut self, count: usize) {
        self.read.extend(self.queue.drain(..count.min(self.queue.len())));
    }

    fn happen(&mut self, happening: &Happening) {
        match *happening {
            Happening::Find(placement) if !self.ends.contains(&placement) => {
                self.sessions.insert(placement);
            }
            Happening::End(placement) => {
                self.ends.insert(placement);
            }
            Happening::Push { placement, session: true } if self.sessions.contains(&placement) => {
                self.client.pushed(News::Session(session_push(&placement.to_string())), &mut into_queue(&mut self.queue));
            }
            Happening::Push { placement, session: false } if self.ends.contains(&placement) => {
                self.client.pushed(News::Placement(end_push(&placement.to_string())), &mut into_queue(&mut self.queue));
            }
            Happening::Find(_) | Happening::Push { .. } => {}
            Happening::Ask => self.ask(),
            Happening::Answer => drop(self.answer()),
            Happening::Fail => self.answer = None,
            Happening::Read(count) => self.read(count),
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

    /// Whether the program was told nothing twice, and of no game server after its end.
    fn is_in_order(&self) -> bool {
        let of = |placement| self.read.iter().filter(move |(other, _)| *other == placement).map(|(_, stage)| *stage);
        (0..PLACEMENTS).all(|placement| of(placement).is_sorted_by(|one, next| one < next))
    }

    fn told(&self, stage: Stage) -> BTreeSet<usize> {
        self.read.iter().filter(|(_, other)| *other == stage).map(|(placement, _)| *placement).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_happens_each_thing_is_told_once_and_the_end_is_the_last(happenings in happenings()) {
        let mut world = World::new();
        for happening in &happenings {
            world.happen(happening);
        }
        world.settle();
        prop_assert!(world.is_in_order());
        prop_assert_eq!(&world.told(Stage::Over), &world.ends, "every end");
        let open: BTreeSet<usize> = world.sessions.difference(&world.ends).copied().collect();
        prop_assert!(world.told(Stage::Session).is_superset(&open), "every game server that is there");
    }

    #[test]
    fn with_room_for_all_an_end_is_told_when_it_comes_in_whatever_order(
        pushes in prop::collection::vec((0..PLACEMENTS, any::<bool>()), 0..40),
    ) {
        let (mut client, mut told) = (Told::new(), Vec::new());
        for (placement, is_session) in &pushes {
            let mut offer = |event| {
                told.push((*placement, matches!(event, Event::Session(_))));
                Offer::Taken
            };
            let news = if *is_session { News::Session(session_push(&placement.to_string())) } else { News::Placement(end_push(&placement.to_string())) };
            client.pushed(news, &mut offer);
        }
        for placement in 0..PLACEMENTS {
            let of_it = |all: &[(usize, bool)]| -> Vec<bool> {
                all.iter().filter(|(other, _)| *other == placement).map(|(_, is_session)| *is_session).collect()
            };
            // Its session, if that came first, and its end, if that came at all.
            let pushed = of_it(&pushes);
            let mut expected = Vec::from_iter(pushed.first().copied().filter(|is_session| *is_session));
            expected.extend(pushed.contains(&false).then_some(false));
            prop_assert_eq!(of_it(&told), expected);
        }
    }
}
