//! What Muster is told: where the players of one's own fleet go, and that a game session has ended.

use std::{net::IpAddr, time::Duration};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{announce::Topic, session::Session};

/// How many bytes of JSON Muster takes as results.
const MAX_RESULTS: usize = 4_096;

/// Where players find a server that placed them itself.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) address: IpAddr,
    pub(crate) dns_name: String,
    pub(crate) region: String,
}

/// The event of a fulfilled placement, as GameLift sends it. `times` are those of the placement's begin and end.
pub(crate) fn placement_fulfilled(
    session: &Session,
    topic: &Topic,
    place: &Place,
    port: u16,
    times: (DateTime<Utc>, DateTime<Utc>),
) -> Value {
    let placed = session.player_sessions.iter();
    json!({
        "version": "0",
        "id": Uuid::new_v4().to_string(),
        "detail-type": "GameLift Queue Placement Event",
        "source": "aws.gamelift",
        "account": topic.account,
        "time": times.1.to_rfc3339_opts(SecondsFormat::Secs, true),
        "region": place.region,
        // GameLift names its queue here, and there is none.
        "resources": [],
        "detail": {
            "type": "PlacementFulfilled",
            "placementId": session.placement_id(),
            // A string, as GameLift has it.
            "port": port.to_string(),
            "gameSessionArn": session.arn,
            "ipAddress": place.address,
            "dnsName": place.dns_name,
            "placedPlayerSessions":
                placed.map(|placed| json!({"playerId": placed.player_id, "playerSessionId": placed.player_session_id})).collect::<Vec<_>>(),
            "startTime": times.0.to_rfc3339_opts(SecondsFormat::Millis, true),
            "endTime": times.1.to_rfc3339_opts(SecondsFormat::Millis, true),
            "gameSessionRegion": place.region,
        },
    })
}

/// The event that ends a game session. A game's scores would be results, too.
pub(crate) fn session_ended(session: &Session, lasted: Duration, mut joined: Vec<String>, now: DateTime<Utc>) -> Value {
    // Two hundred long names do not fit, and an event with too many results would be refused as a whole.
    let results = loop {
        let results = json!({"seconds": lasted.as_secs(), "joined": joined});
        if results.to_string().len() <= MAX_RESULTS || joined.pop().is_none() {
            break results;
        }
    };
    json!({
        "version": "0",
        "id": Uuid::new_v4().to_string(),
        "detail-type": "Muster Session Event",
        "source": "game-server",
        "time": now.to_rfc3339_opts(SecondsFormat::Secs, true),
        "detail": {"type": "SessionEnded", "gameSessionArn": session.arn, "results": results},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session::parse(
            r#"{"gameSessionArn": "arn:aws:gamelift:eu-west-1::gamesession/own-fleet/p1", "maximumPlayers": 1,
                "playerSessions": [{"playerId": "alice", "playerSessionId": "psess-1"}]}"#,
        )
        .unwrap()
    }

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Takes the id, which differs each time, out of an event.
    fn without_id(mut event: Value) -> Value {
        let id = event.as_object_mut().unwrap().remove("id").unwrap();
        assert!(Uuid::parse_str(id.as_str().unwrap()).is_ok());
        event
    }

    #[test]
    fn a_placement_has_the_shape_that_gamelift_gives_it() {
        let topic = Topic::parse("arn:aws:sns:us-east-1:123456789012:t").unwrap();
        let place = Place { address: [192, 0, 2, 1].into(), dns_name: "s1.example".into(), region: "eu-west-1".into() };
        let times = (time("2026-11-05T09:50:46.923Z"), time("2026-11-05T09:50:47Z"));
        let expected = json!({
            "version": "0", "detail-type": "GameLift Queue Placement Event", "source": "aws.gamelift", "account": "123456789012",
            "time": "2026-11-05T09:50:47Z", "region": "eu-west-1", "resources": [],
            "detail": {
                "placementId": "p1", "port": "1337", "gameSessionArn": "arn:aws:gamelift:eu-west-1::gamesession/own-fleet/p1",
                "ipAddress": "192.0.2.1", "placedPlayerSessions": [{"playerId": "alice", "playerSessionId": "psess-1"}],
                "dnsName": "s1.example", "startTime": "2026-11-05T09:50:46.923Z", "endTime": "2026-11-05T09:50:47.000Z",
                "type": "PlacementFulfilled", "gameSessionRegion": "eu-west-1"
            }
        });
        assert_eq!(without_id(placement_fulfilled(&session(), &topic, &place, 1337, times)), expected);
    }

    #[test]
    fn an_end_has_results() {
        let ended = session_ended(&session(), Duration::from_millis(61_900), vec!["alice".into()], time("2026-11-05T09:51:48.1Z"));
        let expected = json!({
            "version": "0", "detail-type": "Muster Session Event", "source": "game-server", "time": "2026-11-05T09:51:48Z",
            "detail": {
                "type": "SessionEnded", "gameSessionArn": "arn:aws:gamelift:eu-west-1::gamesession/own-fleet/p1",
                "results": {"seconds": 61, "joined": ["alice"]}
            }
        });
        assert_eq!(without_id(ended), expected);
    }

    #[test]
    fn results_name_only_as_many_as_fit() {
        let players: Vec<String> = (0..200).map(|n| format!("00000000-0000-4000-8000-{n:012}")).collect();
        let results = &session_ended(&session(), Duration::ZERO, players, Utc::now())["detail"]["results"];
        let length = results.to_string().len();
        assert!(length <= MAX_RESULTS && length > MAX_RESULTS - 40, "{length}");
        assert_eq!(results["joined"][0], "00000000-0000-4000-8000-000000000000");
    }
}
