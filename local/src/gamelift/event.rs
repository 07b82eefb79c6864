//! The events of placements, as they are published to a queue's topic.
//! (docs.aws.amazon.com/gamelift/latest/developerguide/queue-events.html)

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    config::QueueConfig,
    placement::{DNS_NAME, Ending, GameSession, IP_ADDRESS, PlacedPlayer, Placement},
};
use crate::{
    account::{ACCOUNT, REGION, arn},
    clock::{iso8601, iso8601_with_milliseconds},
};

/// The ARN of the queue `name`.
pub(super) fn queue_arn(name: &str) -> String {
    arn("gamelift", &format!("gamesessionqueue/{name}"))
}

/// The event of a placement that has ended so at `time`, in epoch milliseconds.
pub(super) fn event(queue: &QueueConfig, placement: &Placement, ending: &Ending, time: u64) -> String {
    let mut detail = json!({
        "placementId": placement.request.placement_id,
        "type": kind(ending),
        "startTime": iso8601_with_milliseconds(placement.start_time),
        "endTime": iso8601_with_milliseconds(time),
    });
    if let Ending::Fulfilled(session) = ending {
        add_session(&mut detail, session);
    }
    // The API reference has it added to all events of the queue.
    if let Some(data) = &queue.custom_event_data {
        detail["customEventData"] = data.as_str().into();
    }
    let event = json!({
        "version": "0",
        "id": Uuid::new_v4().to_string(),
        "detail-type": "GameLift Queue Placement Event",
        "source": "aws.gamelift",
        "account": ACCOUNT,
        "time": iso8601(time),
        "region": REGION,
        "resources": [queue_arn(&queue.name)],
        "detail": detail,
    });
    event.to_string()
}

fn kind(ending: &Ending) -> &'static str {
    match ending {
        Ending::Fulfilled(_) => "PlacementFulfilled",
        Ending::Cancelled => "PlacementCancelled",
        Ending::TimedOut => "PlacementTimedOut",
        Ending::Failed => "PlacementFailed",
    }
}

fn add_session(detail: &mut Value, session: &GameSession) {
    let player = |player: &PlacedPlayer| json!({"playerId": player.player_id, "playerSessionId": player.player_session_id});
    detail["gameSessionArn"] = session.arn.as_str().into();
    detail["gameSessionRegion"] = session.region.as_str().into();
    detail["ipAddress"] = IP_ADDRESS.into();
    detail["dnsName"] = DNS_NAME.into();
    // A text here, and a number in the answers of the API.
    detail["port"] = session.port.to_string().into();
    detail["placedPlayerSessions"] = session.players.iter().map(player).collect();
}
