//! What a client knows of its player's inbox: how far it has read, and what it has handed out. A pure state machine: it sends nothing,
//! reads no clock, and hands messages to whoever calls it.
//!
//! The cursor moves by what a finished resume returned and by nothing else. A push proves nothing about those before it, since one can be
//! given up (it is a dead letter then) while later ones arrive. So whatever was not handed out is found by the next resume, and whatever
//! the resume shows again is known by its id.

use muster_protocol::{
    MessagePush,
    cursor::time_of,
    routes::{OVERLAP_MILLISECONDS, Resume, Resumed},
};

use crate::{Message, seen::Seen};

/// How many messages are remembered before a resume is due that lets most of them be forgotten.
const MANY_SEEN: usize = 8_192;

/// Most messages that are remembered, should no resume succeed.
const MOST_SEEN: usize = 65_536;

/// How many pushes are held back for a resume. Further ones end the wait: order is worth something, but not any amount of memory.
const MOST_HELD: usize = 256;

/// What became of a message that was offered to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// It waits to be read.
    Taken,
    /// There is no room for it.
    Full,
    /// Nobody reads any more.
    Unread,
}

/// What a page leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The next page.
    More,
    /// This page again, once the program has read what waits.
    NoRoom,
    /// Nothing: all is handed out.
    Finished(Finished),
    /// Nothing good: the page is not one that can follow the last.
    Broken(&'static str),
}

/// A resume that saw the whole inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) after: Option<String>,
    pub(crate) cursor: String,
    pub(crate) missed: usize,
    pub(crate) complete: bool,
}

/// One player's inbox, as far as this client knows it.
#[derive(Debug)]
pub(crate) struct Inbox {
    cursor: Option<String>,
    /// The first push, while there is no cursor: what came after it is not to be skipped.
    first_push: Option<String>,
    seen: Seen,
    /// Pushes that wait for a resume to finish, so that what is older comes first.
    held: Option<Vec<MessagePush>>,
    progress: Progress,
    /// How many missed messages were handed out since the last finished resume, by however many attempts.
    missed: usize,
    /// There was no connection at some time since the cursor.
    away: bool,
    /// Something was pushed and could not be handed out.
    due: bool,
    /// From how many remembered messages on a resume is due.
    many: usize,
}

/// How far the resume under way has come.
#[derive(Debug, Default)]
struct Progress {
    next: Option<String>,
    incomplete: bool,
    /// If the inbox could not be seen from the cursor on: the time of the oldest message that it showed.
    oldest: Option<u64>,
}

impl Inbox {
    /// The inbox from `after` on. Without resumes (`resumes: false`) only the latest messages can be recognised.
    pub(crate) fn new(after: Option<String>, resumes: bool) -> Self {
        // What an earlier client has seen is known by the first resume, which the server dates. The cursor itself may be of any time.
        let seen = Seen::new(if resumes { MOST_SEEN } else { MANY_SEEN });
        let progress = Progress::default();
        Self { cursor: after, first_push: None, seen, held: None, progress, missed: 0, away: true, due: false, many: MANY_SEEN }
    }

    /// Whether there is a reason to resume that did not exist when the last resume began.
    pub(crate) fn is_due(&self) -> bool {
        self.due || self.seen.len() > self.many
    }

    /// The connection is lost. Whatever is sent from now on is missed.
    pub(crate) fn disconnected(&mut self) {
        self.away = true;
    }

    /// Holds pushes back from now on: a resume is to come.
    pub(crate) fn hold(&mut self) {
        self.held.get_or_insert_default();
    }

    /// A push arrived.
    pub(crate) fn pushed(&mut self, push: MessagePush, offer: &mut impl FnMut(Message) -> Offer) {
        if self.cursor.is_none() && self.first_push.is_none() && time_of(&push.message_id).is_some() {
            self.first_push = Some(push.message_id.clone());
        }
        if let Some(held) = &mut self.held {
            if held.len() < MOST_HELD {
                held.push(push);
                return;
            }
            self.let_through(offer);
        }
        self.due |= self.hand_out(push, false, offer) == Some(Offer::Full);
    }

    /// What to ask for next.
    pub(crate) fn request(&mut self, limit: u32) -> Resume {
        if self.progress.next.is_none() {
            // Whatever was stored by now, this resume shows.
            self.due = false;
            self.progress = Progress::default();
        }
        let next = self.progress.next.clone();
        Resume { after: if next.is_none() { self.cursor.clone() } else { None }, next, limit: Some(limit) }
    }

