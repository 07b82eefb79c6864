//! What the tests need around the process: players, and a topic.

mod sns;

use std::{
    net::SocketAddr,
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
};

pub use sns::Sns;

pub const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:muster-dev-placement-events";

const SESSION: &str = r#"{"gameSessionArn": "arn:aws:gamelift:us-east-1::gamesession/fleet-1/p1", "placementId": "p1",
    "maximumPlayers": 8, "gameSessionData": "{\"mode\":\"arena\"}", "gameProperties": {"k": "v"}, "playerSessions": [
    {"playerId": "alice", "playerSessionId": "psess-alice"}, {"playerId": "bob", "playerSessionId": "psess-bob"}]}"#;

pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it happens in time")
}

/// The program, with nothing of this process's environment.
pub fn command(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster-game-server"));
    command.args(arguments).env_clear().envs(environment.iter().copied()).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A server that listens, and its topic.
pub struct Rig {
    server: Child,
    output: Lines<BufReader<ChildStdout>>,
    pub address: SocketAddr,
    sns: Sns,
}

impl Rig {
    /// Starts it as a fleet does.
    pub async fn start(arguments: &[&str]) -> Self {
        let sns = Sns::start().await;
        let aws = [
            ("AWS_ENDPOINT_URL", sns.url.as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("MUSTER_TOPIC_ARN", TOPIC),
            ("MUSTER_GAME_SESSION", SESSION),
        ];
        let command = command(arguments, &aws);
        Self::listening(command, sns).await
    }

    /// Starts it as a server of one's own fleet.
    pub async fn start_by_hand(sns: Sns, players: &str, arguments: &[&str]) -> Self {
        let by_hand = ["--players", players, "--topic-arn", TOPIC, "--endpoint", &sns.url];
        let command = command(&[&by_hand, arguments].concat(), &[]);
        Self::listening(command, sns).await
    }

    async fn listening(mut command: Command, sns: Sns) -> Self {
        let mut server = command.spawn().unwrap();
        let mut output = BufReader::new(server.stdout.take().unwrap()).lines();
        let first = soon(output.next_line()).await.unwrap().expect("it prints where it listens");
        let address = first.strip_prefix("listening on ").expect("that comes first").parse().unwrap();
        Self { server, output, address, sns }
    }

    /// Connects, and says who comes.
    pub async fn come(&self, player_session_id: &str) -> Player {
        let stream = soon(TcpStream::connect(self.address)).await.unwrap();
        let mut player = Player { lines: BufReader::new(stream).lines() };
        player.says(player_session_id).await;
        player
    }

    /// The next event, which must be of this type.
    pub async fn published(&mut self, event_type: &str) -> Value {
        let form = soon(self.sns.published.recv()).await.unwrap();
        assert_eq!((form["Action"].as_str(), form["TopicArn"].as_str()), ("Publish", TOPIC));
        let event: Value = serde_json::from_str(&form["Message"]).unwrap();
        assert_eq!(event["detail"]["type"], event_type);
        event
    }

    /// Waits for a line of the log.
    pub async fn prints(&mut self, line: &str) {
        while soon(self.output.next_line()).await.unwrap().expect("the line comes before the end") != line {}
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let id = self.server.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// What is left to read of the process, once it has ended.
    pub async fn finish(mut self) -> Output {
        while soon(self.output.next_line()).await.unwrap().is_some() {}
        soon(self.server.wait_with_output()).await.unwrap()
    }
}

pub fn ended_well(output: Output) {
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

pub struct Player {
    lines: Lines<BufReader<TcpStream>>,
}

impl Player {
    pub async fn says(&mut self, line: &str) {
        soon(self.lines.get_mut().write_all(format!("{line}\n").as_bytes())).await.unwrap();
    }

    /// These lines come next.
    pub async fn hears(&mut self, expected: &[&str]) {
        for line in expected {
            assert_eq!(self.next_line().await, *line);
        }
    }

    pub async fn next_line(&mut self) -> String {
        soon(self.lines.next_line()).await.unwrap().expect("the connection is open")
    }

    pub async fn is_closed(&mut self) {
        assert_eq!(soon(self.lines.next_line()).await.unwrap(), None);
    }
}
