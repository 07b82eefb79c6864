//! Who is in, and what is to be said to whom. It knows nothing of sockets, clocks and AWS: a game's rules would stand here.

use std::collections::BTreeMap;

/// One connection of a client. A player who comes again has another one.
pub(crate) type Connection = u64;

/// What the sockets are to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Send this line.
    Say(Connection, String),
    /// Close the connection once everything said to it is sent.
    Close(Connection),
}

/// The players who are in.
#[derive(Debug)]
pub(crate) struct Room {
    maximum: usize,
    inside: BTreeMap<String, Connection>,
    /// Everybody who has ever been in, in the order of their coming.
    joined: Vec<String>,
}

impl Room {
    pub(crate) fn new(maximum: usize) -> Self {
        Self { maximum, inside: BTreeMap::new(), joined: Vec::new() }
    }

    /// A player comes. One who is in already replaces the old connection: it may be dead without anybody having noticed, and only that
    /// player knows the player session's id.
    pub(crate) fn enter(&mut self, player: &str, connection: Connection) -> Vec<Effect> {
        let mut effects = Vec::new();
        match self.inside.get(player) {
            Some(&old) => effects.extend([Effect::Say(old, "replaced: you came in again".to_owned()), Effect::Close(old)]),
            None if self.inside.len() >= self.maximum => return self.refuse(connection, "the room is full"),
            None => {}
        }
        self.inside.insert(player.to_owned(), connection);
        if !self.joined.iter().any(|joined| joined == player) {
            self.joined.push(player.to_owned());
        }
        effects.push(Effect::Say(connection, format!("welcome {}", visible(player))));
        effects.extend(self.everybody(&self.here()));
        effects
    }

    /// A client did what it must not, whether it is in or not.
    pub(crate) fn refuse(&mut self, connection: Connection, why: &str) -> Vec<Effect> {
        let mut effects = vec![Effect::Say(connection, format!("refused: {why}")), Effect::Close(connection)];
        effects.extend(self.leave(connection));
        effects
    }

    /// A connection is gone. Nothing changes if it was never in, or has been replaced.
    pub(crate) fn leave(&mut self, connection: Connection) -> Vec<Effect> {
        let before = self.inside.len();
        self.inside.retain(|_, inside| *inside != connection);
        if self.inside.len() == before { Vec::new() } else { self.everybody(&self.here()).collect() }
    }

    /// A player says something to the others.
    pub(crate) fn say(&self, connection: Connection, text: &str) -> Vec<Effect> {
        let Some((player, _)) = self.inside.iter().find(|(_, inside)| **inside == connection) else { return Vec::new() };
        let line = format!("{}: {}", visible(player), visible(text));
        self.everybody(&line).filter(|effect| !matches!(effect, Effect::Say(to, _) if *to == connection)).collect()
    }

    /// Whether this connection is in.
    pub(crate) fn contains(&self, connection: Connection) -> bool {
        self.inside.values().any(|inside| *inside == connection)
    }

    pub(crate) fn len(&self) -> usize {
        self.inside.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.inside.is_empty()
    }

    /// The line that says who is in.
    pub(crate) fn here(&self) -> String {
        format!("here: {}", self.inside.keys().map(|player| visible(player)).collect::<Vec<_>>().join(", "))
    }

    pub(crate) fn joined(&self) -> &[String] {
        &self.joined
    }

    fn everybody(&self, line: &str) -> impl Iterator<Item = Effect> {
        self.inside.values().map(move |&connection| Effect::Say(connection, line.to_owned()))
    }
}

/// Lines are shown in terminals, which control characters written by others would control.
fn visible(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Effect::Close, *};

    fn say(to: Connection, line: &str) -> Effect {
        Effect::Say(to, line.to_owned())
    }

    fn with_alice_and_bob() -> Room {
        let mut room = Room::new(2);
        assert_eq!(room.enter("bob", 1), [say(1, "welcome bob"), say(1, "here: bob")]);
        assert_eq!(room.enter("alice", 2), [say(2, "welcome alice"), say(2, "here: alice, bob"), say(1, "here: alice, bob")]);
        room
    }

    #[test]
    fn everybody_hears_who_comes_and_goes_and_the_others_hear_what_is_said() {
        let mut room = with_alice_and_bob();
        assert_eq!(room.say(2, "h\u{1b}[2Ji"), [say(1, "alice: h[2Ji")]);
        assert_eq!(room.leave(1), [say(2, "here: alice")]);
        assert_eq!(room.leave(1), []);
        assert_eq!(room.say(1, "hi"), []);
        assert_eq!(room.leave(2), []);
        assert!(room.is_empty());
        assert_eq!(room.joined(), ["bob", "alice"], "also those who have left");
    }

    #[test]
    fn whoever_comes_again_replaces_the_old_connection() {
        let mut room = with_alice_and_bob();
        let effects = room.enter("bob", 3);
        assert_eq!(effects[..3], [say(1, "replaced: you came in again"), Close(1), say(3, "welcome bob")]);
        assert_eq!(room.leave(1), [], "it is the new one that is in");
        assert_eq!((room.len(), room.contains(3)), (2, true));
        assert_eq!(room.joined(), ["bob", "alice"]);
    }

    #[test]
    fn a_full_room_refuses_others_only() {
        let mut room = with_alice_and_bob();
        assert_eq!(room.enter("carol", 4), [say(4, "refused: the room is full"), Close(4)]);
        room.leave(1);
        assert_eq!(room.enter("carol", 5)[0], say(5, "welcome carol"));
    }

    #[test]
    fn a_player_who_does_what_it_must_not_has_to_leave() {
        let mut room = with_alice_and_bob();
        assert_eq!(room.refuse(1, "too long"), [say(1, "refused: too long"), Close(1), say(2, "here: alice")]);
        assert_eq!(room.refuse(9, "who are you?"), [say(9, "refused: who are you?"), Close(9)]);
    }
}
