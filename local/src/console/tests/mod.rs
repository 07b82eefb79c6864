//! The console's routes, on the rooms of the real template with one task that answers what it is asked.

mod live;
mod past;
mod routes;

use std::{path::Path, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Console;
use crate::{
    addresses::Addresses,
    clock::Clock,
    dynamodb::{DynamoDb, DynamoDbOptions},
    events::Events,
    gamelift::{GameLift, GameLiftOptions},
    gateway::{Gateway, Limits},
    iam::Iam,
    keep::Keep,
    lambda::{
        Lambda, LambdaOptions,
        test_function::{config, quiet},
    },
    meter::Meter,
    port,
    sns::Sns,
    sqs::Sqs,
    status::Status,
    stepfunctions::StepFunctions,
    template,
    weather::Weather,
    web,
};

/// A console on a port, and what its rooms are.
struct Served {
    base: String,
    events: Events,
    dynamodb: DynamoDb,
    sqs: Sqs,
    lambda: Lambda,
    _pages: TempDir,
}

impl Served {
    async fn start() -> Served {
        let pages = tempfile::tempdir().unwrap();
        std::fs::create_dir(pages.path().join("console")).unwrap();
        std::fs::write(pages.path().join("index.html"), "play").unwrap();
        std::fs::write(pages.path().join("console/index.html"), "<p>the console</p>").unwrap();
        std::fs::write(pages.path().join("console/app.js"), "// the console's").unwrap();
        let web = Some(pages.path().to_owned());
        Served::with_pages(pages, web.as_deref()).await
    }

    async fn with_pages(pages: TempDir, web: Option<&Path>) -> Served {
        let parameters =
            [("Issuer", "http://127.0.0.1:1/issuer"), ("Audience", "x")].map(|(name, value)| (name.into(), value.into())).into();
        let manifest = template::load(include_str!("../../../../template.yaml"), &parameters).unwrap();
        let (events, meter) = (Events::of(&manifest.prefix()), Meter::default());
        let dynamodb = DynamoDb::start(DynamoDbOptions { events: events.clone(), ..DynamoDbOptions::default() }).unwrap();
        manifest.tables.iter().for_each(|table| dynamodb.create_table(table).unwrap());
        let sqs = Sqs::new(manifest.queues.clone(), "http://127.0.0.1:1", Keep::default()).watched(events.clone());
        let options = LambdaOptions { events: events.clone(), ..quiet() };
        let lambda = Lambda::start(&[config("muster-dev-operate")], options).await.unwrap();
        let api = manifest.apis[0].clone();
        let gateway = Gateway::new(api, lambda.clone(), Limits::default(), (meter.clone(), events.clone()), Weather::default());
        let gamelift = GameLift::start(GameLiftOptions {
            queues: Vec::new(),
            topic_arn: None,
            publisher: std::sync::Arc::new(|_, _| {}),
            fleet_file: None,
            game_server: None,
            log: std::sync::Arc::new(|_| {}),
            keep: Keep::default(),
            clock: Clock::default(),
        });
        let listener = port::open(0).await.unwrap();
        let addresses = Addresses::new(listener.local_addr().unwrap(), "dev", web.is_some());
        let sns = Sns::new(Vec::new(), Vec::new(), lambda.clone(), sqs.clone());
        let iam = Iam::new(&manifest, None);
        let step_functions = StepFunctions::start(&[], Path::new(""), (&lambda, &sns), &iam, Clock::default()).unwrap();
        let status = Status {
            addresses: addresses.clone(),
            lambda: lambda.clone(),
            gateway,
            dynamodb: dynamodb.clone(),
            sqs: sqs.clone(),
            gamelift,
            step_functions,
            failures: Default::default(),
            mapped_queues: Vec::new(),
            meter,
            iam,
        };
        let page = web.map(web::console_page);
        let console = Console { status, manifest, events: events.clone(), page }.router();
        let router = console.merge(web.map(|web| web::router(web).unwrap()).unwrap_or_default());
        tokio::spawn(port::serve(listener, router));
        Served { base: addresses.endpoint, events, dynamodb, sqs, lambda, _pages: pages }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        reqwest::get(format!("{}{path}", self.base)).await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// The status and the answer of a task.
    async fn ask(&self, task: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let answer = reqwest::Client::new().post(format!("{}/api/tasks/{task}", self.base)).body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Writes a row of matches with this number, or deletes it.
    async fn write(&self, id: &str, number: Option<u64>) {
        let key = json!({"matchId": {"S": id}, "item": {"S": "match"}});
        let (operation, request) = match number {
            Some(number) => {
                let list = json!({"L": [{"N": "0.5"}, {"NULL": true}, {"M": {"a": {"BOOL": true}}}, {"SS": ["x"]}]});
                let mut item = key;
                item["number"] = json!({"N": number.to_string()});
                item["list"] = list;
                ("PutItem", json!({"TableName": "muster-dev-matches", "Item": item}))
            }
            None => ("DeleteItem", json!({"TableName": "muster-dev-matches", "Key": key})),
        };
        let target = format!("DynamoDB_20120810.{operation}").parse().unwrap();
        let headers = [(http::HeaderName::from_static("x-amz-target"), target)].into_iter().collect();
        assert_eq!(self.dynamodb.handle(headers, request.to_string().into()).await.status(), 200);
    }
}
