//! The events of placements, as they are published to a queue's topic.
//! (docs.aws.amazon.com/gamelift/latest/developerguide/queue-events.html)

use serde_json::json;
use uuid::Uuid;

use super::{
    fleet::queue_arn,
    placement::{DNS_NAME, IP_ADDRESS, Placement, Status},
};
use crate::{
    account::{ACCOUNT, REGION},
    clock::{iso8601, iso8601_with_milliseconds},
};

/// The event of a placement that has ended at `time`, in epoch milliseconds.
pub(super) fn event(placement: &Placement, time: u64) -> String {
    let kind = match placement.status {
        Status::Pending | Status::Failed => "PlacementFailed",
        Status::Fulfilled => "PlacementFulfilled",
        Status::Cancelled => "PlacementCancelled",
        Status::TimedOut => "PlacementTimedOut",
    };
    let mut detail = json!({
        "placementId": placement.request.placement_id,
        "type": kind,
        "startTime": iso8601_with_milliseconds(placement.start_time),
        "endTime": iso8601_with_milliseconds(time),
    });
    if let Some(session) = &placement.session {
        detail["gameSessionArn"] = placement.session_arn().into();
        detail["gameSessionRegion"] = REGION.into();
        detail["ipAddress"] = IP_ADDRESS.into();
        detail["dnsName"] = DNS_NAME.into();
        // A text here, and a number in the answers of the API.
        detail["port"] = session.port.to_string().into();
        detail["placedPlayerSessions"] = session.players();
    }
    let event = json!({
        "version": "0",
        "id": Uuid::new_v4().to_string(),
        "detail-type": "GameLift Queue Placement Event",
        "source": "aws.gamelift",
        "account": ACCOUNT,
        "time": iso8601(time),
        "region": REGION,
        "resources": [queue_arn(&placement.request.game_session_queue_name)],
        "detail": detail,
    });
    event.to_string()
}
