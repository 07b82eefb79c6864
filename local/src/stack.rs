//! The whole system: rooms started in the order in which they need each other, and stopped in the other.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{Router, middleware::from_fn_with_state};
use serde_json::Value;
use thiserror::Error;
use tokio::task::JoinHandle;

use crate::{
    account,
    addresses::Addresses,
    args::Args,
    clock::Clock,
    console::Console,
    dynamodb::{DynamoDb, DynamoDbError, DynamoDbOptions},
    events::Events,
    front_door::{self, Callers, Services},
    gamelift::{self, GameLift, GameLiftOptions, GameServer, Line},
    gateway::{Gateway, Limits},
    guard::Guard,
    iam::{Denial, Iam},
    issuer::Issuer,
    keep::Keep,
    lambda::{Lambda, LambdaOptions, Level, LogFormat, LogOptions},
    mappings::{self, MappingError, Mappings, Pace},
    meter::{Meter, Usage},
    operators::Operators,
    port, report,
    sns::Sns,
    sqs::Sqs,
    status::Status,
    stepfunctions::{DefinitionError, StepFunctions},
    template::{self, Manifest, TemplateError},
    weather::Weather,
    web,
};

/// Whom the local issuer's tokens are for.
const AUDIENCE: &str = "muster-local";

/// The variable that names a directory for what is used of the template's statements.
const IAM_USED: &str = "MUSTER_IAM_USED";

/// The file below `--data` in which the rooms keep what is not in tables.
const KEPT: &str = "kept.sqlite";

/// The template's output that says where GameLift tells of placements.
const PLACEMENT_EVENTS_TOPIC: &str = "PlacementEventsTopicArn";

