//! One placement: what was asked for, what the fleet is going to do about it, how it ended, and who is still to be told.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::{
    event::event,
    fleet::{Behaviour, Events, Outcome},
    request::{DesiredPlayerSession, StartRequest},
};
use crate::{account::REGION, clock::milliseconds, template::GameSessionQueue};

/// Where game servers listen, on this machine.
pub(super) const IP_ADDRESS: &str = "127.0.0.1";
pub(super) const DNS_NAME: &str = "localhost";
/// Where a game session is said to be that nobody serves.
const NOBODYS_PORT: u16 = 9;
/// After how many milliseconds an event is repeated.
const REPEATED_AFTER: u64 = 50;
/// How many milliseconds an event is late that another one may overtake.
const LATE_BY: u64 = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Status {
    Pending,
    Fulfilled,
    Cancelled,
    TimedOut,
    Failed,
}

/// A placement. All times are epoch milliseconds. With `--data` it is kept in this shape.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Placement {
    pub(super) request: StartRequest,
    pub(super) status: Status,
    pub(super) start_time: u64,
    pub(super) end_time: Option<u64>,
    /// Only when it is fulfilled.
    pub(super) session: Option<GameSession>,
    /// When the fleet does what, if nobody stops it before.
    due: u64,
    outcome: Outcome,
    events: Events,
    /// Whether it is to have a game server.
    pub(super) server: bool,
    pub(super) topic_arn: Option<String>,
    /// The events that are still to be published, and when.
    pub(super) untold: VecDeque<(u64, String)>,
    /// Who sees to what is next.
    #[serde(skip)]
    pub(super) task: Option<AbortHandle>,
}

/// What is to be done next about a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    End(Outcome),
    Tell,
}

/// A game session that a placement has brought about.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct GameSession {
    pub(super) port: u16,
    pub(super) players: Vec<PlacedPlayer>,
}

/// A player and the place that is kept for them.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct PlacedPlayer {
    pub(super) player_id: String,
    pub(super) player_session_id: String,
}

impl GameSession {
    /// The game session for these players, which nobody serves yet.
    pub(super) fn new(players: &[DesiredPlayerSession]) -> GameSession {
        let player = |desired: &DesiredPlayerSession| PlacedPlayer {
            player_id: desired.player_id.clone(),
            player_session_id: format!("psess-{}", Uuid::new_v4()),
        };
        GameSession { port: NOBODYS_PORT, players: players.iter().map(player).collect() }
    }

    /// The players as events and game servers have them.
    pub(super) fn players(&self) -> Value {
        let player = |player: &PlacedPlayer| json!({"playerId": player.player_id, "playerSessionId": player.player_session_id});
        self.players.iter().map(player).collect()
    }
}

impl Placement {
    pub(super) fn new(request: StartRequest, queue: &GameSessionQueue, behaviour: &Behaviour, now: u64) -> Placement {
        let (outcome, delay) = behaviour.outcome(queue.timeout);
        Placement {
            request,
            status: Status::Pending,
            start_time: now,
            end_time: None,
            session: None,
            due: now + milliseconds(delay),
            outcome,
            events: behaviour.events,
            server: behaviour.server,
            topic_arn: queue.notification_topic_arn.clone(),
            untold: VecDeque::new(),
            task: None,
        }
    }

    /// What is next, and when. Nothing, if it has ended and all is told, or if it never ends by itself.
    pub(super) fn next(&self) -> Option<(u64, Next)> {
        match self.status {
            Status::Pending => (self.outcome != Outcome::Never).then_some((self.due, Next::End(self.outcome))),
            _ => self.untold.front().map(|(time, _)| (*time, Next::Tell)),
        }
    }

    /// As on AWS, it ends with the placement's id.
    pub(super) fn session_arn(&self) -> String {
        format!("arn:aws:gamelift:{REGION}::gamesession/fleet-local/{}", self.request.placement_id)
    }

    /// Ends it, and leaves its events to be told. `late` delays the event of one whose events may come in another order.
    pub(super) fn end(&mut self, status: Status, session: Option<GameSession>, now: u64, late: bool) {
        (self.status, self.end_time, self.session) = (status, Some(now), session);
        let delays: &[u64] = match self.events {
            Events::Repeat => &[0, REPEATED_AFTER],
            Events::Reorder if late => &[LATE_BY],
            Events::Once | Events::Reorder => &[0],
            Events::Drop => &[],
        };
        if self.topic_arn.is_some() && !delays.is_empty() {
            let event = event(self, now);
            self.untold = delays.iter().map(|delay| (now + delay, event.clone())).collect();
        }
    }

    /// Whether its events may come in another order.
    pub(super) fn is_reordered(&self) -> bool {
        self.events == Events::Reorder
    }

    /// The answer `{"GameSessionPlacement": {…}}` of all three operations; times are epoch seconds.
    pub(super) fn answer(&self) -> Value {
        let seconds = |milliseconds: u64| json!(milliseconds as f64 / 1_000.0);
        let mut answer = json!({"GameSessionPlacement": self.request});
        let members = &mut answer["GameSessionPlacement"];
        if let Some(members) = members.as_object_mut() {
            members.remove("DesiredPlayerSessions");
        }
        members["Status"] = json!(self.status);
        members["StartTime"] = seconds(self.start_time);
        if let Some(time) = self.end_time {
            members["EndTime"] = seconds(time);
        }
        if let Some(session) = &self.session {
            let player = |player: &PlacedPlayer| json!({"PlayerId": player.player_id, "PlayerSessionId": player.player_session_id});
            members["GameSessionId"] = self.session_arn().into();
            members["GameSessionArn"] = self.session_arn().into();
            members["GameSessionRegion"] = REGION.into();
            members["IpAddress"] = IP_ADDRESS.into();
            members["DnsName"] = DNS_NAME.into();
            members["Port"] = session.port.into();
            members["PlacedPlayerSessions"] = session.players.iter().map(player).collect();
        }
        answer
    }
}
