//! The whole system: rooms started in the order in which they need each other, and stopped in the other.

use std::{
    fs::File,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::Router;
use thiserror::Error;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    addresses::Addresses,
    args::Args,
    dynamodb::{DynamoDb, DynamoDbError, DynamoDbOptions, StartingPosition},
    front_door::{self, Services},
    gamelift::{self, GameLift, GameLiftConfig, Line},
    gateway::{ApiError, Gateway, Limits},
    issuer::{Issuer, IssuerError},
    lambda::{Lambda, LambdaOptions, LogOptions, RetryWaits},
    meter::{Meter, Usage},
    port,
    queue_mappings::{QueueMapping, QueueMappingError},
    report,
    sns::Sns,
    sqs::{MessageAttributes, Sqs},
    status::Status,
    streams::{Mapping, MappingError},
    template::{self, Manifest, TemplateError},
    web::Web,
    wiring::{self, Endpoints},
};

/// Whom the local issuer's tokens are for.
const AUDIENCE: &str = "muster-local";

/// The fleet of the template's queue, if no other and no other queue is named.
const FLEET_ARN: &str = "arn:aws:gamelift:us-east-1:000000000000:fleet/fleet-local";

/// The template's output that says where GameLift tells of placements.
const PLACEMENT_EVENTS_TOPIC: &str = "PlacementEventsTopicArn";

