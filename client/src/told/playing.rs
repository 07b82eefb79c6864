//! The matches that the program was last told to be played. A resume shows what the player's seats are in, and a seat is given up at the
//! end: so whoever was away at the end of one of these sees only that it is gone, and has to ask how it ended.
//!
//! Only what was told to be *played*, with the player in it, is remembered. Asking is done by joining, and who sits in a match takes no
//! seat by that. One that waits for players, or that the player has left, would be joined by it. (A match that is forgotten leaves its
//! code to others, of which there are 30 to the sixth.)

/// How many are remembered. A player is in few at a time, so that a further one means that the end of an earlier one was missed.
const MOST_PLAYED: usize = 8;

/// A match that goes on, as far as the program was told.
#[derive(Debug)]
struct Played {
    match_id: String,
    /// Something was told of it since the resume began, so that the state of that resume may be too old to know of it.
    told: bool,
}

/// A bounded memory of them. It takes no heap before the first one.
#[derive(Debug, Default)]
pub(super) struct Playing(Vec<Played>);

impl Playing {
    /// A resume begins: whatever happened by now, its state shows.
    pub(super) fn asked(&mut self) {
        for played in &mut self.0 {
            played.told = false;
        }
    }

    /// The program was told of a match, and whether it is played now.
    pub(super) fn told(&mut self, match_id: &str, is_played: bool) {
        self.forget(match_id);
        if is_played {
            if self.0.len() == MOST_PLAYED {
                self.0.remove(0);
            }
            self.0.push(Played { match_id: match_id.to_owned(), told: true });
        }
    }

    /// A match was asked for: this resume has no further question about it.
    pub(super) fn answered(&mut self, match_id: &str) {
        for played in self.0.iter_mut().filter(|played| played.match_id == match_id) {
            played.told = true;
        }
    }

    /// One of them that has ended since it was told of, if the player's seats are in these matches.
    pub(super) fn ended(&self, seated: &[&str]) -> Option<&str> {
        let ended = |played: &&Played| !played.told && !seated.contains(&played.match_id.as_str());
        self.0.iter().find(ended).map(|played| played.match_id.as_str())
    }

    /// There is nothing more to learn of this one.
    pub(super) fn forget(&mut self, match_id: &str) {
        self.0.retain(|played| played.match_id != match_id);
    }
}
