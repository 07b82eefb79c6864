//! Game servers: child processes, watched from their start to their end.

use std::{io, path::PathBuf, process::Stdio, sync::Arc, time::Duration};

use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    net::unix::pipe::Receiver,
    process::{Child, Command},
    sync::{Semaphore, oneshot},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::placement::{Placement, camel_case};
use crate::account::{GAME_SERVER, REGION, SECRET_ACCESS_KEY, access_key_of};

/// What a game server prints in front of its port once it is ready.
const READY: &str = "listening on 127.0.0.1:";
/// How long the output of a process is still read after its end. Only a grandchild that holds the pipe open makes this wait.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The longest line that is kept whole, in bytes.
const LONGEST_LINE: u64 = 256 * 1024;

/// The program that serves game sessions, and how it is kept. It gets `--port 0`, its game session in `MUSTER_GAME_SESSION`, the queue's
/// topic in `MUSTER_TOPIC_ARN`, what an AWS SDK needs to find the stack, and the `PATH` of this process. Once it is ready it prints the
/// line `listening on 127.0.0.1:PORT`. Every other line is for the log.
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

/// What a process prints, on standard output or standard error.
type Output = BufReader<Receiver>;

type Variables = Vec<(&'static str, String)>;

pub(super) struct Servers {
    config: GameServer,
    log: Log,
    permits: Arc<Semaphore>,
    /// Those who watch the processes.
    pub(super) tasks: TaskTracker,
    stopping: CancellationToken,
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

    /// Starts a process for a placement. Once it is ready, `accept` gets its port. If that answers false, or if this is dropped before, the
    /// process is killed.
    ///
    /// # Errors
    /// Why there is no game server: there are too many, or it cannot be started, or ends, or takes too long.
    pub(super) async fn start(&self, placement_id: &str, variables: Variables, accept: impl FnOnce(u16) -> bool) -> Result<(), String> {
        let GameServer { program, ready_within, lifetime, most, .. } = self.config.clone();
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        let permit = permit.map_err(|_| format!("there are {most} game servers already, which is the most this stack has"))?;
        let started = self.spawn(variables);
        let (mut child, mut output) = started.map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let (label, log) = (format!("game-server {placement_id}"), Arc::clone(&self.log));
        let (printed_by, printed_to) = (label.clone(), Arc::clone(&log));
        let (get_ready, ready) = oneshot::channel();
        let reader = tokio::spawn(async move {
            let mut get_ready = Some(get_ready);
            while let Some(line) = next_line(&mut output).await {
                printed_to(Line::Output(format!("{printed_by} {line}")));
                if let Some(port) = line.strip_prefix(READY).and_then(|port| port.parse::<u16>().ok()) {
                    get_ready.take().map(|ready| ready.send(port));
                }
            }
        });
        let ready = async {
            let Ok(port) = ready.await else {
                // Its output has ended. The last lines often say why, so they come before this.
                let status = child.wait().await.map_err(|error| error.to_string())?;
                return Err(format!("the game server ended before it was ready: {status}"));
            };
            Ok(port)
        };
        let Ok(port) = timeout(ready_within, ready).await else {
            // What cannot be killed has ended.
            child.kill().await.unwrap_or_default();
            return Err(format!("the game server did not say '{READY}PORT' within {ready_within:?}"));
        };
        if !accept(port?) {
            return Ok(());
        }
        let stopping = self.stopping.clone();
        self.tasks.spawn(async move {
            let fault = tokio::select! {
                status = child.wait() => status.ok().filter(|status| !status.success()).map(|status| format!("ended: {status}")),
                () = sleep(lifetime) => Some(format!("is killed: it has been there for {lifetime:?}")),
                () = stopping.cancelled() => None,
            };
            if let Some(fault) = fault {
                log(Line::Fault(format!("{label} {fault}")));
            }
            child.kill().await.unwrap_or_default();
            drop(timeout(LAST_WORDS, reader).await);
            drop(permit);
        });
        Ok(())
    }

    fn spawn(&self, variables: Variables) -> io::Result<(Child, Output)> {
        let (reader, writer) = io::pipe()?;
        let child = Command::new(&self.config.program)
            .args(["--port", "0"])
            .env_clear()
            .envs([("AWS_ENDPOINT_URL", self.config.endpoint.as_str()), ("AWS_REGION", REGION)])
            .env("AWS_ACCESS_KEY_ID", access_key_of(GAME_SERVER))
            .env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
            .envs(variables)
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .kill_on_drop(true)
            // Ctrl-C in the terminal is for the stack alone, which then ends its processes in order.
            .process_group(0)
            .spawn()?;
        Ok((child, BufReader::new(Receiver::from_owned_fd(reader.into())?)))
    }
}

/// The next line, until the process has closed its output. What cannot be read is at its end.
async fn next_line(output: &mut Output) -> Option<String> {
    let mut line = Vec::new();
    let bytes = output.take(LONGEST_LINE).read_until(b'\n', &mut line).await;
    bytes.is_ok_and(|bytes| bytes > 0).then(|| String::from_utf8_lossy(&line).trim_end().to_owned())
}
