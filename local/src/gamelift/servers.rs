//! Game servers: child processes, watched from their start to their end.

use std::{path::PathBuf, process::Stdio, sync::Arc, time::Duration};

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

/// The program that serves game sessions, and how it is kept. It gets `--port 0`, its game session in `MUSTER_GAME_SESSION`, the queue's topic
/// in `MUSTER_TOPIC_ARN`, what an AWS SDK needs to find the stack, and the `PATH` of this process. Once it is ready it prints the line
/// `listening on 127.0.0.1:PORT`. Every other line is for the log.
#[derive(Clone, Debug)]
pub struct GameServer {
    program: PathBuf,
    endpoint: String,
    pub(super) ready_within: Duration,
    /// After how long a process is killed: nobody plays that long here, and what was forgotten should not stay.
    pub(super) lifetime: Duration,
    pub(super) most: usize,
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
pub(super) type Variables = Vec<(&'static str, String)>;

pub(super) struct Servers {
    config: GameServer,
    log: Log,
    permits: Arc<Semaphore>,
    /// Those who watch the processes.
    pub(super) tasks: TaskTracker,
    stopping: CancellationToken,
}

/// A process and those who copy its output.
struct Process {
    child: Child,
    output: JoinSet<()>,
    label: String,
    log: Log,
    _permit: OwnedSemaphorePermit,
}

/// What a game server is told of its game session. Linux gives a process no variable of more than 128 KiB.
pub(super) fn variables(placement: &Placement, session: &Value) -> Variables {
    let request = &placement.request;
    let told = json!({
        "gameSessionArn": session["GameSessionArn"],
        "placementId": request.placement_id,
        "maximumPlayers": request.maximum_player_session_count,
        "gameSessionData": request.game_session_data.as_deref().unwrap_or_default(),
        "gameProperties": request.game_properties.iter().map(|of| (of.key.clone(), json!(of.value))).collect::<Map<_, _>>(),
        "playerSessions": camel_case(&session["PlacedPlayerSessions"]),
    });
    let topic = placement.topic_arn.clone().map(|arn| ("MUSTER_TOPIC_ARN", arn));
    [("MUSTER_GAME_SESSION", told.to_string())].into_iter().chain(topic).collect()
}

impl Servers {
    /// Processes are ended by `stopping`.
    pub(super) fn new(config: GameServer, log: Log, stopping: CancellationToken) -> Servers {
        let permits = Arc::new(Semaphore::new(config.most));
        Servers { config, log, permits, tasks: TaskTracker::new(), stopping }
    }

    /// Starts a process for a placement and returns once it is ready: its port, and what ends it. If this is dropped before, the process is
    /// killed.
    ///
    /// # Errors
    /// Why there is no game server: there are too many, or it cannot be started, or ends, or takes too long.
    pub(super) async fn start(&self, placement_id: &str, variables: Variables) -> Result<(u16, CancellationToken), String> {
        let GameServer { program, ready_within, lifetime, most, .. } = &self.config;
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        let permit = permit.map_err(|_| format!("there are {most} game servers already, which is the most this stack has"))?;
        let mut child = self.spawn(variables).map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let (ready, mut got_ready) = oneshot::channel();
        let (label, log, mut output) = (format!("game-server {placement_id}"), Arc::clone(&self.log), JoinSet::new());
        if let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) {
            output.spawn(copy(stdout, label.clone(), Arc::clone(&log), Some(ready)));
            output.spawn(copy(stderr, label.clone(), Arc::clone(&log), None));
        }
        let mut process = Process { child, output, label, log, _permit: permit };
        let problem = tokio::select! {
            Ok(port) = &mut got_ready => {
                let stop = self.stopping.child_token();
                self.tasks.spawn(process.watch(*lifetime, stop.clone()));
                return Ok((port, stop));
            }
            status = process.child.wait() => format!("the game server ended before it was ready: {}", status.map_err(|error| error.to_string())?),
            () = sleep(*ready_within) => format!("the game server did not say '{READY}PORT' within {ready_within:?}"),
        };
        // Its last lines often say why, so they come before the reason.
        process.end().await;
        Err(problem)
    }

    fn spawn(&self, variables: Variables) -> std::io::Result<Child> {
        Command::new(&self.config.program)
            .args(["--port", "0"])
            .env_clear()
            .envs([("AWS_ENDPOINT_URL", self.config.endpoint.as_str()), ("AWS_REGION", REGION)])
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
        let fault = tokio::select! {
            status = self.child.wait() => match status {
                Ok(status) if status.success() => None,
                Ok(status) => Some(format!("ended: {status}")),
                Err(error) => Some(format!("cannot be watched: {error}")),
            },
            () = sleep(lifetime) => Some(format!("is killed: it has been there for {lifetime:?}")),
            () = stop.cancelled() => None,
        };
        if let Some(fault) = fault {
            (self.log)(Line::Fault(format!("{} {fault}", self.label)));
        }
        self.end().await;
    }

    /// Kills the process if it is still there, and waits until it and its output are gone.
    async fn end(mut self) {
        // What cannot be killed has ended.
        self.child.kill().await.unwrap_or_default();
        timeout(LAST_WORDS, self.output.join_all()).await.unwrap_or_default();
    }
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
