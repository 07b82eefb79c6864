//! The system under test: a local stack of the test's own, or one that is deployed.
//!
//! A deployed stack is named by environment variables:
//! - `MUSTER_TEST_URL`: its socket, such as `wss://abc.execute-api.eu-west-1.amazonaws.com/dev`;
//! - `MUSTER_TEST_TOKEN_COMMAND`: a command that is given a player's name as its last argument and prints a token for that player.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, OnceLock},
};

use muster_launch::Built;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Child;
use uuid::Uuid;

use super::{eventually, issuer::TestIssuer, weather};

/// The programs, built once for all tests.
fn programs() -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| muster_launch::build().unwrap())
}

/// Where stacks write down which statements of the template's policies they have used, for the test that follows this run.
fn permissions_used() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("iam");
        // What an earlier run has used says nothing of this one. It may not be there.
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        directory
    })
}

/// A stack that tests can hold sockets to.
pub enum Stack {
    /// A program on this machine, started for the test.
    Local(Box<LocalStack>),
    /// A stack in the cloud, which other tests use at the same time.
    Deployed {
        /// Its socket.
        url: String,
        /// Prints a token for a player.
        token_command: String,
        /// Appended to players' names, so that tests do not meet.
        suffix: String,
    },
}

impl Stack {
    /// The deployed stack if one is named, else a new local one.
    pub async fn start() -> Self {
        match env::var("MUSTER_TEST_URL") {
            Ok(url) => Self::Deployed {
                url,
                token_command: env::var("MUSTER_TEST_TOKEN_COMMAND").expect("MUSTER_TEST_TOKEN_COMMAND, since MUSTER_TEST_URL is set"),
                suffix: format!("-{}", Uuid::new_v4().simple()),
            },
            Err(_) => Self::Local(Box::new(LocalStack::start(&[]).await)),
        }
    }

    /// Where players connect.
    pub fn url(&self) -> &str {
        match self {
            Self::Local(local) => &local.addresses.url,
            Self::Deployed { url, .. } => url,
        }
    }

    /// The id of the player whom this test calls `name`.
    pub fn player(&self, name: &str) -> String {
        match self {
            Self::Local(_) => name.to_owned(),
            Self::Deployed { suffix, .. } => format!("{name}{suffix}"),
        }
    }

    /// A token with which `name` is let in.
    pub async fn token(&self, name: &str) -> String {
        match self {
            Self::Local(local) => local.token(name).await,
            Self::Deployed { token_command, .. } => {
                let mut words = token_command.split_whitespace();
                let program = words.next().expect("a command in MUSTER_TEST_TOKEN_COMMAND");
                let output = Command::new(program).args(words).arg(self.player(name)).output().unwrap();
                assert!(output.status.success(), "{token_command}: {}", String::from_utf8_lossy(&output.stderr));
                String::from_utf8(output.stdout).unwrap().trim().to_owned()
            }
        }
    }
}

/// Where a local stack is, as it says itself.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Where players connect.
    pub url: String,
    /// Where AWS clients connect.
    pub endpoint: String,
    /// Who issues tokens.
    pub issuer: String,
}

/// The file that says what the pretended fleet does.
pub const FLEET: &str = "fleet.json";

/// A local stack. Its end is the end of the test.
pub struct LocalStack {
    /// Where it is.
    pub addresses: Addresses,
    /// The program.
    pub process: Child,
    /// Dead letters that were taken from their queues and that nobody has asked for.
    pub(super) letters: Mutex<Vec<Value>>,
    directory: TempDir,
}

impl LocalStack {
    /// Starts a stack on any port that is free, with more `arguments`.
    pub async fn start(arguments: &[&str]) -> Self {
        Self::start_on(0, arguments).await
    }

