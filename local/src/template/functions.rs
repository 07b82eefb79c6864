//! `AWS::Serverless::Function`.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html>

use std::{collections::BTreeMap, time::Duration};

use super::{
    event_invoke,
    manifest::{Function, QueueMapping, StreamMapping, TopicSubscription},
    notes, policies, queue_mappings,
    resolver::Resolver,
    resources::Declaration,
    section::Section,
    stream_mappings, topic_subscriptions,
};

/// Names that Lambda sets itself and refuses in a template.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>
const RESERVED_VARIABLES: [&str; 13] = [
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_TASK_ROOT",
];

/// What a function's events become.
#[derive(Default)]
pub(super) struct Mappings {
    pub(super) of_streams: Vec<StreamMapping>,
    pub(super) of_queues: Vec<QueueMapping>,
    pub(super) of_topics: Vec<TopicSubscription>,
}

/// Reads a function and its events. `None` if it cannot be run.
pub(super) fn read(id: &str, declaration: &Declaration, properties: Section<'_>, resolver: &Resolver<'_>) -> (Option<Function>, Mappings) {
    let name = resolver.physical_name(id);
    if let Some(name) = properties.text("FunctionName")
        && (name.is_empty() || name.len() > 64 || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
    {
        properties.problem("FunctionName", format!("`{name}` is not a function's name: 1 to 64 letters, digits, hyphens and underscores"));
    }
    properties.choice("PackageType", &["Zip"]);
    for key in ["Runtime", "Handler"] {
        properties.require(key);
    }
    properties.choice("Runtime", &["provided.al2023"]);
    properties.choice("Handler", &["bootstrap"]);
    let memory_mb = properties.integer("MemorySize", 128..=10_240).unwrap_or(128);
    let timeout = Duration::from_secs(properties.integer("Timeout", 1..=900).unwrap_or(3).unsigned_abs());
    let platform_lines = platform_lines(&properties);
    let environment = environment(&properties);
    // Zero would have every invocation throttled, which is a way to switch a function off, not to run it.
    let reserved_concurrency = properties.integer("ReservedConcurrentExecutions", 1..=1_000).and_then(|most| usize::try_from(most).ok());
    let event_invoke = event_invoke::read(&properties, resolver);
    let binary = binary(id, declaration, resolver);
    let arn = resolver.arn(id);
    let mut mappings = Mappings::default();
    if let Some(events) = properties.section("Events") {
        for entry in events.members() {
            let Some(event) = events.section(&entry.key) else { continue };
            event.require("Type");
            event.require("Properties");
            let kind = event.choice("Type", &["DynamoDB", "SNS", "SQS"]);
            let section = event.section("Properties");
            event.finish(&[]);
            let (Some(kind), Some(section)) = (kind, section) else { continue };
            // As SAM names it.
            let id = format!("{id}{}", entry.key);
            let arn = arn.as_deref();
            match kind.as_str() {
                "SQS" => mappings.of_queues.extend(queue_mappings::read(&id, arn, timeout, section, resolver)),
                "SNS" => mappings.of_topics.extend(topic_subscriptions::read(&id, arn, section, resolver)),
                _ => mappings.of_streams.extend(stream_mappings::read(&id, arn, section, resolver)),
            }
        }
    }
    let statements = policies::of_function(id, &properties);
    properties.finish(notes::FUNCTION);
    let function = || {
        Some(Function {
            logical_id: id.to_owned(),
            name: name?,
            arn: arn?,
            binary: binary?,
            timeout,
            memory_mb: u32::try_from(memory_mb).ok()?,
            platform_lines,
            environment,
            reserved_concurrency,
            event_invoke,
            statements,
        })
    };
    (function(), mappings)
}

/// Whether Lambda logs that an invocation begins and ends: lines of level INFO, which can be turned off where lines are JSON.
fn platform_lines(properties: &Section<'_>) -> bool {
    let Some(logging) = properties.section("LoggingConfig") else { return true };
    let format = logging.choice("LogFormat", &["Text", "JSON"]);
    let level = logging.choice("SystemLogLevel", &["DEBUG", "INFO", "WARN"]);
    if level.is_some() && format.as_deref() != Some("JSON") {
        logging.problem("SystemLogLevel", "Lambda takes it only with LogFormat: JSON");
    }
    logging.finish(notes::LOGGING);
    level.as_deref() != Some("WARN")
}

fn environment(properties: &Section<'_>) -> BTreeMap<String, String> {
    let Some(environment) = properties.section("Environment") else { return BTreeMap::new() };
    let mut values = BTreeMap::new();
    if let Some(variables) = environment.section("Variables") {
        for entry in variables.members() {
            let mut letters = entry.key.chars();
            let starts = letters.next().is_some_and(|first| first.is_ascii_alphabetic());
            if !starts || entry.key.len() < 2 || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
                let message = "not a variable's name: two or more letters, digits and underscores, beginning with a letter";
                variables.problem(&entry.key, message);
            } else if RESERVED_VARIABLES.contains(&entry.key.as_str()) {
                variables.problem(&entry.key, "Lambda sets this variable itself and refuses it in a template");
            }
            if let Some(value) = variables.text(&entry.key) {
                values.insert(entry.key.clone(), value);
            }
        }
    }
    environment.finish(&[]);
    values
}

/// The binary that SAM would build for the function.
fn binary(id: &str, declaration: &Declaration, resolver: &Resolver<'_>) -> Option<String> {
    let how = "give it Metadata with BuildMethod: rust-cargolambda and BuildProperties: { Binary: … }";
    let Some(metadata) = &declaration.metadata else {
        let message = format!("the local stack has to know the function's binary; {how}");
        resolver.report.problem(&format!("Resources.{id}"), declaration.line, message);
        return None;
    };
    let path = format!("Resources.{id}.Metadata");
    let section = Section::new(metadata, declaration.line.max(metadata.line.saturating_sub(1)), path, resolver.report)?;
    section.require("BuildMethod");
    section.choice("BuildMethod", &["rust-cargolambda"]);
    section.require("BuildProperties");
    let build = section.section("BuildProperties");
    section.finish(notes::METADATA);
    let build = build?;
    let name = build.required_text("Binary");
    // It becomes the name of a program to start, so it must not lead elsewhere.
    if let Some(name) = &name
        && (name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
    {
        build.problem("Binary", format!("`{name}` is not the name of a Cargo binary"));
    }
    build.finish(&[]);
    name
}