/// Why the stack cannot start. Each says what to do about it.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("port {port} cannot be had: {source}. Is another stack running? Choose another port with --port")]
    Port { port: u16, source: io::Error },
    #[error("{} cannot be booted from:\n{source}", file.display())]
    Template { file: PathBuf, source: TemplateError },
    #[error("--functions: {} is not a file", .0.display())]
    Functions(PathBuf),
    #[error("--game-server: {} is not a file", .0.display())]
    GameServer(PathBuf),
    #[error("--web: {} has no page to play at: {source}", directory.display())]
    Web { directory: PathBuf, source: io::Error },
    #[error("the template has {0} resources of type AWS::Serverless::WebSocketApi; this stack serves exactly one")]
    Apis(usize),
    /// Two stacks would deliver every row twice.
    #[error("{} is in use by another stack", .0.display())]
    DataInUse(PathBuf),
    #[error("DynamoDB: {0}")]
    DynamoDb(#[from] DynamoDbError),
    /// Of what is kept besides the tables.
    #[error("--data: {0}")]
    Kept(#[from] rusqlite::Error),
    /// A service of AWS may not do what the template asks of it.
    #[error(transparent)]
    Denied(#[from] Denial),
    #[error(transparent)]
    StateMachine(#[from] DefinitionError),
    #[error(transparent)]
    Mapping(#[from] MappingError),
    #[error("the issuer's key cannot be made")]
    Issuer,
    #[error("{doing}: {source}")]
    Io { doing: String, source: io::Error },
}

fn io_error(doing: impl Into<String>) -> impl FnOnce(io::Error) -> StartError {
    let doing = doing.into();
    move |source| StartError::Io { doing, source }
}

/// A running stack.
pub struct Stack {
    pub addresses: Addresses,
    pub manifest: Manifest,
    gateway: Gateway,
    mappings: Mappings,
    gamelift: GameLift,
    step_functions: StepFunctions,
    lambda: Lambda,
    status: Status,
    server: JoinHandle<Infallible>,
    /// Held for as long as the stack lives.
    _data_lock: Option<File>,
}

impl Stack {
    /// Boots everything that the template names.
    ///
    /// # Errors
    /// A [`StartError`]; nothing is left running.
    pub async fn start(args: &Args) -> Result<Self, StartError> {
        let bound = port::open(args.port).await;
        let listener = bound.map_err(|source| StartError::Port { port: args.port, source })?;
        let socket = listener.local_addr().map_err(io_error("asking for the port"))?;
        let front_door = format!("http://{socket}");

        let issuer = Issuer::new(&front_door, AUDIENCE).map_err(|_| StartError::Issuer)?;
        let manifest = manifest(args, &issuer)?;
        let [api] = manifest.apis.as_slice() else { return Err(StartError::Apis(manifest.apis.len())) };
        let addresses = Addresses::new(socket, &api.stage, args.web.is_some());
        let page = args.web.as_deref().map(page).transpose()?;

        let data_lock = args.data.as_deref().map(lock).transpose()?;
        let keep = args.data.as_deref().map(|data| Keep::open(&data.join(KEPT))).transpose()?.unwrap_or_default();
        let (meter, weather, events) = (Meter::default(), Weather::new(args.weather.clone()), Events::of(&manifest.prefix()));
        let iam = Iam::new(&manifest, std::env::var_os(IAM_USED).map(PathBuf::from).as_deref());
        check_destinations(&manifest, &iam)?;

        let path = args.data.as_deref().map(|data| data.join("dynamodb.sqlite"));
        let dynamodb = DynamoDb::start(DynamoDbOptions {
            path,
            keep: keep.clone(),
            meter: meter.clone(),
            weather: weather.clone(),
            events: events.clone(),
            ..DynamoDbOptions::default()
        })?;
        for table in &manifest.tables {
            dynamodb.create_table(table)?;
        }
        let sqs = Sqs::new(manifest.queues.clone(), &front_door, keep.clone()).metered(meter.clone()).watched(events.clone());
        let lambda = Lambda::start(
            &manifest.functions,
            LambdaOptions {
                environment: endpoints(args, &front_door, &api.stage),
                sqs: Some(sqs.clone()),
                keep: keep.clone(),
                weather: weather.clone(),
                events: events.clone(),
                ..lambda_options(args)?
            },
        );
        let lambda = lambda.await.map_err(io_error("starting the functions"))?;
        let (topics, subscriptions) = (manifest.topics.clone(), manifest.topic_subscriptions.clone());
        let sns = Sns::new(topics, subscriptions, lambda.clone(), sqs.clone()).metered(meter.clone());
        let definitions = args.template.parent().unwrap_or(Path::new(""));
        let step_functions = StepFunctions::start(&manifest.state_machines, definitions, (&lambda, &sns), &iam, Clock::default())?;
        let gamelift = start_gamelift(args, &manifest, &front_door, (&sns, &iam), keep)?;
        let gateway = Gateway::new(api.clone(), lambda.clone(), limits(args), (meter.clone(), events.clone()), weather.clone());
        let (environments, clock) = (args.environments.get(), Clock::default());
        let options = mappings::Options { environments, pace: args.pace, weather: weather.clone(), clock };
        let (streams, queues) = (&manifest.stream_mappings, &manifest.queue_mappings);
        let mappings = Mappings::start(streams, queues, &dynamodb, (&lambda, &sqs), &options)?;
        let status = Status {
            addresses: addresses.clone(),
            lambda: lambda.clone(),
            gateway: gateway.clone(),
            dynamodb: dynamodb.clone(),
            sqs: sqs.clone(),
            gamelift: gamelift.clone(),
            step_functions: step_functions.clone(),
            mapped_queues: manifest.queue_mappings.iter().map(|mapping| mapping.queue.clone()).collect(),
            failures: mappings.failures().clone(),
            meter,
            iam: iam.clone(),
        };
        let page_file = args.web.as_deref().map(web::console_page);
        let console = Console { status: status.clone(), manifest: manifest.clone(), events, page: page_file };
        let operators = Operators::new(&manifest, lambda.clone(), sqs.clone());
        let services = Services {
            dynamodb,
            sqs,
            sns,
            gamelift: gamelift.clone(),
            step_functions: step_functions.clone(),
            operators: operators.clone(),
        };
        let rooms = front_door::router(services)
            .merge(gamelift.router())
            .merge(status.clone().router())
            .merge(console.router())
            .merge(issuer.router())
            .merge(gateway.router())
            .merge(lambda.router())
            .merge(operators.router())
            .merge(page.unwrap_or_default())
            .fallback(front_door::nothing_here)
            .layer(from_fn_with_state(Callers { iam, weather }, front_door::check));
        let guard = Guard { allowed: args.allowed_origins.clone() };
        let server = tokio::spawn(port::serve(listener, guard.around(rooms, socket.port())));
        Ok(Self { addresses, manifest, gateway, mappings, gamelift, step_functions, lambda, status, server, _data_lock: data_lock })
    }

    /// Closes every socket, lets the functions finish with them, and ends every process. Answers what the run has used.
    pub async fn stop(self) -> Usage {
        self.gateway.shutdown().await;
        self.mappings.shutdown().await;
        self.gamelift.shutdown().await;
        self.step_functions.shutdown().await;
        self.lambda.shutdown().await;
        self.server.abort();
        self.status.usage()
    }
}

/// Makes the directory that keeps the tables, and keeps other stacks out of it.
fn lock(data: &Path) -> Result<File, StartError> {
    std::fs::create_dir_all(data).map_err(io_error(format!("making {}", data.display())))?;
    let file = File::create(data.join("lock")).map_err(io_error(format!("locking {}", data.display())))?;
    file.try_lock().map_err(|_| StartError::DataInUse(data.to_path_buf()))?;
    Ok(file)
}

/// The template with the parameters given, the local issuer where none is named, and the local fleet where no queue is.
fn manifest(args: &Args, issuer: &Issuer) -> Result<Manifest, StartError> {
    let text = std::fs::read_to_string(&args.template).map_err(io_error(format!("reading {}", args.template.display())))?;
    let mut parameters: BTreeMap<_, _> = args.parameters.iter().cloned().collect();
    parameters.entry("Issuer".to_owned()).or_insert_with(|| issuer.issuer_url().to_owned());
    parameters.entry("Audience".to_owned()).or_insert_with(|| AUDIENCE.to_owned());
    if !parameters.contains_key("GameSessionQueue") {
        parameters.entry("FleetArn".to_owned()).or_insert_with(|| account::arn("gamelift", "fleet/fleet-local"));
    }
    template::load(&text, &parameters).map_err(|source| StartError::Template { file: args.template.clone(), source })
}

/// What Lambda and SNS do for the template's functions and topics they have to be allowed. AWS refuses to make a mapping whose function may
/// not send to its queue, and drops what a topic may not.
fn check_destinations(manifest: &Manifest, iam: &Iam) -> Result<(), Denial> {
    let of_streams = manifest.stream_mappings.iter().map(|mapping| (&mapping.function_arn, mapping.on_failure_queue_arn.as_ref()));
    let of_events = manifest.functions.iter().map(|function| (&function.arn, function.event_invoke.on_failure_queue_arn.as_ref()));
    for (function, queue) in of_streams.chain(of_events) {
        if let Some(queue) = queue {
            iam.allows(function, "sqs:SendMessage", queue)?;
        }
    }
    for subscription in &manifest.topic_subscriptions {
        if let Some(queue) = &subscription.dead_letter_queue_arn {
            iam.allows_service("sns.amazonaws.com", &subscription.topic_arn, "sqs:SendMessage", queue)?;
        }
    }
    Ok(())
}

/// Where functions find the services of this machine: the variables that every AWS SDK knows, and the API's own address, which the template
/// has as it is on AWS.
fn endpoints(args: &Args, front_door: &str, stage: &str) -> BTreeMap<String, String> {
    let mut replaced: BTreeMap<_, _> = args.endpoints.iter().cloned().collect();
    let management = replaced.remove("apigatewaymanagementapi").unwrap_or_else(|| front_door.to_owned());
    let own = [("AWS_ENDPOINT_URL".to_owned(), front_door.to_owned()), ("PUSH_ENDPOINT".to_owned(), format!("{management}/{stage}"))];
    let others = replaced.into_iter().map(|(service, url)| (format!("AWS_ENDPOINT_URL_{}", service.to_ascii_uppercase()), url));
    let trusted = args.ca_bundle.iter().map(|file| ("AWS_CA_BUNDLE".to_owned(), file.display().to_string()));
    own.into_iter().chain(others).chain(trusted).collect()
}

/// What the command line says of functions.
fn lambda_options(args: &Args) -> Result<LambdaOptions, StartError> {
    if !args.functions.is_file() {
        return Err(StartError::Functions(args.functions.clone()));
    }
    let show = match (args.verbose, args.quiet) {
        (true, _) => Level::Debug,
        (_, true) => Level::Error,
        _ => Level::Info,
    };
    let format = if args.verbose { LogFormat::Json } else { args.log };
    let usual = LambdaOptions::default();
    Ok(LambdaOptions {
        program: args.functions.clone(),
        max_environments: args.environments.get(),
        async_retry: args.async_retry.unwrap_or(usual.async_retry),
        pace_aws: args.pace == Pace::Aws,
        logs: LogOptions { show: Some(show), format },
        ..usual
    })
}

/// The pretended fleet, behind the queue of the template and those that its file names.
fn start_gamelift(
    args: &Args,
    manifest: &Manifest,
    front_door: &str,
    (sns, iam): (&Sns, &Iam),
    keep: Keep,
) -> Result<GameLift, StartError> {
    if let Some(missing) = args.game_server.as_ref().filter(|program| !program.is_file()) {
        return Err(StartError::GameServer(missing.clone()));
    }
    let quiet = args.quiet;
    let log: gamelift::Log = Arc::new(move |line| match line {
        Line::Output(text) if !quiet => report::print(text),
        Line::Output(_) => {}
        Line::Fault(text) => report::report("gamelift", text),
    });
    let (sns, iam) = (sns.clone(), iam.clone());
    Ok(GameLift::start(GameLiftOptions {
        queues: manifest.game_session_queues.clone(),
        topic_arn: manifest.outputs.get(PLACEMENT_EVENTS_TOPIC).cloned(),
        publisher: Arc::new(move |topic, message| {
            let queue = serde_json::from_str(&message).unwrap_or(Value::Null)["resources"][0].as_str().unwrap_or_default().to_owned();
            if iam.allows_service("gamelift.amazonaws.com", &queue, "sns:Publish", topic).is_err() {
                return;
            }
            if let Err(error) = sns.publish(topic, message) {
                report::report("gamelift", format!("an event cannot be published on {topic}: {error}"));
            }
        }),
        fleet_file: args.fleet.clone(),
        game_server: args.game_server.clone().map(|program| GameServer::new(program, front_door.to_owned())),
        log,
        keep,
        clock: Clock::default(),
    }))
}

fn page(directory: &Path) -> Result<Router, StartError> {
    web::router(directory).map_err(|source| StartError::Web { directory: directory.to_owned(), source })
}

fn limits(args: &Args) -> Limits {
    let usual = Limits::default();
    Limits { idle: args.idle.unwrap_or(usual.idle), lifetime: args.lifetime.unwrap_or(usual.lifetime), ..usual }
}
