//! `resume`: what a player missed while it was away.
//!
//! A client names the id that the last `resume` gave it in `after`, and gets every message since, in pages. The pages follow one another
//! exactly, by `next`. Between two resumes there is an overlap of [`OVERLAP_MILLISECONDS`], since a message can be stored a little later
//! than its id says: a client drops what it has seen, by `messageId`.

use serde::{Deserialize, Serialize};

use crate::{MatchPush, MessagePush, PlacementPush, Rejection, Request, Route, Seat, SessionPush, cursor, limits};

/// How far a resume looks back behind `after`, in milliseconds.
///
/// Ids are of the time at which a request reached the gateway, and its row is written later: after a cold start (10 seconds at most) and
/// `sendMessage`'s own timeout (6 seconds). The rest is for the difference between two gateways' clocks.
pub const OVERLAP_MILLISECONDS: u64 = 30_000;

/// Where to go on. Without either field, the newest page of the inbox is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Resume {
    /// The `after` of an earlier reply, or the id of any message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The `next` of the page before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Most messages of the page: 1 to 100. A page may be shorter, or even empty, and still have a `next`: a frame has 128 KB at most, and
    /// a reply its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = limits::PAGE_MESSAGES)))]
    pub limit: Option<u32>,
}

/// One page of an inbox, oldest message first. It has either `next` or `after`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Resumed {
    /// The messages, each as it was pushed.
    pub messages: Vec<MessagePush>,
    /// There is more: ask again with this `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// There is no more: keep this for the `after` of the next time. It covers all pages of this resume, and is there in an empty inbox,
    /// too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// `false` if messages may be missing in front of this page: what was asked for is older than the inbox remembers, or, if nothing was
    /// asked for, there are older messages than this page shows. After a change of how long it remembers, that is only known once the
    /// longer of both times has passed.
    pub complete: bool,
    /// What the player is in beside its inbox. On the first page only, the one that was asked for without `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<PlayerState>,
}

/// What a player is in, so that a client that was started anew needs to remember nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlayerState {
    /// What it is in or waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seats: Vec<Seat>,
    /// The matches that its seats are in, as they are now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<MatchPush>,
    /// The game sessions that are open to it, as they were pushed, newest first.
    pub sessions: Vec<SessionPush>,
    /// The placements that came to nothing and the sessions that are over, of the last hour, as they were pushed, newest first.
    pub placements: Vec<PlacementPush>,
}

impl Request for Resume {
    const ROUTE: Route = Route::Resume;
    type Reply = Resumed;

    fn check(&self) -> Result<(), Rejection> {
        if self.after.is_some() && self.next.is_some() {
            return Err(Rejection::field("body.next", "not together with body.after: next goes on where a page ended"));
        }
        if let Some(after) = &self.after
            && cursor::time_of(after).is_none()
        {
            return Err(Rejection::field("body.after", "the id of a message, a UUID of version 7"));
        }
        if let Some(next) = &self.next
            && cursor::Next::read(next).is_none()
        {
            return Err(Rejection::field("body.next", "the next of an earlier page, as it was given"));
        }
        match self.limit {
            Some(limit) if limit == 0 || limit > limits::PAGE_MESSAGES => {
                Err(Rejection::field("body.limit", format_args!("1 to {} messages, not {limit}", limits::PAGE_MESSAGES)))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0192f0c1-0000-7abc-8def-0123456789ab";

    fn problem(request: Resume) -> String {
        request.check().unwrap_err().message
    }

    #[test]
    fn what_cannot_be_a_place_in_an_inbox_is_named() {
        assert_eq!(Resume::default().check(), Ok(()));
        assert_eq!(Resume { after: Some(ID.into()), limit: Some(100), ..Resume::default() }.check(), Ok(()));
        let random = Resume { after: Some("7f0c1a34-0000-4abc-8def-0123456789ab".into()), ..Resume::default() };
        assert_eq!(problem(random), "body.after: the id of a message, a UUID of version 7");
        assert_eq!(
            problem(Resume { next: Some(ID.into()), ..Resume::default() }),
            "body.next: the next of an earlier page, as it was given"
        );
        let both = Resume { after: Some(ID.into()), next: Some(ID.into()), ..Resume::default() };
        assert_eq!(problem(both), "body.next: not together with body.after: next goes on where a page ended");
        assert_eq!(problem(Resume { limit: Some(0), ..Resume::default() }), "body.limit: 1 to 100 messages, not 0");
        assert_eq!(problem(Resume { limit: Some(101), ..Resume::default() }), "body.limit: 1 to 100 messages, not 101");
    }
}
