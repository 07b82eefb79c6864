//! The game server as a process: players are sockets, and the topic is a small server that speaks as much of SNS as is needed.
#![expect(clippy::unwrap_used, reason = "a test may stop")]

mod rig;

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use rig::{Rig, Sns, TOPIC, ended_well};

#[tokio::test]
async fn two_players_play_until_both_have_left() {
    let mut rig = Rig::start(&["--port", "0", "--grace-seconds", "0"]).await;
    let mut alice = rig.come("psess-alice").await;
    alice.hears(&["welcome alice", "here: alice"]).await;
    let mut bob = rig.come("psess-bob").await;
    bob.hears(&["welcome bob", "here: alice, bob"]).await;
    alice.hears(&["here: alice, bob"]).await;

    let mut stranger = rig.come("psess-mallory").await;
    stranger.hears(&["refused: that is no player session of this game"]).await;
    stranger.is_closed().await;

    bob.says("hello {not json}").await;
    alice.hears(&["bob: hello {not json}"]).await;
    alice.says("hi").await;
    bob.hears(&["alice: hi"]).await;

    drop(bob);
    alice.hears(&["here: alice"]).await;
    drop(alice);
    let event = rig.published("SessionEnded").await;
    assert_eq!(event["detail"]["gameSessionArn"], "arn:aws:gamelift:us-east-1::gamesession/fleet-1/p1");
    assert_eq!(event["detail"]["results"]["joined"], json!(["alice", "bob"]));
    ended_well(rig.finish().await);
}

#[tokio::test]
async fn a_server_of_ones_own_fleet_places_its_players_itself() {
    // Nothing but options: the endpoint is a local stack's, so no credentials are needed either.
    let mut rig = Rig::start_by_hand(Sns::start().await, "alice,bob", &["--grace-seconds", "1"]).await;
    let event = rig.published("PlacementFulfilled").await;
    let detail = &event["detail"];
    assert_eq!(detail["port"], rig.address.port().to_string());
    assert_eq!((&detail["ipAddress"], &detail["gameSessionRegion"]), (&json!("127.0.0.1"), &json!("us-east-1")));
    assert_eq!(
        detail["gameSessionArn"],
        format!("arn:aws:gamelift:us-east-1::gamesession/own-fleet/{}", detail["placementId"].as_str().unwrap())
    );
    let bob = detail["placedPlayerSessions"].as_array().unwrap().iter().find(|placed| placed["playerId"] == "bob").unwrap();
    let bob = bob["playerSessionId"].as_str().unwrap();

    let mut first = rig.come(bob).await;
    first.hears(&["welcome bob", "here: bob"]).await;
    let mut second = rig.come(bob).await;
    second.hears(&["welcome bob", "here: bob"]).await;
    first.hears(&["replaced: you came in again"]).await;
    first.is_closed().await;

    // Whoever comes back in time finds the game still there.
    drop(second);
    rig.prints("here: ").await;
    let mut third = rig.come(bob).await;
    third.hears(&["welcome bob"]).await;
    drop(third);
    assert_eq!(rig.published("SessionEnded").await["detail"]["gameSessionArn"], detail["gameSessionArn"]);
    ended_well(rig.finish().await);
}

#[tokio::test]
async fn a_game_to_which_nobody_comes_ends() {
    let mut rig = Rig::start_by_hand(Sns::start().await, "alice", &["--patience-seconds", "0"]).await;
    rig.published("PlacementFulfilled").await;
    assert_eq!(rig.published("SessionEnded").await["detail"]["results"], json!({"seconds": 0, "joined": []}));
    ended_well(rig.finish().await);
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_says_so_to_everybody() {
    let mut rig = Rig::start(&[]).await;
    let mut alice = rig.come("psess-alice").await;
    alice.hears(&["welcome alice", "here: alice"]).await;
    rig.terminate();
    alice.hears(&["over: the server was told to stop"]).await;
    alice.is_closed().await;
    rig.published("SessionEnded").await;
    ended_well(rig.finish().await);
}

#[tokio::test]
async fn a_line_that_is_too_long_is_the_last_one() {
    let rig = Rig::start(&[]).await;
    let mut alice = rig.come("psess-alice").await;
    alice.hears(&["welcome alice", "here: alice"]).await;
    alice.says(&"x".repeat(1_025)).await;
    alice.hears(&["refused: a line may have up to 1024 bytes"]).await;
    rig.terminate();
    ended_well(rig.finish().await);
}

#[tokio::test]
async fn one_who_says_too_much_has_to_leave_and_the_others_stay() {
    let rig = Rig::start(&[]).await;
    let mut bob = rig.come("psess-bob").await;
    bob.hears(&["welcome bob", "here: bob"]).await;
    let mut alice = rig.come("psess-alice").await;
    bob.hears(&["here: alice, bob"]).await;
    alice.says(["x"; 200].join("\n").as_str()).await;
    let after_alice = loop {
        match bob.next_line().await {
            line if line == "alice: x" => {}
            line => break line,
        }
    };
    assert_eq!(after_alice, "here: bob");
    alice.hears(&["welcome alice", "here: alice, bob", "refused: you said more than 50 lines in a second"]).await;
    rig.terminate();
    bob.hears(&["over: the server was told to stop"]).await;
    ended_well(rig.finish().await);
}

#[tokio::test]
async fn what_cannot_be_published_at_first_is_tried_again() {
    let mut rig = Rig::start_by_hand(Sns::failing(2, 503).await, "alice", &["--patience-seconds", "0"]).await;
    rig.published("PlacementFulfilled").await;
    rig.published("SessionEnded").await;
    ended_well(rig.finish().await);
}

#[tokio::test]
async fn what_must_not_be_published_is_an_error_at_once() {
    let began = Instant::now();
    let rig = Rig::start_by_hand(Sns::failing(u32::MAX, 403).await, "alice", &[]).await;
    let output = rig.finish().await;
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("cannot publish PlacementFulfilled") && error.contains("not yours"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(began.elapsed() < Duration::from_secs(5), "trying again does not help");
}

#[tokio::test]
async fn a_wrong_invocation_is_told_apart() {
    for (arguments, problem) in [(&["--topic-arn", TOPIC][..], "--players"), (&["--players", "alice"], "--topic-arn"), (&["--no"], "--no")]
    {
        let output = rig::command(arguments, &[]).output().await.unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{error}");
        assert!(error.contains(problem), "{error}");
    }
}
