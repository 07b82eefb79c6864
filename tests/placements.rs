//! A player who asks for a game server gets one, or hears why not, whatever fails.
//!
//! `requesting` is about the request and its repetitions, `ending` about outcomes, `cancelling` about those who want it no more, `events`
//! about GameLift's events that come twice, late or never, `refusals` about a GameLift that fails, `away` about players who are not there
//! when it is decided, `sessions` about those that are over or that others have made, and `rows` about what is written down.

mod away;
mod cancelling;
mod ending;
mod events;
mod refusals;
mod requesting;
mod rows;
mod sessions;

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{LocalStack, Player};

/// How long nothing must come for it to count as never.
const QUIET: Duration = Duration::from_millis(150);

/// A stack whose fleet does this with placements.
async fn stack(fleet: &Value) -> LocalStack {
    let stack = LocalStack::start(&[]).await;
    stack.fleet(fleet);
    stack
}

/// The frame of a request for a placement.
fn request(request_id: Option<&str>) -> Value {
    let mut frame = json!({"route": "sessionPlacementRequest"});
    if let Some(id) = request_id {
        frame["requestId"] = json!(id);
    }
    frame
}

/// The placement that an answer to a request names.
fn placement_of(answer: &Value) -> String {
    assert_eq!((&answer["type"], &answer["route"]), (&json!("reply"), &json!("sessionPlacementRequest")), "{answer}");
    answer["body"]["placementId"].as_str().unwrap().to_owned()
}

/// Asks for a placement, and gets it under way.
async fn requested(player: &mut Player) -> String {
    placement_of(&player.ask(&request(None)).await)
}

async fn cancel(player: &mut Player, placement_id: &str) -> Value {
    player.ask(&json!({"route": "cancelPlacement", "requestId": "c1", "body": {"placementId": placement_id}})).await
}

/// Checks that the next push is the end of this placement, and tells its outcome and its reason.
async fn end_of(player: &mut Player, placement_id: &str) -> (String, String) {
    let push = player.news().await;
    assert_eq!((&push["type"], &push["placementId"]), (&json!("placement"), &json!(placement_id)), "{push}");
    (push["outcome"].as_str().unwrap().to_owned(), push["reason"].as_str().unwrap().to_owned())
}

/// Checks that the next push is the game session of this placement.
async fn session_of(player: &mut Player, placement_id: &str) -> Value {
    let push = player.news().await;
    assert_eq!((&push["type"], &push["placementId"]), (&json!("session"), &json!(placement_id)), "{push}");
    push
}

/// What a player is in, as `resume` tells it.
async fn state_of(player: &mut Player) -> Value {
    let mut reply = player.ask(&json!({"route": "resume", "requestId": "s1"})).await;
    assert_eq!(reply["type"], "reply", "{reply}");
    reply["body"]["state"].take()
}

/// Checks that a player waits for nothing: the next request of it is a placement of its own.
async fn is_free(stack: &LocalStack, player: &mut Player, placement_id: &str) {
    stack.fleet(&json!({"outcome": "never"}));
    let next = requested(player).await;
    assert_ne!(next, placement_id);
}

/// GameLift's own event of a placement that has this outcome, such as `PlacementTimedOut`.
fn event(kind: &str, placement_id: &str) -> Value {
    json!({"type": kind, "placementId": placement_id, "startTime": "2026-01-01T00:00:00.000Z", "endTime": "2026-01-01T00:00:01.000Z"})
}

/// GameLift's own event of a placement that found a server for these players.
fn fulfilled(placement_id: &str, players: &[&str]) -> Value {
    let placed = players.iter().map(|player| json!({"playerId": player, "playerSessionId": format!("psess-{player}")}));
    let mut event = event("PlacementFulfilled", placement_id);
    event["gameSessionArn"] = json!(arn_of(placement_id));
    event["gameSessionRegion"] = json!("eu-central-1");
    event["ipAddress"] = json!("192.0.2.1");
    event["dnsName"] = json!("server.example");
    event["port"] = json!("7777");
    event["placedPlayerSessions"] = placed.collect();
    event
}

/// The ARN of the game session that GameLift makes for a placement.
fn arn_of(placement_id: &str) -> String {
    format!("arn:aws:gamelift:eu-central-1::gamesession/fleet-local/{placement_id}")
}

/// The row of a placement that was just asked for, under an id of the test's choice.
fn row_of(placement_id: &str, players: &[&str]) -> Value {
    let players: Vec<Value> = players.iter().map(|player| json!({"S": player})).collect();
    json!({
        "placementId": {"S": placement_id}, "mode": {"S": "duel"}, "players": {"L": players}, "status": {"S": "requested"},
        "dueAt": {"N": "9999999999999"}, "told": {"BOOL": false}, "revision": {"N": "1"}, "expiresAt": {"N": "9999999999"},
        "cause": {"S": "by hand"}, "by": {"S": "by hand"}
    })
}
