//! One placement: what was asked for, what the fleet is going to do about it, how it ended, and who is still to be told.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::{
    fleet::{Behaviour, Events, Outcome, queue_arn},
    request::StartRequest,
};
use crate::{
    account::{ACCOUNT, REGION},
    clock::{iso8601, iso8601_with_milliseconds, milliseconds},
    template::GameSessionQueue,
};

/// After how many milliseconds an event is repeated.
const REPEATED_AFTER: u64 = 50;
/// How many milliseconds an event is late that another one may overtake.
const LATE_BY: u64 = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
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
    /// Without the players.
    pub(super) request: StartRequest,
    players: Vec<String>,
    status: Status,
    pub(super) start_time: u64,
    end_time: Option<u64>,
    /// The game session, only when it is fulfilled.
    session: Option<Value>,
    /// When the fleet does what, if nobody stops it before.
    due: u64,
    pub(super) fleet: Behaviour,
    pub(super) topic_arn: Option<String>,
    /// The events that are still to be published, and when.
    pub(super) untold: VecDeque<(u64, String)>,
    /// Who sees to what is next.
    #[serde(skip)]
    pub(super) task: Option<AbortHandle>,
}

impl Placement {
    pub(super) fn new(mut request: StartRequest, queue: &GameSessionQueue, mut fleet: Behaviour, now: u64) -> Placement {
        let (outcome, delay) = fleet.outcome(queue.timeout);
        fleet.outcome = outcome;
        Placement {
            players: request.desired_player_sessions.drain(..).map(|player| player.player_id).collect(),
            request,
            status: Status::Pending,
            start_time: now,
            end_time: None,
            session: None,
            due: now + milliseconds(delay),
            fleet,
            topic_arn: queue.notification_topic_arn.clone(),
            untold: VecDeque::new(),
            task: None,
        }
    }

    /// How it is going to end, while it is pending.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        (self.status == Status::Pending).then_some(self.fleet.outcome)
    }

    /// When something is next to be done about it. Never, if it has ended and all is told, or if it does not end by itself.
    pub(super) fn next(&self) -> Option<u64> {
        match self.outcome() {
            Some(outcome) => (outcome != Outcome::Never).then_some(self.due),
            None => self.untold.front().map(|(time, _)| *time),
        }
    }

    /// A game session for it at `port` of this machine. As on AWS, its ARN ends with the placement's id.
    pub(super) fn session(&self, port: u16) -> Value {
        let place = |player: &String| json!({"PlayerId": player, "PlayerSessionId": format!("psess-{}", Uuid::new_v4())});
        json!({
            "GameSessionArn": format!("arn:aws:gamelift:{REGION}::gamesession/fleet-local/{}", self.request.placement_id),
            "GameSessionRegion": REGION,
            "IpAddress": "127.0.0.1",
            "DnsName": "localhost",
            "Port": port,
            "PlacedPlayerSessions": self.players.iter().map(place).collect::<Value>(),
        })
    }

    /// Ends it, and leaves its events to be told. If it `is_late`, so is its event.
    pub(super) fn end(&mut self, status: Status, session: Option<Value>, now: u64, is_late: bool) {
        (self.status, self.end_time, self.session) = (status, Some(now), session);
        let delays: &[u64] = match self.fleet.events {
            Events::Repeat => &[0, REPEATED_AFTER],
            Events::Reorder if is_late => &[LATE_BY],
            Events::Once | Events::Reorder => &[0],
            Events::Drop => &[],
        };
        if self.topic_arn.is_some() {
            let event = self.event(now);
            self.untold = delays.iter().map(|delay| (now + delay, event.clone())).collect();
        }
    }

    /// The answer `{"GameSessionPlacement": {…}}` of all three operations; times are epoch seconds.
    pub(super) fn answer(&self) -> Value {
        let seconds = |milliseconds: u64| json!(milliseconds as f64 / 1_000.0);
        let mut placement = json!(self.request);
        placement["Status"] = json!(self.status);
        placement["StartTime"] = seconds(self.start_time);
        if let Some(time) = self.end_time {
            placement["EndTime"] = seconds(time);
        }
        if let (Some(members), Some(Value::Object(session))) = (placement.as_object_mut(), &self.session) {
            members.extend(session.clone());
            members.insert("GameSessionId".to_owned(), session["GameSessionArn"].clone());
        }
        json!({"GameSessionPlacement": placement})
    }

    /// The event of its end, member for member (docs.aws.amazon.com/gamelift/latest/developerguide/queue-events.html).
    fn event(&self, end_time: u64) -> String {
        let mut detail = self.session.as_ref().map_or(json!({}), camel_case);
        if let Some(port) = detail.get_mut("port") {
            // A number in the answers of the API.
            *port = port.to_string().into();
        }
        detail["placementId"] = json!(self.request.placement_id);
        // `PlacementTimedOut` of `TimedOut`.
        detail["type"] = format!("Placement{:?}", self.status).into();
        detail["startTime"] = iso8601_with_milliseconds(self.start_time).into();
        detail["endTime"] = iso8601_with_milliseconds(end_time).into();
        let event = json!({
            "version": "0",
            "id": Uuid::new_v4().to_string(),
            "detail-type": "GameLift Queue Placement Event",
            "source": "aws.gamelift",
            "account": ACCOUNT,
            "time": iso8601(end_time),
            "region": REGION,
            "resources": [queue_arn(&self.request.game_session_queue_name)],
            "detail": detail,
        });
        event.to_string()
    }
}

/// The same with names in camel case, as events and game servers have what answers have in Pascal case.
pub(super) fn camel_case(value: &Value) -> Value {
    match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name[..1].to_lowercase() + &name[1..], camel_case(value))).collect(),
        Value::Array(values) => values.iter().map(camel_case).collect(),
        other => other.clone(),
    }
}
