//! The events and commands of docs/game-servers.md, as whoever reads it would try them.

use serde_json::{Value, json};

use crate::harness::{Device, LocalStack, Player};

fn guide() -> String {
    std::fs::read_to_string(muster_launch::workspace().join("docs/game-servers.md")).unwrap()
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    text.split(begin).skip(1).map(|rest| rest.split(end).next().unwrap()).collect()
}

/// What the guide abbreviates, as it is in its own event.
fn whole(push: &str, event: &Value) -> Value {
    let (id, session) =
        (event["detail"]["placementId"].as_str().unwrap(), event["detail"]["placedPlayerSessions"][0]["playerSessionId"].as_str().unwrap());
    let push = push.replace(&format!("{}…", &id[..9]), id).replace(&format!("{}…", &session[..15]), session);
    serde_json::from_str(&push).unwrap()
}

#[tokio::test]
async fn the_events_of_the_guide_lead_to_the_pushes_of_the_guide() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Device::connect(&stack, "alice").await;
    let guide = guide();
    let [placed, session, ended, placement, _] = between(&guide, "```json\n", "```")[..] else { panic!("the guide has these blocks") };
    stack.publish("placement-events", placed).await;
    let event: Value = serde_json::from_str(placed).unwrap();
    assert_eq!(alice.push().await, whole(session, &event));
    stack.publish("placement-events", ended).await;
    let mut push = alice.push().await;
    push["reason"] = json!("…");
    assert_eq!(push, whole(placement, &event));
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_messages_of_the_commands_in_the_guide_do_what_it_says() {
    let stack = LocalStack::start(&[]).await;
    let guide = guide();
    let [ended, announcement] = between(&guide, "--message '", "'")[..] else { panic!("the guide has two messages in its commands") };
    let mut alice = Device::connect(&stack, "alice").await;
    let placement_id = alice.request("r1").await;
    // The address of the real server, which needs not be entered.
    let session = alice.push().await;
    assert_eq!((&session["type"], &session["placementId"]), (&json!("session"), &json!(placement_id)));
    let own_fleet = "arn:aws:gamelift:eu-central-1::gamesession/own-fleet/PLACEMENT_ID";
    assert!(ended.contains(own_fleet), "{ended}");
    stack.publish("placement-events", &ended.replace(own_fleet, session["gameSessionArn"].as_str().unwrap())).await;
    let push = alice.push().await;
    assert_eq!((&push["outcome"], &push["results"]), (&json!("ended"), &json!({"winner": "alice"})), "{push}");

    let mut bob = Player::connect(&stack, "bob").await;
    stack.publish("announcements", announcement).await;
    let message = bob.message().await;
    let shown = ["senderId", "announcement", "message"].map(|name| message[name].as_str().unwrap());
    assert_eq!(shown, ["service", "shop", r#"{"sale":"hats"}"#]);
}
