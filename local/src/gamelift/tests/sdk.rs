//! The room as the AWS SDK sees it, which speaks CBOR and tells errors apart by what it parses.

use aws_credential_types::Credentials;
use aws_sdk_gamelift::{
    Client,
    config::{BehaviorVersion, Config, Region, retry::RetryConfig},
    primitives::DateTime,
    types::{
        DesiredPlayerSession, GameProperty, GameSessionPlacementState, PlacementFallbackStrategy, PlayerLatency,
        PriorityConfigurationOverride,
    },
};

use super::{START, Stage, start, start_with};
use crate::{clock::Clock, gamelift::GameLiftConfig};

/// Serves the room as the front door does, and gives a client of it.
async fn client(stage: &Stage) -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = stage.gamelift.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "tests"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

fn player(id: &str) -> DesiredPlayerSession {
    DesiredPlayerSession::builder().player_id(id).player_data("blue").build()
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
        .game_session_name("a game")
        .game_session_data("data")
        .game_properties(property.clone())
        .player_latencies(latency(42.3))
        .player_latencies(latency(7.0))
        .desired_player_sessions(player("alice"))
        .desired_player_sessions(player("bob"));
    let started = start.send().await.unwrap().game_session_placement.unwrap();
    assert_eq!(started.status(), Some(&GameSessionPlacementState::Pending));
    assert_eq!((started.placement_id(), started.game_session_queue_name()), (Some("p-1"), Some("fulfil")));
    assert_eq!((started.game_session_name(), started.game_session_data()), (Some("a game"), Some("data")));
    assert_eq!((started.maximum_player_session_count(), started.game_properties()), (Some(4), &[property][..]));
    assert_eq!(started.player_latencies(), [latency(42.3), latency(7.0)]);
    assert!(is_at(started.start_time(), START));
    assert_eq!((started.end_time(), started.port(), started.game_session_arn()), (None, None, None));
    stage.advance(std::time::Duration::from_millis(300)).await;
    let described = client.describe_game_session_placement().placement_id("p-1").send().await.unwrap().game_session_placement.unwrap();
    assert_eq!(described.status(), Some(&GameSessionPlacementState::Fulfilled));
    assert!(is_at(described.end_time(), START + 300));
    assert_eq!(described.game_session_arn(), Some("arn:aws:gamelift:eu-central-1::gamesession/fleet-local/p-1"));
    assert_eq!((described.game_session_id(), described.game_session_region()), (described.game_session_arn(), Some("eu-central-1")));
    assert_eq!((described.ip_address(), described.dns_name(), described.port()), (Some("127.0.0.1"), Some("localhost"), Some(9)));
    let players: Vec<_> = described.placed_player_sessions().iter().map(|placed| placed.player_id().unwrap()).collect();
    assert_eq!(players, ["alice", "bob"]);
    assert!(described.placed_player_sessions()[0].player_session_id().unwrap().starts_with("psess-"));

    let second = client.start_game_session_placement().placement_id("p-2").game_session_queue_name("time-out");
    let priority = PriorityConfigurationOverride::builder()
        .location_order("us-west-2")
        .placement_fallback_strategy(PlacementFallbackStrategy::None)
        .build();
    second.maximum_player_session_count(0).priority_configuration_override(priority.clone()).send().await.unwrap();
    let stopped = client.stop_game_session_placement().placement_id("p-2").send().await.unwrap().game_session_placement.unwrap();
    assert_eq!((stopped.status(), stopped.ip_address()), (Some(&GameSessionPlacementState::Cancelled), None));
    assert_eq!(stopped.priority_configuration_override(), Some(&priority));
}

#[tokio::test]
async fn the_sdk_tells_the_errors_of_placements_apart() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let config = GameLiftConfig { fleet_file: Some(file.path().to_owned()), ..GameLiftConfig::default() };
    let stage = start_with(config, Clock::standing_at(START));
    let client = client(&stage).await;
    let start = |queue: &str| {
        client.start_game_session_placement().placement_id("p").game_session_queue_name(queue).maximum_player_session_count(1).send()
    };
    let absent = start("absent").await.unwrap_err().into_service_error();
    assert!(absent.is_not_found_exception(), "{absent:?}");
    assert!(absent.meta().message().unwrap().contains("absent"), "{absent:?}");
    let unreadable = start("fulfil").await.unwrap_err().into_service_error();
    assert!(unreadable.is_internal_service_exception(), "{unreadable:?}");
    std::fs::write(file.path(), "{}").unwrap();
    start("fulfil").await.unwrap();
    let again = start("fulfil").await.unwrap_err().into_service_error();
    assert!(again.is_invalid_request_exception(), "{again:?}");
    let unknown = client.describe_game_session_placement().placement_id("x").send().await.unwrap_err().into_service_error();
    assert!(unknown.is_not_found_exception(), "{unknown:?}");
    let unknown = client.stop_game_session_placement().placement_id("x").send().await.unwrap_err().into_service_error();
    assert!(unknown.is_not_found_exception(), "{unknown:?}");
    let odd = client.stop_game_session_placement().placement_id("x_y").send().await.unwrap_err().into_service_error();
    assert!(odd.is_invalid_request_exception(), "{odd:?}");
    let other = client.list_fleets().send().await.unwrap_err().into_service_error();
    assert_eq!(other.meta().code(), Some("UnknownOperationException"));
    assert!(other.meta().message().unwrap().starts_with("ListFleets is not implemented"), "{other:?}");
}
