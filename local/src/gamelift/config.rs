//! What the room is told at its start.

use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc, time::Duration};

use crate::{account::REGION, report};

/// How long a request may wait in a queue that is not of the template: the shortest that GameLift allows.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Publishes a message to the SNS topic with this ARN. It must not wait: events of other placements would wait with it.
pub type Publisher = Arc<dyn Fn(&str, String) + Send + Sync>;

/// Where the room's lines go.
pub type Log = Arc<dyn Fn(Line) + Send + Sync>;

/// What the room has to say to the developer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Something that a game server printed, behind the placement that it is of.
    Output(String),
    /// Something that went wrong.
    Fault(String),
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Line::Output(text) | Line::Fault(text)) = self;
        f.write_str(text)
    }
}

/// A game session queue, as `AWS::GameLift::GameSessionQueue` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueConfig {
    /// The physical name.
    pub name: String,
    /// `TimeoutInSeconds`: how long a request may wait until it is `TIMED_OUT`. GameLift allows 10 to 600 seconds.
    pub timeout: Duration,
    /// `NotificationTarget`: the topic to which events are published. Without one nobody hears of them.
    pub topic_arn: Option<String>,
    /// `CustomEventData`: added to every event.
    pub custom_event_data: Option<String>,
    /// The Region in which its game sessions are said to be.
    pub region: String,
}

impl Default for QueueConfig {
    /// A queue without a name or a topic.
    fn default() -> QueueConfig {
        QueueConfig { name: String::new(), timeout: SHORTEST_TIMEOUT, topic_arn: None, custom_event_data: None, region: REGION.to_owned() }
    }
}

/// The program that serves game sessions, and how it is kept. The program gets
///
/// - the arguments, and behind them `--port 0`: it is to listen at any free port of 127.0.0.1,
/// - `MUSTER_GAME_SESSION`, as [`GameLift`](super::GameLift) describes it, and `MUSTER_TOPIC_ARN`, if the queue has a topic,
/// - `environment`, and the `PATH` of this process. It sees nothing else of it.
///
/// Once it is ready it prints the line `listening on 127.0.0.1:PORT`. Every other line is for the log.
#[derive(Clone, Debug)]
pub struct GameServerConfig {
    /// The program.
    pub program: PathBuf,
    /// Its first arguments.
    pub arguments: Vec<String>,
    /// Variables for every process, such as those by which an AWS SDK finds the stack.
    pub environment: BTreeMap<String, String>,
    /// How long a process may take until it is ready.
    pub ready_within: Duration,
    /// After how long a process is killed: nobody plays that long here, and what was forgotten should not stay.
    pub lifetime: Duration,
    /// How many processes there may be at once.
    pub most: usize,
}

impl Default for GameServerConfig {
    /// No program; 5 seconds to get ready, one hour to live, 64 at once.
    fn default() -> GameServerConfig {
        GameServerConfig {
            program: PathBuf::new(),
            arguments: Vec::new(),
            environment: BTreeMap::new(),
            ready_within: Duration::from_secs(5),
            lifetime: Duration::from_secs(3_600),
            most: 64,
        }
    }
}

/// What there is.
#[derive(Clone)]
pub struct GameLiftConfig {
    /// The queues of the template. Besides, there are always those that are named after what becomes of their placements, unless the
    /// template has a queue of that name: `fulfil`, `time-out`, `fail`, `repeat`, `reorder` and `drop`.
    pub queues: Vec<QueueConfig>,
    /// The topic of those other queues.
    pub default_topic_arn: Option<String>,
    /// How long a request may wait in those other queues.
    pub default_timeout: Duration,
    /// Publishes the events.
    pub publisher: Publisher,
    /// The file that says how the fleet behaves; it is read for each placement. See [`GameLift`](super::GameLift).
    pub fleet_file: Option<PathBuf>,
    /// The program that serves game sessions. Without one, placements are fulfilled with an address at which nobody listens.
    pub game_server: Option<GameServerConfig>,
    /// Where the room's lines go.
    pub log: Log,
}

impl Default for GameLiftConfig {
    /// No queues but those there always are, and nobody who hears of them; lines go to the terminal.
    fn default() -> GameLiftConfig {
        GameLiftConfig {
            queues: Vec::new(),
            default_topic_arn: None,
            default_timeout: SHORTEST_TIMEOUT,
            publisher: Arc::new(|_, _| ()),
            fleet_file: None,
            game_server: None,
            log: Arc::new(|line| match line {
                Line::Output(text) => report::print(text),
                Line::Fault(text) => report::report("gamelift", text),
            }),
        }
    }
}
