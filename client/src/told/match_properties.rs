//! Whatever is pushed, repeated, late or refused, and however old a state is: each view of a match is told at most once, none after a newer
//! one, and in the end the current one is told, as are the ends of all before it that were told of at all. Each ticket's end is told once.

use std::collections::BTreeMap;

use muster_protocol::{MatchPush, MatchState, PoolOutcome, PoolPush};
use proptest::prelude::*;
use serde_json::json;

use super::{pushes::view_push, *};

/// How many matches there are, and how many tickets.
const MATCHES: usize = 3;

/// Places in the program's queue.
const ROOM: usize = 2;

/// What may happen next.
#[derive(Clone, Debug)]
enum Happening {
    /// The player's match changes.
    Change,
    /// The player's match ends, and it comes into another one.
    MoveOn,
    /// A version of a match is pushed, for the first time or again.
    Push { of: usize, version: prop::sample::Index },
    /// A ticket's end is pushed, for the first time or again.
    PushTicket(usize),
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
        4 => Just(Happening::Change),
        1 => Just(Happening::MoveOn),
        8 => (0..MATCHES, any::<prop::sample::Index>()).prop_map(|(of, version)| Happening::Push { of, version }),
        2 => (0..MATCHES).prop_map(Happening::PushTicket),
        2 => Just(Happening::Ask),
        2 => Just(Happening::Answer),
        1 => Just(Happening::Fail),
        3 => (1..=ROOM).prop_map(Happening::Read),
    ];
    prop::collection::vec(happening, 0..100)
}

fn view(of: usize, version: u64, last: bool) -> MatchPush {
    view_push(&of.to_string(), version, if last { MatchState::Over } else { MatchState::Playing })
}

/// Matches on the server, their player's client, and the program that reads.
struct World {
    /// The version of each match up to now. The last one is that in which the player is, and those before are over.
    matches: Vec<u64>,
    client: Told,
    answer: Option<PlayerState>,
    /// Matches with their versions, and tickets without.
    queue: Vec<(usize, Option<u64>)>,
    read: Vec<(usize, Option<u64>)>,
}

/// Offers events to a program with this queue of so many places.
fn into_queue(queue: &mut Vec<(usize, Option<u64>)>, room: usize) -> impl FnMut(Event) -> Offer {
    move |event| {
        if queue.len() == room {
            return Offer::Full;
        }
        queue.push(match event {
            Event::Match(push) => (push.match_id.parse().unwrap(), Some(push.version)),
            Event::Pool(push) => (push.ticket_id.parse().unwrap(), None),
            other => panic!("{other:?}"),
        });
        Offer::Taken
    }
}

impl World {
    fn new() -> Self {
        Self { matches: vec![1], client: Told::new(), answer: None, queue: Vec::new(), read: Vec::new() }
    }

    fn current(&self) -> (usize, u64) {
        let of = self.matches.len() - 1;
        (of, self.matches[of])
    }

    fn ask(&mut self) {
        self.client.asked();
        let (of, version) = self.current();
        let seats = vec![Seat { kind: SeatKind::Match, id: of.to_string(), request_id: None }];
        self.answer = Some(PlayerState { seats, matches: vec![view(of, version, false)], ..PlayerState::default() });
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
            Happening::Change => self.matches[of] += 1,
            Happening::MoveOn if of + 1 < MATCHES => {
                self.matches[of] = version + 1;
                self.matches.push(1);
            }
            Happening::Push { of, version } if *of < self.matches.len() => {
                let newest = self.matches[*of];
                let version = version.index(usize::try_from(newest).unwrap()) as u64 + 1;
                let last = *of + 1 < self.matches.len() && version == newest;
                self.client.pushed(News::Match(view(*of, version, last)), &mut into_queue(&mut self.queue, ROOM));
            }
            Happening::MoveOn | Happening::Push { .. } => {}
            Happening::PushTicket(ticket) => {
                let push = PoolPush { ticket_id: ticket.to_string(), outcome: PoolOutcome::TimedOut };
                self.client.pushed(News::Pool(push), &mut into_queue(&mut self.queue, ROOM));
            }
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
    fn whatever_happens_versions_only_grow_and_the_current_one_is_told(happenings in happenings()) {
        let mut world = World::new();
        for happening in &happenings {
            world.happen(happening);
        }
        world.settle();
        let of = |subject: usize, is_match: bool| -> Vec<Option<u64>> {
            let told = world.read.iter().filter(|(other, version)| *other == subject && version.is_some() == is_match);
            told.map(|(_, version)| *version).collect()
        };
        for subject in 0..MATCHES {
            prop_assert!(of(subject, true).is_sorted_by(|one, next| one < next), "{:?}", world.read);
            prop_assert!(of(subject, false).len() <= 1);
        }
        let (current, version) = world.current();
        for subject in 0..current {
            let told = of(subject, true);
            prop_assert!(told.is_empty() || told.last() == Some(&Some(world.matches[subject])), "the end was not told: {:?}", world.read);
        }
        prop_assert_eq!(of(current, true).last().copied(), Some(Some(version)));
        let seats: Vec<String> = world.client.take_seats().into_iter().map(|seat| seat.id).collect();
        prop_assert_eq!(seats, [current.to_string()]);
    }

    #[test]
    fn with_room_for_all_a_view_is_told_when_it_comes_if_it_or_its_events_are_new(
        pushes in prop::collection::vec((0..MATCHES, 0..8_u64), 0..40),
        states in prop::collection::vec(any::<bool>(), 40),
    ) {
        let (mut client, mut told, mut newest) = (Told::new(), Vec::new(), BTreeMap::new());
        for ((of, version), by_state) in pushes.iter().zip(states) {
            let before = told.len();
            let mut offer = into_queue(&mut told, usize::MAX);
            if by_state {
                let state = PlayerState { matches: vec![view(*of, *version, false)], ..PlayerState::default() };
                prop_assert!(client.state(state, &mut offer));
            } else {
                client.pushed(News::Match(MatchPush { events: vec![json!(1)], ..view(*of, *version, false) }), &mut offer);
            }
            drop(offer);
            let newest = newest.entry(*of).or_insert(None);
            let come = Some((*version, !by_state));
            let expected = if come > *newest { vec![(*of, Some(*version))] } else { Vec::new() };
            *newest = come.max(*newest);
            prop_assert_eq!(&told[before..], &expected);
        }
    }
}