/// Why the stack cannot start. Each says what to do about it.
#[derive(Debug, Error)]
pub enum StartError {
    /// Somebody else has the port.
    #[error("port {port} cannot be had: {source}. Is another stack running? Choose another port with --port")]
    Port {
        /// The port.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// The template or its parameters are wrong.
    #[error("{} cannot be booted from:\n{source}", file.display())]
    Template {
        /// The template.
        file: PathBuf,
        /// Everything that is wrong with it.
        source: TemplateError,
    },
    /// A function of the template has no binary.
    #[error("{function} runs the binary {}, which is not there: is it a [[bin]] of functions/Cargo.toml?", binary.display())]
    Binary {
        /// The function's logical id.
        function: String,
        /// Where its binary should be.
        binary: PathBuf,
    },
    /// The program that serves game sessions is not there.
    #[error("--game-server: {} is not a file", .0.display())]
    GameServer(PathBuf),
    /// There is no page to serve.
    #[error("--web: {} has no page to play at: {source}", directory.display())]
    Web {
        /// The directory that was named.
        directory: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There should be exactly one WebSocket API.
    #[error("the template has {0} resources of type AWS::Serverless::WebSocketApi; this stack serves exactly one")]
    Apis(usize),
    /// Two stacks would deliver every row twice.
    #[error("{} is in use by another stack", .0.display())]
    DataInUse(PathBuf),
    /// The API cannot be served.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The tables cannot be had.
    #[error("DynamoDB: {0}")]
    DynamoDb(#[from] DynamoDbError),
    /// A mapping cannot be started.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// A mapping from a queue cannot be started.
    #[error(transparent)]
    QueueMapping(#[from] QueueMappingError),
    /// The issuer has no key.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// A file or a port cannot be used.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system says.
        source: io::Error,
    },
}

fn io_error(doing: impl Into<String>) -> impl FnOnce(io::Error) -> StartError {
    let doing = doing.into();
    move |source| StartError::Io { doing, source }
}

/// A running stack.
pub struct Stack {
    /// Where it is.
    pub addresses: Addresses,
    /// What it was booted from.
    pub manifest: Manifest,
    gateway: Gateway,
    mappings: Vec<Mapping>,
    queue_mappings: Vec<QueueMapping>,
    gamelift: GameLift,
    lambda: Lambda,
    dynamodb: DynamoDb,
    status: Status,
    server: JoinHandle<io::Result<()>>,
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

        let issuer = Issuer::new(front_door.clone(), AUDIENCE.to_owned())?;
        let manifest = manifest(args, &issuer)?;
        let [api] = manifest.apis.as_slice() else { return Err(StartError::Apis(manifest.apis.len())) };
        let addresses = Addresses::new(socket, &api.stage).with_page(args.web.is_some());
        let page = args.web.as_deref().map(page).transpose()?;

        let data_lock = args.data.as_deref().map(lock).transpose()?;
        let meter = Meter::default();
        let dynamodb = DynamoDb::start(DynamoDbOptions { meter: meter.clone(), ..wiring::dynamodb(args.data.as_deref()) }).await?;
        for table in &manifest.tables {
            dynamodb.create_table(&wiring::table(table)).await?;
        }
        let sqs = Sqs::new(manifest.queues.iter().map(wiring::queue).collect(), &front_door).metered(meter.clone());
        let endpoints = Endpoints { dynamodb: dynamodb.endpoint(), front_door, replaced: args.endpoints() };
        let lambda = start_functions(args, &manifest, &endpoints, sqs.clone()).await?;
        let topics = manifest.topics.iter().map(wiring::topic).collect();
        let subscriptions = manifest.topic_subscriptions.iter().map(wiring::subscription).collect();
        let sns = Sns::new(topics, subscriptions, lambda.clone(), sqs.clone()).metered(meter.clone());
        let gamelift = start_gamelift(args, &manifest, &endpoints, &sns)?;
        let gateway = Gateway::new(wiring::api(api), lambda.clone(), limits(args), meter.clone())?;
        let mut mappings = Vec::new();
        for mapping in &manifest.stream_mappings {
            let reader = dynamodb.stream(&mapping.table, &mapping.logical_id, StartingPosition::TrimHorizon)?;
            mappings.push(Mapping::start(wiring::mapping(mapping), reader, lambda.clone(), sqs.clone())?);
        }
        let mut queue_mappings = Vec::new();
        for mapping in &manifest.queue_mappings {
            let config = wiring::queue_mapping(mapping, args.environments.get());
            queue_mappings.push(QueueMapping::start(config, lambda.clone(), sqs.clone())?);
        }
        let status = Status {
            addresses: addresses.clone(),
            lambda: lambda.clone(),
            gateway: gateway.clone(),
            dynamodb: dynamodb.clone(),
            sqs: sqs.clone(),
            gamelift: gamelift.clone(),
            mapped_queues: manifest.queue_mappings.iter().map(|mapping| mapping.queue.clone()).collect(),
            meter,
        };
        let services = Services { dynamodb: dynamodb.clone(), sqs, sns, gamelift: gamelift.clone() };
        let rooms = front_door::router(services)
            .merge(gamelift.router())
            .merge(status.clone().router())
            .merge(issuer.router())
            .merge(gateway.router())
            .merge(lambda.router())
            .merge(page.map(Web::router).unwrap_or_default())
            .fallback(front_door::nothing_here);
        let server = tokio::spawn(serve(listener, rooms));
        Ok(Self {
            addresses,
            manifest,
            gateway,
            mappings,
            queue_mappings,
            gamelift,
            lambda,
            dynamodb,
            status,
            server,
            _data_lock: data_lock,
        })
    }

    /// Closes every socket, lets the functions finish with them, and ends every process. Answers what the run has used.
    pub async fn stop(self) -> Usage {
        self.gateway.shutdown().await;
        for mapping in &self.mappings {
            mapping.shutdown().await;
        }
        for mapping in &self.queue_mappings {
            mapping.shutdown().await;
        }
        self.gamelift.shutdown().await;
        self.lambda.shutdown().await;
        self.server.abort();
        self.dynamodb.shutdown().await;
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
    let mut parameters = args.parameters();
    parameters.entry("Issuer".to_owned()).or_insert_with(|| issuer.issuer_url().to_owned());
    parameters.entry("Audience".to_owned()).or_insert_with(|| AUDIENCE.to_owned());
    if !parameters.contains_key("GameSessionQueue") {
        parameters.entry("FleetArn".to_owned()).or_insert_with(|| FLEET_ARN.to_owned());
    }
    template::load(&text, &parameters, "muster-local").map_err(|source| StartError::Template { file: args.template.clone(), source })
}

async fn start_functions(args: &Args, manifest: &Manifest, endpoints: &Endpoints, sqs: Sqs) -> Result<Lambda, StartError> {
    let configs: Vec<_> = manifest.functions.iter().map(|function| wiring::function(function, &args.functions, endpoints)).collect();
    if let Some(missing) = configs.iter().find(|config| !config.program.is_file()) {
        return Err(StartError::Binary { function: missing.logical_id.clone(), binary: missing.program.clone() });
    }
    let logs = LogOptions { metrics: args.verbose, debug: args.verbose, errors_only: args.quiet, ..LogOptions::default() };
    let usual = RetryWaits::default();
    let retry_waits = RetryWaits { function_error: args.async_retry.unwrap_or(usual.function_error), ..usual };
    let options =
        LambdaOptions { max_environments: args.environments.get(), retry_waits, sqs: Some(sqs), logs, ..LambdaOptions::default() };
    Lambda::start(configs, options).await.map_err(io_error("starting the Lambda Runtime API"))
}

/// The pretended fleet, behind the queue of the template and those that are named after what they do.
fn start_gamelift(args: &Args, manifest: &Manifest, endpoints: &Endpoints, sns: &Sns) -> Result<GameLift, StartError> {
    if let Some(missing) = args.game_server.as_ref().filter(|program| !program.is_file()) {
        return Err(StartError::GameServer(missing.clone()));
    }
    let usual = GameLiftConfig::default();
    let (usual_log, quiet) = (usual.log, args.quiet);
    let log: gamelift::Log = Arc::new(move |line| match line {
        Line::Output(_) if quiet => {}
        line => usual_log(line),
    });
    let sns = sns.clone();
    Ok(GameLift::start(GameLiftConfig {
        queues: manifest.game_session_queues.iter().map(wiring::game_session_queue).collect(),
        default_topic_arn: manifest.outputs.get(PLACEMENT_EVENTS_TOPIC).map(|output| output.value.clone()),
        publisher: Arc::new(move |topic, message| {
            if let Err(error) = sns.publish(topic, message, MessageAttributes::default()) {
                report::report("gamelift", format!("an event cannot be published on {topic}: {error}"));
            }
        }),
        fleet_file: args.fleet.clone(),
        game_server: args.game_server.as_deref().map(|program| wiring::game_server(program, endpoints)),
        log,
        ..usual
    }))
}

fn page(directory: &Path) -> Result<Web, StartError> {
    Web::new(directory).map_err(|source| StartError::Web { directory: directory.to_owned(), source })
}

fn limits(args: &Args) -> Limits {
    let usual = Limits::default();
    Limits { idle: args.idle.unwrap_or(usual.idle), lifetime: args.lifetime.unwrap_or(usual.lifetime), ..usual }
}

async fn serve(listener: TcpListener, rooms: Router) -> io::Result<()> {
    axum::serve(port::undelayed(listener), rooms.into_make_service_with_connect_info::<SocketAddr>()).await
}
