//! Hands out what arrives.

use std::time::Instant;

use muster_protocol::{Code, MatchPush, Rejection, Route};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Driver,
    resume::{Resuming, pushed_into},
};
use crate::{Answer, Event, RequestError, incoming::Incoming, news::News};

impl Driver {
    /// Hands out one frame of a connection; `true` if it says that this connection's token has expired.
    pub(super) fn receive(&mut self, text: &str, connection: u32, resuming: &mut Resuming<'_>) -> bool {
        let now = Instant::now();
        match Incoming::read(text) {
            Incoming::Answer { request_id, route, result } => {
                let expired = result.as_ref().is_err_and(|rejection| rejection.code == Code::TokenExpired);
                let is_own = self.own_ids.has(request_id.as_deref());
                // Whoever reads the event may act in the match at once, so that an action is over before.
                let waiting = self.open.end(request_id.as_deref());
                // The match for which a resume asks is told when its turn comes.
                if !(is_own && route.as_deref() == Some(Route::JoinMatch.name()))
                    && let Some(push) = match_in(route.as_deref(), &result)
                {
                    self.tell(News::Match(push));
                }
                match waiting {
                    Some(waiting) => drop(waiting.send(result.map_err(RequestError::Rejected))),
                    // A resume that was given up is asked anew, and an action that was repeated may be answered twice.
                    None if is_own => {}
                    None => drop(self.events.send(Event::Answer(Answer { request_id, route, result }))),
                }
                self.advance(resuming, now);
                return expired;
            }
            Incoming::Message(message) => {
                // Whoever has dropped the events needs no memory of them.
                if !self.events.are_unread() {
                    self.inbox.pushed(message, &mut pushed_into(&self.events));
                    self.advance(resuming, now);
                }
            }
            // It has no place in the inbox's order, so it does not wait for a resume that is under way.
            Incoming::News(news) => {
                // An action of another of the player's devices is not waited for here.
                let acknowledged = if let News::Match(push) = &news {
                    self.open.end(push.ack.as_deref()).zip(serde_json::to_value(push).ok())
                } else {
                    None
                };
                self.tell(news);
                if let Some((waiting, push)) = acknowledged {
                    drop(waiting.send(Ok(push)));
                }
                self.advance(resuming, now);
            }
            Incoming::Gateway(error) => {
                if !self.open.fail_only(connection, &error.message) && connection == self.connection {
                    self.resume_doubted(resuming, &error.message, now);
                }
                self.advance(resuming, now);
                self.events.send(Event::Gateway(error));
            }
            Incoming::Unknown => {
                self.events.send(Event::Unknown(text.to_owned()));
            }
        }
        false
    }

    /// Hands out what is new of a placement, a ticket or a match.
    fn tell(&mut self, news: News) {
        if !self.events.are_unread() {
            self.told.pushed(news, &mut |event| self.events.send(event));
        }
    }
}

/// The match that an answer shows.
fn match_in(route: Option<&str>, result: &Result<Value, Rejection>) -> Option<MatchPush> {
    const SHOWING: [Route; 5] = [Route::NewMatch, Route::JoinMatch, Route::StartMatch, Route::LeaveMatch, Route::Play];
    match result {
        Ok(body) => SHOWING.iter().any(|showing| Some(showing.name()) == route).then(|| MatchPush::deserialize(body).ok())?,
        Err(rejection) => rejection.in_match.as_deref().cloned(),
    }
}
