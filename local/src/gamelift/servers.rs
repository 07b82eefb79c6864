//! Game servers: child processes, watched from their start to their end.

use std::{
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::{Child, Command},
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::placement::{Placement, camel_case};
use crate::account::{ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY};

/// What a game server prints in front of its port once it is ready.
const READY: &str = "listening on 127.0.0.1:";
/// How long the output of a process is still read after its end. Only a grandchild that holds the pipe open makes this wait.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The longest line that is kept whole, in bytes.
const LINE_LIMIT: u64 = 256 * 1024;

/// The program that serves game sessions, and how it is kept. It gets
///
/// - `--port 0`: it is to listen at any free port of 127.0.0.1,
/// - `MUSTER_GAME_SESSION`, as [`GameLift`](super::GameLift) describes it, and `MUSTER_TOPIC_ARN`, if the queue has a topic,
/// - what an AWS SDK needs to find the stack, and the `PATH` of this process. It sees nothing else of it.
///
/// Once it is ready it prints the line `listening on 127.0.0.1:PORT`. Every other line is for the log.
#[derive(Clone, Debug)]
pub struct GameServer {
    /// The program.
    pub program: PathBuf,
    /// Where it finds AWS's services.
    pub endpoint: String,
    /// How long a process may take until it is ready.
    pub ready_within: Duration,
    /// After how long a process is killed: nobody plays that long here, and what was forgotten should not stay.
    pub lifetime: Duration,
    /// How many processes there may be at once.
    pub most: usize,
}

impl GameServer {
    /// `program`, with 5 seconds to get ready and one hour to live, 64 at once, and AWS's services at the URL `endpoint`.
    pub fn new(program: PathBuf, endpoint: String) -> GameServer {
        GameServer { program, endpoint, ready_within: Duration::from_secs(5), lifetime: Duration::from_secs(3_600), most: 64 }
    }
}

/// What the room has to say to the developer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Something that a game server printed, behind the placement that it is of.
    Output(String),
    /// Something that went wrong.
    Fault(String),
}

/// Where the room's lines go.
pub type Log = Arc<dyn Fn(Line) + Send + Sync>;

