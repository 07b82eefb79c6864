//! Reads the inbox over one connection: page after page, in good time, and again if that fails. The first page begins with what the player
//! is in; if a match has ended unseen, how it ended is asked for before the messages of that page are handed out.

use std::time::Instant;

use muster_protocol::{
    Code, MatchPush, Request, limits,
    routes::{JoinMatch, Resume, Resumed},
};
use serde_json::Value;
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::Driver;
use crate::{
    Event, Message, RequestError,
    events::EventSender,
    inbox::{Finished, Offer, Step},
    open_requests::{OpenRequest, OpenRequests, Outcome},
    outgoing,
};

/// The resume of one connection.
pub(super) struct Resuming<'a> {
    state: State<'a>,
    failures: u32,
    /// A first page that waits for how a match ended.
    waiting: Option<Box<Resumed>>,
}

enum State<'a> {
    /// Not on this connection.
    Off,
    /// There is nothing to ask for.
    Idle,
    /// A page, or a match, is to be asked for, once there is room for it.
    Due,
    /// It is on its way.
    Asked(Asked<'a>),
    /// The last attempt failed, and the next begins then.
    Waiting(Instant),
}

struct Asked<'a> {
    /// The match that was asked for, if it was no page.
    match_id: Option<String>,
    /// Holds the slot open.
    _request: OpenRequest<'a>,
    outcome: oneshot::Receiver<Outcome>,
    until: Instant,
}

impl<'a> Resuming<'a> {
    /// Due at once, if it is wanted at all.
    pub(super) fn new(wanted: bool) -> Self {
        Self { state: if wanted { State::Due } else { State::Off }, failures: 0, waiting: None }
    }

    /// Whether something is to be asked for.
    pub(super) fn is_due(&self) -> bool {
        matches!(self.state, State::Due)
    }

    /// When the next attempt begins, or the one under way has taken too long.
    pub(super) fn due_at(&self) -> Option<Instant> {
        match &self.state {
            State::Asked(asked) => Some(asked.until),
            State::Waiting(until) => Some(*until),
            State::Off | State::Idle | State::Due => None,
        }
    }

    /// There is a reason to resume; whether that is new, and a resume will follow.
    fn want(&mut self) -> bool {
        let idle = matches!(self.state, State::Idle);
        if idle {
            self.state = State::Due;
        }
        idle
    }

    /// What became of the page or the match that was asked for, if that is known by now.
    fn outcome(&mut self, now: Instant) -> Option<(Option<String>, Outcome)> {
        match &mut self.state {
            State::Asked(asked) => {
                let outcome = match asked.outcome.try_recv() {
                    Ok(outcome) => outcome,
                    Err(TryRecvError::Empty) if asked.until > now => return None,
                    Err(_) => Err(RequestError::TimedOut),
                };
                let match_id = asked.match_id.take();
                self.state = State::Idle;
                Some((match_id, outcome))
            }
            State::Waiting(until) if *until <= now => {
                self.state = State::Due;
                None
            }
            _ => None,
        }
    }

    /// Gives up what is on its way; whether there was one.
    fn abandon(&mut self) -> bool {
        let asked = matches!(self.state, State::Asked(_));
        if asked {
            self.state = State::Idle;
        }
        asked
    }
}

/// The most messages to ask for: so many that the queue has room for other events, too.
pub(super) fn page_limit(event_capacity: usize) -> u32 {
    u32::try_from(event_capacity / 2).unwrap_or(u32::MAX).clamp(1, limits::PAGE_MESSAGES)
}

/// Hands messages of a page to the program. What finds no room is not counted as missed, since the page is asked for again.
fn into(events: &EventSender) -> impl FnMut(Message) -> Offer {
    |message| events.offer(Event::Message(message))
}

/// Hands pushes to the program. What finds no room is counted: the program sees that something is late.
pub(super) fn pushed_into(events: &EventSender) -> impl FnMut(Message) -> Offer {
    |message| events.send(Event::Message(message))
}

