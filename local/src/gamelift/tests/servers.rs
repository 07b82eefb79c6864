//! Game servers: small scripts that get ready, or do not.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};

use super::{Stage, queue, start_with, until};
use crate::{
    clock::Clock,
    gamelift::{GameLiftConfig, GameServerConfig, Line, QueueConfig},
    lock::lock,
};

/// What a script does after it has said that it is ready.
const STAY: &str = "exec sleep 60";

/// The room with a game server that is this script, and a fleet that does not wait.
fn serve(script: &str) -> (Stage, tempfile::TempDir) {
    serve_with(GameServerConfig::default(), script)
}

fn serve_with(server: GameServerConfig, script: &str) -> (Stage, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let fleet = directory.path().join("fleet.json");
    std::fs::write(&fleet, r#"{"fulfil": {"delayMilliseconds": 0}, "mine": {"delayMilliseconds": 0, "server": false}}"#).unwrap();
    let environment = [("DIRECTORY".to_owned(), directory.path().display().to_string())].into();
    let arguments = ["-c", script, "server"].map(str::to_owned).to_vec();
    let game_server = Some(GameServerConfig { program: "/bin/sh".into(), arguments, environment, ..server });
    let queues = vec![QueueConfig { topic_arn: None, ..queue("mine") }];
    let config = GameLiftConfig { queues, fleet_file: Some(fleet), game_server, ..GameLiftConfig::default() };
    (start_with(config, Clock::default()), directory)
}

/// A script that writes its process id to a file, says that it is ready at `port`, and stays.
fn ready_at(port: &str) -> String {
    format!("echo $$ > $DIRECTORY/pid; echo 'listening on 127.0.0.1:{port}'; {STAY}")
}

fn process(directory: &tempfile::TempDir) -> String {
    let pid = std::fs::read_to_string(directory.path().join("pid")).unwrap();
    format!("/proc/{}", pid.trim())
}

/// Fails one placement and answers why.
async fn failure(stage: &Stage) -> String {
    stage.place("p", "fulfil").await;
    assert_eq!(stage.ended("p").await["Status"], "FAILED");
    until("the event has come", || stage.heard() == [("p".to_owned(), "PlacementFailed".to_owned())]).await;
    stage.faults().pop().unwrap()
}

#[tokio::test]
async fn a_game_session_is_where_its_game_server_says() {
    let (stage, directory) = serve(&ready_at("4567"));
    stage.place("p", "fulfil").await;
    let placement = stage.ended("p").await;
    assert_eq!((&placement["Status"], &placement["Port"]), (&json!("FULFILLED"), &json!(4567)));
    until("the event has come", || !stage.heard().is_empty()).await;
    assert_eq!(lock(&stage.events)[0].1["detail"]["port"], "4567");
    let process = process(&directory);
    assert!(Path::new(&process).exists());
    stage.gamelift.shutdown().await;
    assert!(!Path::new(&process).exists(), "the game server outlives the stack");
    assert_eq!(stage.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn a_game_server_is_told_of_its_session_and_sees_nothing_else_of_the_shell() {
    let script = format!("env > $DIRECTORY/env; echo \"$@\" > $DIRECTORY/arguments; echo 'listening on 127.0.0.1:4567'; {STAY}");
    let (stage, directory) = serve(&script);
    let request = json!({
        "PlacementId": "p", "GameSessionQueueName": "fulfil", "MaximumPlayerSessionCount": 8, "GameSessionData": "a 'word'\n",
        "GameProperties": [{"Key": "k", "Value": "v"}], "DesiredPlayerSessions": [{"PlayerId": "alice", "PlayerData": "blue"}],
    });
    stage.ok("StartGameSessionPlacement", request).await;
    let placement = stage.ended("p").await;
    let read = |file: &str| std::fs::read_to_string(directory.path().join(file)).unwrap();
    assert_eq!(read("arguments"), "--port 0\n");
    let variables = read("env");
    let mut names: Vec<_> = variables.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    // The shell's own.
    names.retain(|name| !["PWD", "SHLVL", "_", "OLDPWD"].contains(name));
    names.sort_unstable();
    assert_eq!(names, ["DIRECTORY", "MUSTER_GAME_SESSION", "MUSTER_TOPIC_ARN", "PATH"]);
    let session = variables.lines().find_map(|line| line.strip_prefix("MUSTER_GAME_SESSION=")).unwrap();
    let player = &placement["PlacedPlayerSessions"][0]["PlayerSessionId"];
    let expected = json!({
        "gameSessionArn": "arn:aws:gamelift:eu-central-1::gamesession/fleet-local/p", "placementId": "p", "maximumPlayers": 8,
        "gameSessionData": "a 'word'\n", "gameProperties": {"k": "v"}, "playerSessions": [{"playerId": "alice", "playerSessionId": player}],
    });
    assert_eq!(serde_json::from_str::<Value>(session).unwrap(), expected);
    stage.gamelift.shutdown().await;
}

#[tokio::test]
async fn what_a_game_server_prints_is_logged_behind_its_placement() {
    let (stage, _directory) = serve(&format!("echo early; echo 'listening on 127.0.0.1:4567'; echo late >&2; {STAY}"));
    stage.place("p", "fulfil").await;
    let line = |text: &str| Line::Output(format!("game-server p {text}"));
    let expected = [line("early"), line("listening on 127.0.0.1:4567"), line("late")];
    until("all lines are logged", || expected.iter().all(|line| lock(&stage.lines).contains(line))).await;
    stage.gamelift.shutdown().await;
}

#[tokio::test]
async fn a_game_server_that_ends_before_it_is_ready_fails_its_placement() {
    let (stage, _directory) = serve("echo no map >&2; exit 3");
    let fault = failure(&stage).await;
    assert_eq!(fault, "placement p failed: the game server ended before it was ready: exit status: 3");
    // Why it ended is said before it is said that it did.
    let lines = lock(&stage.lines).clone();
    assert_eq!(lines, [Line::Output("game-server p no map".to_owned()), Line::Fault(fault)]);
}

#[tokio::test]
async fn a_game_server_that_does_not_get_ready_in_time_is_killed_and_fails_its_placement() {
    let server = GameServerConfig { ready_within: Duration::from_secs(1), ..GameServerConfig::default() };
    let (stage, directory) = serve_with(server, &format!("echo $$ > $DIRECTORY/pid; echo listening; {STAY}"));
    let fault = failure(&stage).await;
    assert!(fault.contains("did not say 'listening on 127.0.0.1:PORT' within 1s"), "{fault}");
    assert!(!Path::new(&process(&directory)).exists());
}

#[tokio::test]
async fn a_program_that_is_not_there_fails_its_placement() {
    let game_server = Some(GameServerConfig { program: "/nowhere/server".into(), ..GameServerConfig::default() });
    let stage = start_with(GameLiftConfig { game_server, ..GameLiftConfig::default() }, Clock::default());
    let fault = failure(&stage).await;
    assert!(fault.starts_with("placement p failed: /nowhere/server cannot be started: "), "{fault}");
}

#[tokio::test]
async fn there_are_only_so_many_game_servers_at_once() {
    let (stage, directory) = serve_with(GameServerConfig { most: 1, ..GameServerConfig::default() }, &ready_at("4567"));
    stage.place("1", "fulfil").await;
    assert_eq!(stage.ended("1").await["Status"], "FULFILLED");
    stage.place("2", "fulfil").await;
    assert_eq!(stage.ended("2").await["Status"], "FAILED");
    assert!(stage.faults()[0].contains("there are 1 game servers already"), "{:?}", stage.faults());
    // Without a server there is room.
    stage.place("3", "mine").await;
    assert_eq!(stage.ended("3").await["Port"], 9);
    // And again when one has ended.
    let pid = process(&directory).replace("/proc/", "");
    std::process::Command::new("kill").arg(pid).status().unwrap();
    until("its end is noticed", || stage.faults().iter().any(|fault| fault.starts_with("game-server 1 ended: signal: 15"))).await;
    stage.place("4", "fulfil").await;
    assert_eq!(stage.ended("4").await["Status"], "FULFILLED");
    stage.gamelift.shutdown().await;
}

#[tokio::test]
async fn a_game_server_is_killed_when_it_is_too_old() {
    let server = GameServerConfig { lifetime: Duration::from_millis(100), ..GameServerConfig::default() };
    let (stage, directory) = serve_with(server, &ready_at("4567"));
    stage.place("p", "fulfil").await;
    stage.ended("p").await;
    let process = process(&directory);
    until("it is killed", || !Path::new(&process).exists()).await;
    assert_eq!(stage.faults(), ["game-server p is killed: it has been there for 100ms"]);
}

#[tokio::test]
async fn stopping_a_placement_ends_the_game_server_that_is_not_ready_yet() {
    let (stage, directory) = serve(&format!("echo $$ > $DIRECTORY/pid; echo begun; {STAY}"));
    stage.place("p", "fulfil").await;
    until("it has begun", || lock(&stage.lines).contains(&Line::Output("game-server p begun".to_owned()))).await;
    stage.ok("StopGameSessionPlacement", json!({"PlacementId": "p"})).await;
    let process = process(&directory);
    until("it has ended", || !Path::new(&process).exists()).await;
    until("nothing is under way", || stage.gamelift.pending() == 0).await;
    assert_eq!(stage.heard(), [("p".to_owned(), "PlacementCancelled".to_owned())]);
}
