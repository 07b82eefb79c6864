//! Hands out what arrives.

use std::time::Instant;

use muster_protocol::Code;

use super::{
    Driver,
    resume::{Resuming, pushed_into},
};
use crate::{Answer, Event, RequestError, incoming::Incoming};

impl Driver {
    /// Hands out one frame of a connection; `true` if it says that this connection's token has expired.
    pub(super) fn receive(&mut self, text: &str, connection: u32, resuming: &mut Resuming<'_>) -> bool {
        let now = Instant::now();
        match Incoming::read(text) {
            Incoming::Answer { request_id, route, result } => {
                let expired = result.as_ref().is_err_and(|rejection| rejection.code == Code::TokenExpired);
                match self.open.answer(request_id.as_deref(), result.map_err(RequestError::Rejected)) {
                    // A resume that was given up is asked anew; its late answer is of no use to anybody.
                    Err(_) if self.is_own_resume(request_id.as_deref()) => {}
                    Err(Ok(body)) => {
                        self.events.send(Event::Answer(Answer { request_id, route, result: Ok(body) }));
                    }
                    Err(Err(RequestError::Rejected(rejection))) => {
                        self.events.send(Event::Answer(Answer { request_id, route, result: Err(rejection) }));
                    }
                    // Only these two were handed in just above.
                    Ok(()) | Err(Err(_)) => {}
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
                if !self.events.are_unread() {
                    self.told.pushed(news, &mut |event| self.events.send(event));
                    self.advance(resuming, now);
                }
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
}
