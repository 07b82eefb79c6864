//! What a player was told and promised.

use std::collections::{BTreeMap, BTreeSet};

use muster_client::Event;
use muster_protocol::{MatchPush, MatchState, Outcome};

/// The book of a player.
#[derive(Debug, Default)]
pub struct Book {
    /// Which of the player's clients is noted: each hands out everything once.
    pub client: u64,
    /// From where the next client reads the inbox.
    pub cursor: Option<String>,
    /// Inboxes that were read to their end.
    pub resumed: u64,
    /// Messages that it has in hand: the client that handed them out last, and the text.
    pub messages: BTreeMap<String, (u64, String)>,
    /// What it was told of placements.
    pub placements: BTreeMap<String, Placed>,
    /// Game sessions whose end is not published yet: placement and game session.
    pub open: Vec<(String, String)>,
    /// Placements whose game session was published to be over.
    pub ended: BTreeSet<String>,
    /// Each match, as it was told last.
    pub matches: BTreeMap<String, MatchPush>,
    /// Whether it takes itself to be in something, or to wait for it.
    pub seated: bool,
    /// Messages whose sending was answered: recipient, id and text.
    pub sent: Vec<(String, String, String)>,
    /// Placements whose request was answered.
    pub asked: Vec<String>,
    /// Promises that its clients did not keep.
    pub broken: Vec<String>,
}

/// What a player was told of a placement: by which client each, and what was said last.
#[derive(Debug, Default)]
pub struct Placed {
    pub session: Option<u64>,
    pub end: Option<(u64, Outcome)>,
}

impl Book {
    /// Notes an event of the current client.
    pub fn note(&mut self, event: Event) {
        let client = self.client;
        match event {
            Event::Message(message) => {
                let push = message.push;
                let before = self.messages.insert(push.message_id.clone(), (client, push.message));
                if before.is_some_and(|(before, _)| before == client) {
                    self.broken.push(format!("message {} was handed out twice", push.message_id));
                }
            }
            Event::Session(push) => {
                let placed = self.placements.entry(push.placement_id.clone()).or_default();
                if placed.session == Some(client) || placed.end.is_some_and(|(before, _)| before == client) {
                    self.broken.push(format!("placement {}: the session was told twice, or behind its end", push.placement_id));
                } else if placed.session.is_none() {
                    self.open.push((push.placement_id, push.game_session_arn));
                }
                placed.session = Some(client);
                self.seated = false;
            }
            Event::Placement(push) => {
                let placed = self.placements.entry(push.placement_id.clone()).or_default();
                if let Some((before, outcome)) = placed.end.replace((client, push.outcome))
                    && (before == client || outcome != push.outcome)
                {
                    self.broken.push(format!("placement {} ended as {outcome:?} and again as {:?}", push.placement_id, push.outcome));
                }
                self.seated = false;
            }
            Event::Match(push) => self.note_match(push),
            Event::Pool(_) => self.seated = false,
            Event::Resumed { after, cursor, complete, seats, .. } => {
                if after.is_some() && !complete {
                    self.broken.push(format!("the inbox has forgotten what was behind {after:?}"));
                }
                (self.cursor, self.seated) = (Some(cursor), !seats.is_empty());
                self.resumed += 1;
            }
            Event::Missed(events) => self.broken.push(format!("{events} events were not read in time")),
            _ => {}
        }
    }

    fn note_match(&mut self, push: MatchPush) {
        self.seated = push.state != MatchState::Over;
        let before = self.matches.get(&push.match_id);
        if before.is_some_and(|before| before.state == MatchState::Over && before.version < push.version) {
            self.broken.push(format!("match {} went on behind its end", push.match_id));
        }
        if before.is_none_or(|before| before.version <= push.version) {
            self.matches.insert(push.match_id.clone(), push);
        }
    }
}
