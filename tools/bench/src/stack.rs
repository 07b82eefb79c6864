//! A local stack of the benchmark's own, and players on it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use muster_client::{Client, Event, Events, Options};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{process::Child, time::sleep};

use crate::Result;

/// How long the stack may take to be ready, and a message to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long the stack may take to come to rest.
const REST: Duration = Duration::from_secs(60);

/// The file that says what the pretended fleet does.
const FLEET: &str = "fleet.json";

/// How a stack differs from that of `cargo run`.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The functions are of this profile instead of `fast`.
    pub profile: Option<String>,
    /// The stage does not throttle: its 1,000 requests a second are a rule of the game and not what a flood is to find.
    pub unthrottled: bool,
    /// Nobody reads the queue of this logical id.
    pub unread: Option<&'static str>,
    /// The stack's pace, if not the usual one.
    pub pace: Option<String>,
    /// What the pretended fleet does with placements, by queue.
    pub fleet: Option<Value>,
    /// Parameters of the template, as `NAME=VALUE`.
    pub parameters: Vec<String>,
    /// What goes wrong on purpose, if anything does. Then the log has all that functions say.
    pub weather: Option<String>,
    /// Where functions reach a service instead of the stack, as `SERVICE=URL`.
    pub endpoints: Vec<String>,
    /// What stands in the template in the place of what.
    pub edits: Vec<(&'static str, String)>,
}

/// A running stack. It ends when it is dropped.
pub struct Stack {
    /// Where players connect.
    pub url: String,
    /// Where AWS clients connect.
    pub endpoint: String,
    issuer: String,
    /// Where what goes with the stack may be put.
    pub directory: TempDir,
    process: Child,
    agent: ureq::Agent,
}

impl Stack {
    /// Builds the stack and the functions as `cargo run` does, and starts them on any port.
    pub async fn start() -> Result<Self> {
        Self::start_with(Setup::default()).await
    }

    /// The same with these differences.
    pub async fn start_with(setup: Setup) -> Result<Self> {
        let mut built = muster_launch::build()?;
        // The others are built in `fast`.
        if let Some(profile) = setup.profile.filter(|profile| profile != "fast") {
            let functions =
                muster_launch::cargo_build("muster-functions", &["--package", "muster-functions", "--profile", &profile, "--locked"])?;
            built.functions = functions.into_iter().next().ok_or("the functions have no program")?;
        }
        let mut template = fs::read_to_string(muster_launch::workspace().join("template.yaml"))?;
        if setup.unthrottled {
            template = template.lines().map(raise_throttle).collect::<Vec<_>>().join("\n");
        }
        for (from, to) in &setup.edits {
            if !template.contains(from) {
                return Err(format!("the template does not say {from:?}").into());
            }
            template = template.replace(from, to);
        }
        if let Some(queue) = setup.unread {
            template = switch_off(&template, queue)?;
        }
        let directory = TempDir::new()?;
        let file = |name: &str| directory.path().join(name);
        // What it names beside itself stays where it is.
        let definitions = muster_launch::workspace().join("statemachine");
        let template = template.replace("DefinitionUri: statemachine/", &format!("DefinitionUri: {}/", definitions.display()));
        fs::write(file("template.yaml"), template)?;
        let mut command = tokio::process::Command::from(built.command());
        command.args(setup.parameters.iter().flat_map(|parameter| ["--parameter", parameter]));
        command.args(setup.pace.iter().flat_map(|pace| ["--pace", pace]));
        if let Some(fleet) = &setup.fleet {
            fs::write(file(FLEET), fleet.to_string())?;
            command.arg("--fleet").arg(file(FLEET));
        }
        command.args(setup.endpoints.iter().flat_map(|endpoint| ["--endpoint", endpoint]));
        match &setup.weather {
            Some(weather) => command.args(["--log", "json", "--async-retry", "1", "--weather", weather]),
            None => command.arg("--quiet"),
        };
        let process = command
            .args(["--port", "0", "--ready"])
            .arg(file("ready.json"))
            .arg("--template")
            .arg(file("template.yaml"))
            .env("TMPDIR", directory.path())
            .stdin(Stdio::null())
            .stdout(File::create(file("log"))?)
            .stderr(File::create(file("errors"))?)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        // Nothing that the benchmark asks of the stack leaves this machine.
        let agent = ureq::Agent::config_builder().proxy(None).timeout_global(Some(PATIENCE)).build().into();
        let mut stack = Self { url: String::new(), endpoint: String::new(), issuer: String::new(), directory, process, agent };
        let addresses: Value = serde_json::from_str(&stack.ready().await?)?;
        let address = |name: &str| addresses[name].as_str().map(str::to_owned).ok_or_else(|| format!("the stack does not say its {name}"));
        (stack.url, stack.endpoint, stack.issuer) = (address("url")?, address("endpoint")?, address("issuer")?);
        Ok(stack)
    }