/// Variables of one process, by their names.
type Variables = Vec<(&'static str, String)>;

pub(super) struct Servers {
    config: GameServer,
    log: Log,
    permits: Arc<Semaphore>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

/// A game server that is ready.
#[derive(Debug)]
pub(super) struct Server {
    /// Where it listens, on the loopback interface.
    pub(super) port: u16,
    /// Ends it.
    pub(super) stop: CancellationToken,
}

/// A process and those who copy its output.
struct Process {
    child: Child,
    output: JoinSet<()>,
    label: String,
    log: Log,
    _permit: OwnedSemaphorePermit,
}

/// What a game server is told of its game session.
pub(super) fn variables(placement: &Placement, session: &Value) -> Variables {
    let request = &placement.request;
    let properties: Map<String, Value> =
        request.game_properties.iter().map(|property| (property.key.clone(), property.value.clone().into())).collect();
    let told = json!({
        "gameSessionArn": session["GameSessionArn"],
        "placementId": request.placement_id,
        "maximumPlayers": request.maximum_player_session_count,
        "gameSessionData": request.game_session_data.as_deref().unwrap_or_default(),
        "gameProperties": properties,
        "playerSessions": camel_case(&session["PlacedPlayerSessions"]),
    });
    let topic = placement.topic_arn.clone().map(|arn| ("MUSTER_TOPIC_ARN", arn));
    [("MUSTER_GAME_SESSION", told.to_string())].into_iter().chain(topic).collect()
}

impl Servers {
    /// Processes are ended by `stopping`, and `tasks` are done once all of them are.
    pub(super) fn new(config: GameServer, log: Log, tasks: TaskTracker, stopping: CancellationToken) -> Servers {
        let permits = Arc::new(Semaphore::new(config.most));
        Servers { config, log, permits, tasks, stopping }
    }

    /// Starts a process for a placement and returns once it is ready. If this is dropped before, the process is killed.
    ///
    /// # Errors
    /// Why there is no game server: there are too many, or it cannot be started, or ends, or takes too long.
    pub(super) async fn start(&self, placement_id: &str, variables: Variables) -> Result<Server, String> {
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        let permit =
            permit.map_err(|_| format!("there are {} game servers already, which is the most this stack has", self.config.most))?;
        let mut child = self.spawn(variables).map_err(|error| format!("{} cannot be started: {error}", self.config.program.display()))?;
        let (ready, mut got_ready) = oneshot::channel();
        let (label, log, mut output) = (format!("game-server {placement_id}"), Arc::clone(&self.log), JoinSet::new());
        if let Some(stdout) = child.stdout.take() {
            output.spawn(copy(stdout, label.clone(), Arc::clone(&log), Some(ready)));
        }
        if let Some(stderr) = child.stderr.take() {
            output.spawn(copy(stderr, label.clone(), Arc::clone(&log), None));
        }
        let mut process = Process { child, output, label, log, _permit: permit };
        let problem = tokio::select! {
            Ok(port) = &mut got_ready => {
                let stop = self.stopping.child_token();
                self.tasks.spawn(process.watch(self.config.lifetime, stop.clone()));
                return Ok(Server { port, stop });
            }
            status = process.child.wait() => format!("the game server ended before it was ready: {}", told(status)),
            () = sleep(self.config.ready_within) => {
                format!("the game server did not say '{READY}PORT' within {:?}", self.config.ready_within)
            }
        };
        // Its last lines often say why, so they come before the reason.
        process.end().await;
        Err(problem)
    }

    fn spawn(&self, variables: Variables) -> std::io::Result<Child> {
        let endpoint = self.config.endpoint.as_str();
        Command::new(&self.config.program)
            .args(["--port", "0"])
            .env_clear()
            .envs([("AWS_ENDPOINT_URL", endpoint), ("AWS_REGION", REGION)])
            .envs([("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID), ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)])
            .envs(variables)
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            // Ctrl-C in the terminal is for the stack alone, which then ends its processes in order.
            .process_group(0)
            .spawn()
    }
}

impl Process {
    /// Waits for the end of the process, or ends it when it is time.
    async fn watch(mut self, lifetime: Duration, stop: CancellationToken) {
        tokio::select! {
            status = self.child.wait() => {
                if !status.as_ref().is_ok_and(ExitStatus::success) {
                    self.fault(format!("ended: {}", told(status)));
                }
            }
            () = sleep(lifetime) => self.fault(format!("is killed: it has been there for {lifetime:?}")),
            () = stop.cancelled() => {}
        }
        self.end().await;
    }

    /// Kills the process if it is still there, and waits until it and its output are gone.
    async fn end(mut self) {
        if let Err(error) = self.child.kill().await {
            self.fault(format!("cannot be killed: {error}"));
        }
        if timeout(LAST_WORDS, std::mem::take(&mut self.output).join_all()).await.is_err() {
            self.fault("has left its output open to another process".to_owned());
        }
    }

    fn fault(&self, text: String) {
        (self.log)(Line::Fault(format!("{} {text}", self.label)));
    }
}

fn told(status: std::io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| format!("the system does not say how: {error}"), |status| status.to_string())
}

/// Copies a process's output to the log until the process closes it. The first line that tells a port goes to `ready`, too.
async fn copy(output: impl AsyncRead + Unpin, label: String, log: Log, mut ready: Option<oneshot::Sender<u16>>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    // What cannot be read is at its end.
    while (&mut output).take(LINE_LIMIT).read_until(b'\n', &mut line).await.is_ok_and(|bytes| bytes > 0) {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        log(Line::Output(format!("{label} {text}")));
        if let Some(port) = text.strip_prefix(READY).and_then(|port| port.parse().ok())
            && let Some(ready) = ready.take()
        {
            // Nobody waits any more if it took too long.
            ready.send(port).unwrap_or_default();
        }
        line.clear();
    }
}
