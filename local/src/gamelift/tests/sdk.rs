//! The room as AWS's SDK for Rust sees it, which speaks the RPC protocol in CBOR.

use aws_credential_types::Credentials;
use aws_sdk_gamelift::{
    Client, Config,
    config::{BehaviorVersion, Region, retry::RetryConfig},
    primitives::DateTime,
    types::{DesiredPlayerSession, GameProperty, GameSessionPlacementState, PlayerLatency},
};

use super::{START, Stage, session_arn, start};
use crate::account::REGION;

async fn client(stage: &Stage) -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = stage.gamelift.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(Credentials::new("key", "secret", None, None, "tests"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

fn player(id: &str) -> DesiredPlayerSession {
    DesiredPlayerSession::builder().player_id(id).build()
}

fn latency(milliseconds: f32) -> PlayerLatency {
    PlayerLatency::builder().player_id("alice").region_identifier("eu-central-1").latency_in_milliseconds(milliseconds).build()
}

/// The SDK cuts a time off at a millisecond, and a binary fraction may be a little less than it.
fn is_at(time: Option<&DateTime>, expected: u64) -> bool {
    time.is_some_and(|time| (expected - 1..=expected).contains(&(time.to_millis().unwrap() as u64)))
}

#[tokio::test]
async fn the_sdk_starts_describes_and_stops() {
    let stage = start();
    let client = client(&stage).await;
    let property = GameProperty::builder().key("map").value("moon").build();
    let start = client
        .start_game_session_placement()
        .placement_id("p-1")
        .game_session_queue_name("fulfil")
        .maximum_player_session_count(4)
        .game_session_data("data")
        .game_properties(property.clone())
        .player_latencies(latency(42.3))
        .player_latencies(latency(7.0))
        .desired_player_sessions(player("alice"))
        .desired_player_sessions(player("bob"));
    let started = start.send().await.unwrap().game_session_placement.unwrap();
    assert_eq!(started.status(), Some(&GameSessionPlacementState::Pending));
    assert_eq!((started.placement_id(), started.game_session_queue_name()), (Some("p-1"), Some("fulfil")));
    assert_eq!((started.maximum_player_session_count(), started.game_session_data()), (Some(4), Some("data")));
    assert_eq!((started.game_properties(), started.player_latencies()), (&[property][..], &[latency(42.3), latency(7.0)][..]));
    assert!(is_at(started.start_time(), START));
    assert_eq!((started.end_time(), started.port(), started.game_session_arn()), (None, None, None));
    stage.advance(300).await;
    let described = client.describe_game_session_placement().placement_id("p-1").send().await.unwrap().game_session_placement.unwrap();
    assert_eq!(described.status(), Some(&GameSessionPlacementState::Fulfilled));
    assert!(is_at(described.end_time(), START + 300));
    assert_eq!(described.game_session_arn(), Some(session_arn("p-1").as_str()));
    assert_eq!((described.game_session_id(), described.game_session_region()), (described.game_session_arn(), Some(REGION)));
    assert_eq!((described.ip_address(), described.dns_name(), described.port()), (Some("127.0.0.1"), Some("localhost"), Some(9)));
    let players: Vec<_> = described.placed_player_sessions().iter().map(|placed| placed.player_id().unwrap()).collect();
    assert_eq!(players, ["alice", "bob"]);
    assert!(described.placed_player_sessions()[0].player_session_id().unwrap().starts_with("psess-"));

    let second = client.start_game_session_placement().placement_id("p-2").game_session_queue_name("time-out");
    second.maximum_player_session_count(0).send().await.unwrap();
    let stopped = client.stop_game_session_placement().placement_id("p-2").send().await.unwrap().game_session_placement.unwrap();
    assert_eq!((stopped.status(), stopped.ip_address()), (Some(&GameSessionPlacementState::Cancelled), None));
}

#[tokio::test]
async fn the_sdk_tells_the_errors_of_placements_apart() {
    let stage = start();
    let client = client(&stage).await;
    let start = |queue: &str| {
        client.start_game_session_placement().placement_id("p").game_session_queue_name(queue).maximum_player_session_count(1).send()
    };
    let absent = start("absent").await.unwrap_err().into_service_error();
    assert!(absent.is_not_found_exception(), "{absent:?}");
    assert!(absent.meta().message().unwrap().contains("absent"), "{absent:?}");
    start("fulfil").await.unwrap();
    let again = start("fulfil").await.unwrap_err().into_service_error();
    assert!(again.is_invalid_request_exception(), "{again:?}");
    std::fs::write(stage.fleet.path(), "").unwrap();
    let unreadable = start("fulfil").await.unwrap_err().into_service_error();
    assert!(unreadable.is_internal_service_exception(), "{unreadable:?}");
    let unknown = client.describe_game_session_placement().placement_id("x").send().await.unwrap_err().into_service_error();
    assert!(unknown.is_not_found_exception(), "{unknown:?}");
    let unknown = client.stop_game_session_placement().placement_id("x").send().await.unwrap_err().into_service_error();
    assert!(unknown.is_not_found_exception(), "{unknown:?}");
    let other = client.list_fleets().send().await.unwrap_err().into_service_error();
    assert_eq!(other.meta().code(), Some("UnknownOperationException"));
    assert!(other.meta().message().unwrap().starts_with("ListFleets is not implemented"), "{other:?}");
}