    async fn ready(&mut self) -> Result<String> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("the stack ended with {status}: {}", self.complaints()?).into());
            }
            if let Ok(text) = fs::read_to_string(self.directory.path().join("ready.json")) {
                return Ok(text);
            }
            sleep(Duration::from_millis(20)).await;
        }
        Err(format!("the stack is not ready after {PATIENCE:?}: {}", self.complaints()?).into())
    }

    /// What the stack and its functions have complained about.
    pub fn complaints(&self) -> Result<String> {
        Ok(fs::read_to_string(self.directory.path().join("errors"))? + &fs::read_to_string(self.directory.path().join("log"))?)
    }

    /// The stack's process.
    pub fn pid(&self) -> Result<u32> {
        self.process.id().ok_or_else(|| "the stack has ended".into())
    }

    /// A token for `player`.
    pub fn token(&self, player: &str) -> Result<String> {
        let answer = self.agent.post(format!("{}/token", self.issuer)).query("player", player).send_empty()?;
        let answer: Value = answer.into_body().read_json()?;
        Ok(answer["access_token"].as_str().ok_or("the issuer answered without a token")?.to_owned())
    }

    /// Connects `player`.
    pub async fn connect(&self, player: &str) -> Result<(Client, Events)> {
        let token = tokio::task::block_in_place(|| self.token(player))?;
        // A connection that is lost fails the benchmark instead of being made again, and a push that does not come is not made good from
        // the inbox.
        let options = Options { backoff: None, resume: false, roll_over: None, event_capacity: 100_000, ..Options::new(&self.url, token) };
        Client::connect(options).await.map_err(|error| format!("connecting {player}: {error}").into())
    }

    /// What the stack says of itself.
    pub fn status(&self) -> Result<Value> {
        Ok(self.agent.get(format!("{}/status", self.endpoint)).call()?.into_body().read_json()?)
    }

    /// Waits until nothing is under way, and that many sockets are open if it matters. What the stack says of itself then.
    pub async fn at_rest(&self, sockets: Option<u64>) -> Result<Value> {
        let until = Instant::now() + REST;
        loop {
            let status = tokio::task::block_in_place(|| self.status())?;
            if status["busy"] == 0 && sockets.is_none_or(|sockets| status["sockets"] == sockets) {
                return Ok(status);
            }
            if Instant::now() > until {
                return Err(format!("the stack does not come to rest: busy {}, sockets {}", status["busy"], status["sockets"]).into());
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// What the stack says of its functions, by their names without game and stage.
    pub fn functions(&self) -> Result<BTreeMap<String, Value>> {
        let mut status = self.status()?;
        let Value::Object(functions) = status["functions"].take() else { return Err("the stack says nothing of its functions".into()) };
        let short = |name: String| name.strip_prefix("muster-dev-").map_or(name.clone(), str::to_owned);
        Ok(functions.into_iter().map(|(name, status)| (short(name), status)).collect())
    }

    /// Has the pretended fleet of a stack that was started with one behave like this from now on.
    pub fn set_fleet(&self, fleet: &Value) -> Result<()> {
        let [new, file] = ["fleet.new", FLEET].map(|name| self.directory.path().join(name));
        fs::write(&new, fleet.to_string())?;
        // It is read at any time, hence it is there as a whole.
        Ok(fs::rename(new, file)?)
    }

    /// Publishes a message on the topic `name`, called without game and stage.
    pub fn publish(&self, name: &str, message: &Value) -> Result<()> {
        let topic = format!("arn:aws:sns:eu-central-1:123456789012:muster-dev-{name}");
        let form = [("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", topic.as_str()), ("Message", &message.to_string())];
        let answer = self.agent.post(&self.endpoint).config().http_status_as_error(false).build().send_form(form)?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(format!("{topic} does not take {message}: {}", answer.into_body().read_to_string()?).into())
    }

    /// The one row of the table `name`.
    pub fn row(&self, name: &str) -> Result<Value> {
        match <[Value; 1]>::try_from(self.rows(name)?) {
            Ok([row]) => Ok(row),
            Err(rows) => Err(format!("the table {name} should have one row: {rows:?}").into()),
        }
    }

    /// All rows of the table `name`, in no order.
    pub fn rows(&self, name: &str) -> Result<Vec<Value>> {
        let mut request = serde_json::json!({"TableName": format!("muster-dev-{name}"), "ConsistentRead": true});
        let mut rows = Vec::new();
        loop {
            let scan = self.agent.post(&self.endpoint).header("x-amz-target", "DynamoDB_20120810.Scan");
            let scan = scan.content_type("application/x-amz-json-1.0").header(
                "authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature={:064}",
                    0
                ),
            );
            let scan = scan.header("x-amz-date", "20260101T000000Z").send(request.to_string())?;
            let mut answer: Value = scan.into_body().with_config().limit(u64::MAX).read_json()?;
            let Value::Array(more) = answer["Items"].take() else { return Err(format!("there is no table {name}: {answer}").into()) };
            rows.extend(more);
            match answer["LastEvaluatedKey"].take() {
                Value::Null => return Ok(rows),
                last => request["ExclusiveStartKey"] = last,
            }
        }
    }

    /// What the task `name`, called without game and stage, answers. It may take a minute.
    pub fn task(&self, name: &str, request: &Value) -> Result<Value> {
        let url = format!("{}/2015-03-31/functions/muster-dev-{name}/invocations?Qualifier=live", self.endpoint);
        let asked = self.agent.post(url).config().timeout_global(Some(REST)).build();
        let answer = asked.send(request.to_string())?;
        let has_failed = answer.headers().contains_key("x-amz-function-error");
        let answer: Value = answer.into_body().with_config().limit(u64::MAX).read_json()?;
        if has_failed { Err(format!("{name} has failed: {answer}").into()) } else { Ok(answer) }
    }
}

fn raise_throttle(line: &str) -> String {
    match line.split_once(':') {
        Some((name, _)) if matches!(name.trim(), "ThrottlingRateLimit" | "ThrottlingBurstLimit") => format!("{name}: 1000000"),
        _ => line.to_owned(),
    }
}

/// The template whose function is not invoked for the messages of `queue`.
fn switch_off(template: &str, queue: &str) -> Result<String> {
    let event = format!("Queue: !GetAtt {queue}.Arn\n");
    let (before, after) = template.split_once(&event).ok_or_else(|| format!("the template has no function for {queue}"))?;
    // It is the only event of its function.
    let (before, _) = before.rsplit_once("      Events:\n").ok_or("the template has no events")?;
    let (_, after) = after.split_once("\n\n").ok_or("the template ends with an event")?;
    Ok(format!("{before}\n{after}"))
}

/// The environment of a process of this user.
pub fn environment(pid: u32) -> Result<BTreeMap<String, String>> {
    let text = String::from_utf8(fs::read(Path::new("/proc").join(pid.to_string()).join("environ"))?)?;
    Ok(text.split('\0').filter_map(|variable| variable.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// Waits until a message arrives, and returns its text.
pub async fn message(events: &mut Events) -> Result<String> {
    let arrived = async {
        while let Some(event) = events.next().await {
            match event {
                Event::Message(message) => return Ok(message.message.clone()),
                Event::Disconnected { reason, .. } => return Err(format!("the connection was lost: {reason}").into()),
                _ => {}
            }
        }
        Err("the connection has ended".into())
    };
    tokio::time::timeout(PATIENCE, arrived).await.map_err(|_| format!("no message within {PATIENCE:?}"))?
}