impl Driver {
    /// Asks for the next page, or before that for a match that has ended unseen: the text is to be sent on this connection.
    pub(super) fn ask<'a>(&mut self, resuming: &mut Resuming<'a>, open: &'a OpenRequests, now: Instant) -> Result<Utf8Bytes, RequestError> {
        let id = self.own_ids.next();
        self.inbox.hold();
        let match_id = resuming.waiting.as_ref().and_then(|_| self.told.ended_unseen()).map(str::to_owned);
        let text = if let Some(match_id) = &match_id {
            outgoing::encode(id, JoinMatch::ROUTE.name(), None, JoinMatch { match_id: match_id.clone() })?
        } else {
            let asking = self.inbox.request(page_limit(self.options.event_capacity));
            if asking.next.is_none() {
                self.told.asked();
            }
            outgoing::encode(id, Resume::ROUTE.name(), None, asking)?
        };
        let (request, outcome) = open.open(id, None)?;
        open.mark_sent(id, self.connection);
        resuming.state = State::Asked(Asked { match_id, _request: request, outcome, until: now + self.options.request_timeout });
        Ok(text)
    }

    /// Goes on with what was asked for, if it is answered or late, and begins anew if there is a reason to.
    pub(super) fn advance(&mut self, resuming: &mut Resuming<'_>, now: Instant) {
        match resuming.outcome(now) {
            Some((None, Ok(body))) => self.page(resuming, body, now),
            Some((Some(match_id), outcome)) => self.ended(resuming, &match_id, outcome, now),
            Some((None, Err(error))) => self.resume_failed(resuming, error, now),
            None => {}
        }
        // What is pushed from now on comes after what the resume is to bring.
        if (self.inbox.is_due() || self.told.is_due()) && resuming.want() {
            self.inbox.hold();
        }
    }

    /// A page arrived. What the player is in is told first.
    fn page(&mut self, resuming: &mut Resuming<'_>, body: Value, now: Instant) {
        resuming.waiting = None;
        match serde_json::from_value::<Resumed>(body) {
            Ok(mut page) => {
                let told = page.state.take().is_none_or(|state| self.told.state(state, &mut |event| self.events.offer(event)));
                if told { self.rest_of_page(resuming, Box::new(page), now) } else { resuming.state = State::Due }
            }
            Err(error) => self.resume_failed(resuming, RequestError::UnexpectedReply(error.to_string()), now),
        }
    }

    /// Hands out the messages of a page, unless a match is to be asked for before.
    fn rest_of_page(&mut self, resuming: &mut Resuming<'_>, page: Box<Resumed>, now: Instant) {
        if self.told.ended_unseen().is_some() {
            resuming.waiting = Some(page);
            resuming.state = State::Due;
            return;
        }
        let step = self.inbox.page(*page, &mut into(&self.events));
        match step {
            Step::More | Step::NoRoom => resuming.state = State::Due,
            Step::Finished(finished) => self.resumed(resuming, finished),
            Step::Broken(problem) => self.resume_failed(resuming, RequestError::UnexpectedReply(problem.to_owned()), now),
        }
    }

    /// A match that ended unseen was asked for. It may be remembered no more, and then there is nothing to tell.
    fn ended(&mut self, resuming: &mut Resuming<'_>, match_id: &str, outcome: Outcome, now: Instant) {
        let told = match outcome {
            Ok(body) => match serde_json::from_value::<MatchPush>(body) {
                Ok(view) => self.told.shown(match_id, view, &mut |event| self.events.offer(event)),
                Err(error) => return self.resume_failed(resuming, RequestError::UnexpectedReply(error.to_string()), now),
            },
            Err(RequestError::Rejected(rejection)) if !matches!(rejection.code, Code::Internal | Code::Busy | Code::TokenExpired) => {
                self.told.forget(match_id);
                true
            }
            Err(error) => return self.resume_failed(resuming, error, now),
        };
        match resuming.waiting.take_if(|_| told) {
            Some(page) => self.rest_of_page(resuming, page, now),
            None => resuming.state = State::Due,
        }
    }

    /// API Gateway complains about one of several requests. It may be about ours, which costs nothing to repeat.
    pub(super) fn resume_doubted(&mut self, resuming: &mut Resuming<'_>, complaint: &str, now: Instant) {
        if resuming.abandon() {
            self.resume_failed(resuming, RequestError::Gateway(complaint.to_owned()), now);
        }
    }

    fn resumed(&mut self, resuming: &mut Resuming<'_>, finished: Finished) {
        resuming.failures = 0;
        let Finished { after, cursor, missed, complete } = finished;
        let seats = self.told.take_seats();
        self.events.send(Event::Resumed { after, cursor, missed, complete, seats });
        self.inbox.let_through(&mut pushed_into(&self.events));
        if let Some(draining) = &mut self.draining {
            draining.covered = true;
        }
    }

    fn resume_failed(&mut self, resuming: &mut Resuming<'_>, error: RequestError, now: Instant) {
        // Whatever became of the match that its page waited for, the next attempt begins with that page again.
        resuming.waiting = None;
        let code = if let RequestError::Rejected(rejection) = &error { Some(rejection.code.clone()) } else { None };
        // A page that cannot be read or asked for is no place to go on from; after any other failure it is.
        if code == Some(Code::BadRequest) || matches!(error, RequestError::UnexpectedReply(_)) {
            self.inbox.start_over();
        }
        self.inbox.let_through(&mut pushed_into(&self.events));
        if matches!(code, Some(Code::UnknownRoute | Code::TokenExpired)) {
            resuming.state = State::Off;
            // With another token there will be another connection, at once, and its own resume.
            if code == Some(Code::UnknownRoute) || !self.options.token.is_renewed() {
                self.events.send(Event::ResumeFailed { error, retry_in: None });
            }
            return;
        }
        let wait = self.options.backoff.unwrap_or_default().delay(resuming.failures, fastrand::f64());
        resuming.failures = resuming.failures.saturating_add(1);
        resuming.state = State::Waiting(now + wait);
        self.events.send(Event::ResumeFailed { error, retry_in: Some(wait) });
    }
}