    /// A page arrived.
    pub(crate) fn page(&mut self, page: Resumed, offer: &mut impl FnMut(Message) -> Offer) -> Step {
        let begun_at = page.after.as_deref().and_then(time_of);
        let oldest = page.messages.first().map(|message| message.message_id.as_str());
        if !page.complete && page.next.is_none() && self.goes_back_to_first_push(oldest) {
            return Step::More;
        }
        self.progress.incomplete |= !page.complete;
        // A page can be empty and lead to others.
        self.progress.oldest = self.progress.oldest.or(oldest.and_then(time_of));
        // Whoever was connected all the time has missed only what should have been pushed long ago: the rest is on its way.
        let lateness = if self.away { 0 } else { OVERLAP_MILLISECONDS };
        let until = begun_at.or_else(|| page.messages.last().and_then(|message| time_of(&message.message_id)).filter(|_| !self.away));
        for message in page.messages {
            let missed = until.zip(time_of(&message.message_id)).is_none_or(|(until, time)| time < until.saturating_sub(lateness));
            match self.hand_out(message, missed, offer) {
                Some(Offer::Taken) => self.missed += usize::from(missed),
                Some(Offer::Full) => return Step::NoRoom,
                Some(Offer::Unread) | None => {}
            }
        }
        match (page.next, page.after) {
            (Some(next), _) if self.progress.next.as_ref() == Some(&next) => Step::Broken("a page that leads to itself"),
            (Some(next), _) => {
                self.progress.next = Some(next);
                Step::More
            }
            (None, Some(cursor)) => Step::Finished(self.finish(cursor)),
            (None, None) => Step::Broken("a page with neither next nor after"),
        }
    }

    /// The inbox was seen up to its end.
    fn finish(&mut self, cursor: String) -> Finished {
        let Progress { incomplete, oldest, .. } = std::mem::take(&mut self.progress);
        if let Some(time) = time_of(&cursor) {
            let until = time.saturating_sub(OVERLAP_MILLISECONDS);
            // Of the oldest message's own millisecond others may have been cut off. Itself it is known by its id.
            self.seen.cover(incomplete.then(|| oldest.map_or(until, |time| time + 1)), until);
        }
        // In a busy inbox many are too young to be forgotten: then it takes more of them before the next resume.
        self.many = MANY_SEEN.max(2 * self.seen.len());
        let after = self.cursor.replace(cursor.clone());
        self.away = false;
        self.first_push = None;
        Finished { after, cursor, missed: std::mem::take(&mut self.missed), complete: !incomplete }
    }

    /// Without a cursor the newest messages are asked for. If that succeeds late, so many may have been sent meanwhile that those since the
    /// first push are not all among them. Then they are read from there on, and it is from there on that they count as seen.
    fn goes_back_to_first_push(&mut self, oldest: Option<&str>) -> bool {
        let first = self.first_push.take_if(|first| self.cursor.is_none() && oldest > Some(first.as_str()));
        if let Some(time) = first.as_deref().and_then(time_of) {
            self.seen.cover(Some(time.saturating_sub(OVERLAP_MILLISECONDS)), 0);
            self.cursor = first;
            return true;
        }
        false
    }

    /// Hands out what was held back, and holds nothing back any more: the resume is finished, or takes too long.
    pub(crate) fn let_through(&mut self, offer: &mut impl FnMut(Message) -> Offer) {
        for push in self.held.take().into_iter().flatten() {
            self.due |= self.hand_out(push, false, offer) == Some(Offer::Full);
        }
    }

    /// The next resume begins at the cursor again, not where this one stopped.
    pub(crate) fn start_over(&mut self) {
        self.progress = Progress::default();
    }

    /// Hands out a message, unless it was before (`None`). Only what was taken counts as seen, so that a resume brings the rest.
    fn hand_out(&mut self, push: MessagePush, missed: bool, offer: &mut impl FnMut(Message) -> Offer) -> Option<Offer> {
        let key = self.seen.key(&push);
        if self.seen.contains(&key) {
            self.seen.insert_id(&key);
            return None;
        }
        let offer = offer(Message { push, missed });
        if offer == Offer::Taken {
            self.seen.insert(key);
        }
        Some(offer)
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