    /// Starts a stack on this port, so that another one can follow it there: see [`free_port`](super::free_port).
    pub async fn start_on(port: u16, arguments: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        let ready = directory.path().join("ready.json");
        // Nothing is said in it of any queue, until a test says something. One that brings a file of its own says it there.
        let fleet = directory.path().join(FLEET);
        fs::write(&fleet, "{}").unwrap();
        let fleet = format!("--fleet={}", fleet.display());
        let fleet = (!arguments.iter().any(|argument| argument.starts_with("--fleet"))).then_some(fleet);
        let process = Self::command(&["--port", &port.to_string(), "--verbose", "--ready", ready.to_str().unwrap()])
            .args(fleet)
            .args(weather::option(arguments))
            .args(arguments)
            // Whatever a stack that is killed leaves behind goes with the test.
            .env("TMPDIR", directory.path())
            .stdout(File::create(directory.path().join("log")).unwrap())
            .stderr(File::create(directory.path().join("errors")).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let addresses = Addresses { url: String::new(), endpoint: String::new(), issuer: String::new() };
        let mut stack = Self { addresses, process, letters: Mutex::default(), directory };
        let text = eventually("the stack says that it is ready", || {
            let exited = stack.process.try_wait().unwrap();
            assert!(exited.is_none(), "the stack ended with {exited:?}: {}", stack.output());
            let text = fs::read_to_string(&ready).ok();
            async { text }
        })
        .await;
        let addresses: Value = serde_json::from_str(&text).unwrap();
        let address = |name: &str| addresses[name].as_str().unwrap().to_owned();
        stack.addresses = Addresses { url: address("url"), endpoint: address("endpoint"), issuer: address("issuer") };
        stack
    }

    /// A stack whose players have their tokens from `issuer`.
    pub async fn trusting(issuer: &TestIssuer) -> Self {
        let parameters = [format!("Issuer={}", issuer.url()), format!("Audience={}", issuer.audience())];
        Self::start(&["--parameter", &parameters[0], "--parameter", &parameters[1]]).await
    }

    /// The program with its template and functions, ready for more arguments.
    pub fn command(arguments: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::from(programs().command());
        command.args(arguments).stdin(Stdio::null()).env("MUSTER_IAM_USED", permissions_used());
        command
    }

    /// A token of the stack's own issuer.
    pub async fn token(&self, player: &str) -> String {
        self.token_for(player, 3_600).await
    }

    /// A token that expires after `seconds`.
    pub async fn token_for(&self, player: &str, seconds: i64) -> String {
        token_of(&self.addresses.issuer, player, seconds).await.unwrap()
    }

    /// Every function, such as `send-message`.
    pub async fn functions(&self) -> Vec<String> {
        let functions = self.statuses().await;
        functions.as_object().unwrap().keys().map(|name| name.trim_start_matches("muster-dev-").to_owned()).collect()
    }

    /// The living processes of `function`, such as `send-message`.
    pub async fn processes(&self, function: &str) -> Vec<u32> {
        let status = self.status(function).await;
        let processes = status["processes"].as_array().unwrap();
        processes.iter().map(|process| u32::try_from(process.as_u64().unwrap()).unwrap()).collect()
    }

    /// How often `function` was invoked, invocations that have not ended included.
    pub async fn invocations(&self, function: &str) -> u64 {
        self.status(function).await["invocations"].as_u64().unwrap()
    }

    /// Everything that has gone wrong in functions: invocations that failed or were throttled, processes that died, and faults counted by
    /// the functions themselves.
    ///
    /// In bad weather there is always some, which is not the test's.
    pub async fn troubles(&self) -> Vec<String> {
        if weather::option(&[]).is_some() {
            return Vec::new();
        }
        let functions = self.statuses().await;
        let mut troubles = Vec::new();
        for (name, status) in functions.as_object().unwrap() {
            let count = |what: &str| status[what].as_u64().unwrap();
            let found = [("failed", count("errors")), ("throttled", count("throttles")), ("died", count("deaths"))];
            troubles.extend(found.iter().filter(|(_, times)| *times > 0).map(|(what, times)| format!("{name} {what}: {times}")));
        }
        let output = self.output();
        troubles.extend(output.lines().filter(|line| line.contains("\"Faults\":[")).map(str::to_owned));
        troubles
    }

    /// Waits until nothing is under way: whatever was asked for has had all its consequences, but for those of timers.
    pub async fn settles(&self) {
        eventually("nothing is under way", || async { (self.everything().await["busy"] == 0).then_some(()) }).await;
    }

    /// How much has been used of what AWS would bill, such as `gatewayMessages`, once nothing is under way.
    pub async fn used(&self, item: &str) -> f64 {
        self.settles().await;
        self.everything().await["usage"]["items"][item]["quantity"].as_f64().unwrap()
    }

    /// Invokes a function with this event, besides those that come by themselves, and gives what it answers.
    pub async fn invoke(&self, function: &str, event: &Value) -> Value {
        let url = format!("{}/2015-03-31/functions/muster-dev-{function}/invocations", self.addresses.endpoint);
        reqwest::Client::new().post(url).body(event.to_string()).send().await.unwrap().json().await.unwrap()
    }

    async fn status(&self, function: &str) -> Value {
        self.statuses().await[format!("muster-dev-{function}")].take()
    }

    async fn statuses(&self) -> Value {
        self.everything().await["functions"].take()
    }

    async fn everything(&self) -> Value {
        reqwest::get(format!("{}/status", self.addresses.endpoint)).await.unwrap().json().await.unwrap()
    }

    /// What the stack and its functions have printed so far.
    pub fn output(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.path(name)).unwrap();
        read("log") + &read("errors")
    }

    /// The path of a file beside the stack's.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// A token for `player` that holds for `seconds`, of the stack's issuer at `issuer`, which may not be there.
pub async fn token_of(issuer: &str, player: &str, seconds: i64) -> Result<String, reqwest::Error> {
    let request = reqwest::Client::new().post(format!("{issuer}/token")).query(&[("player", player), ("expiresIn", &seconds.to_string())]);
    let answer: Value = request.send().await?.error_for_status()?.json().await?;
    Ok(answer["access_token"].as_str().unwrap().to_owned())
}

impl Drop for LocalStack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- what the stack printed ---\n{}", self.output());
        }
    }
}
