//! The game: who is connected, and what follows from what they do.

use std::collections::{HashMap, VecDeque};

use tokio::{sync::mpsc, time::Instant};

use crate::{
    connection::Input,
    log::log,
    room::{Connection, Effect, Room},
    serve::Patience,
    session::Session,
};

/// How many lines may wait for a client. One that does not read them has to leave, so that it cannot fill the server's memory.
pub(crate) const LINES_WAITING: usize = 256;

/// How many clients may be connected without having said who they are.
const STRANGERS: usize = 64;

pub(crate) struct Game<'a> {
    session: &'a Session,
    pub(crate) room: Room,
    /// Where lines for a client go. Dropping the sender closes the connection once they are written.
    pub(crate) outboxes: HashMap<Connection, mpsc::Sender<String>>,
    /// Since when nobody is in.
    quiet_since: Instant,
}

impl<'a> Game<'a> {
    pub(crate) fn new(session: &'a Session) -> Self {
        Self { session, room: Room::new(session.maximum_players), outboxes: HashMap::new(), quiet_since: Instant::now() }
    }

    /// Takes note of a new client, unless too many who have not said who they are wait already.
    pub(crate) fn connect(&mut self, connection: Connection) -> Option<mpsc::Receiver<String>> {
        if self.outboxes.len() >= self.room.len() + STRANGERS {
            return None;
        }
        let (sender, outbox) = mpsc::channel(LINES_WAITING);
        self.outboxes.insert(connection, sender);
        Some(outbox)
    }

    pub(crate) fn take(&mut self, connection: Connection, input: Input) {
        // Lines may come from one who has been told to leave; they count no more.
        if !self.outboxes.contains_key(&connection) {
            return;
        }
        let before = self.room.here();
        let effects = match input {
            Input::Gone => {
                self.outboxes.remove(&connection);
                self.room.leave(connection)
            }
            Input::Wrong(why) => self.refuse(connection, why),
            Input::Line(line) if self.room.contains(connection) => self.room.say(connection, &line),
            // On GameLift, AcceptPlayerSession of the server SDK is called here with the line: it refuses ids that are not of this game
            // session, and tells GameLift that the player has come. It takes an id once, so one who comes back is let in without, and
            // RemovePlayerSession is for those who cannot come back any more.
            Input::Line(line) => match self.session.player(&line) {
                Some(player) => self.room.enter(player, connection),
                None => self.refuse(connection, "that is no player session of this game"),
            },
        };
        self.apply(effects);
        if self.room.here() != before {
            log(&self.room.here());
            self.quiet_since = Instant::now();
        }
    }

    fn refuse(&mut self, connection: Connection, why: &str) -> Vec<Effect> {
        log(&format!("a client was refused: {why}"));
        self.room.refuse(connection, why)
    }

    fn apply(&mut self, effects: Vec<Effect>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Close(connection) => drop(self.outboxes.remove(&connection)),
                Effect::Say(connection, line) => {
                    if self.outboxes.get(&connection).is_some_and(|outbox| outbox.try_send(line).is_err()) {
                        self.outboxes.remove(&connection);
                        effects.extend(self.room.leave(connection));
                    }
                }
            }
        }
    }

    /// When the game is over if nobody comes until then, and why.
    pub(crate) fn deadline(&self, patience: Patience) -> (Instant, &'static str) {
        if self.room.joined().is_empty() {
            (self.quiet_since + patience.first, "nobody came")
        } else {
            (self.quiet_since + patience.grace, "everybody has left")
        }
    }
}
