//! The command line.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use clap::Parser;
use url::Url;

use crate::{
    lambda::{ENVIRONMENTS, LogFormat},
    mappings::Pace,
    weather::Odds,
};

/// The AWS services that functions call.
const SERVICES: [&str; 6] = ["apigatewaymanagementapi", "dynamodb", "dynamodb_streams", "gamelift", "lambda", "sqs"];

/// The options, which README.md explains.
#[derive(Clone, Debug, Parser)]
#[command(name = "muster", about = "Runs Muster on this machine, from the same template and functions as in the cloud.")]
pub struct Args {
    /// The port of everything: WebSockets, AWS APIs and the issuer of tokens. 0 takes any that is free.
    #[arg(long, default_value_t = 6878)]
    pub port: u16,

    /// The template to boot from.
    #[arg(long, value_name = "FILE", overrides_with = "template")]
    pub template: PathBuf,

    /// The program of all functions.
    #[arg(long, value_name = "PROGRAM", overrides_with = "functions")]
    pub functions: PathBuf,

    /// A parameter of the template, such as `Stage=staging`. May be given more than once.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    pub parameters: Vec<(String, String)>,

    /// Keep tables, queues, placements and events in this directory from one run to the next, instead of forgetting them at the end.
    #[arg(long, value_name = "DIRECTORY")]
    pub data: Option<PathBuf>,

    /// What goes wrong on purpose: `mild`, `rough` (each may have a seed behind it, such as `rough:42`), or a JSON file.
    #[arg(long, value_name = "WEATHER", value_parser = Odds::read, default_value = "calm")]
    pub weather: Odds,

    /// Whether streams are looked at and functions started as fast as this machine can, or as AWS does.
    #[arg(long, value_name = "PACE", value_enum, default_value_t)]
    pub pace: Pace,

    /// Seconds after which a silent socket is closed, instead of API Gateway's 600.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub idle: Option<Duration>,

    /// Seconds after which any socket is closed, instead of API Gateway's 7,200.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub lifetime: Option<Duration>,

    /// Where functions reach an AWS service instead of here, such as `dynamodb=http://127.0.0.1:5000`: through a proxy that watches or
    /// breaks it, for example. May be given once for each service.
    #[arg(long = "endpoint", value_name = "SERVICE=URL", value_parser = endpoint)]
    pub endpoints: Vec<(String, String)>,

    /// Certificates that functions trust besides Amazon's, as PEM: of whoever is behind an `--endpoint` with https.
    #[arg(long, value_name = "FILE")]
    pub ca_bundle: Option<PathBuf>,

    /// Most processes of one function.
    #[arg(long, value_name = "NUMBER", default_value_t = ENVIRONMENTS)]
    pub environments: NonZeroUsize,

    /// Seconds after which a failed asynchronous invocation is tried again, instead of Lambda's 60. The second retry waits twice as long.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub async_retry: Option<Duration>,

    /// What the pretended GameLift fleet does with placements, by queue: a JSON file such as `{"muster-dev": {"outcome": "fail"}}`, which
    /// is read again for each placement.
    #[arg(long, value_name = "FILE")]
    pub fleet: Option<PathBuf>,

    /// The program that serves game sessions, started for each placement that is fulfilled.
    #[arg(long, value_name = "PROGRAM", overrides_with = "game_server")]
    pub game_server: Option<PathBuf>,

    /// The directory of the page to play at, served below `/play/`, and of the console in its directory `console`.
    #[arg(long, value_name = "DIRECTORY", overrides_with = "web")]
    pub web: Option<PathBuf>,

    /// Let the pages of another origin use this stack, such as `http://localhost:5173`, besides its own. May be given more than once.
    #[arg(long = "allow-origin", value_name = "ORIGIN", value_parser = origin)]
    pub allowed_origins: Vec<String>,

    /// How to show what the functions print: as lines for people, or as the JSON that they print.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub log: LogFormat,

    /// Show everything that the functions print, metrics included, as JSON.
    #[arg(long)]
    pub verbose: bool,

    /// Show nothing that the functions print except errors.
    #[arg(long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Write the addresses to this file, as JSON, once everything is up.
    #[arg(long, value_name = "FILE")]
    pub ready: Option<PathBuf>,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A service as in `AWS_ENDPOINT_URL_<SERVICE>`, and where it is. One that functions do not know is refused: it would have no effect.
fn endpoint(text: &str) -> Result<(String, String), String> {
    let (service, url) = text.split_once('=').ok_or("write it as SERVICE=URL")?;
    if !SERVICES.contains(&service) {
        return Err(format!("functions call no service '{service}'; they call {}", SERVICES.join(", ")));
    }
    // The functions trust Amazon's certificates only, and append paths to what they are given.
    let url = url.trim_end_matches('/');
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(format!("'{url}' is not a URL that begins with http:// or https://"));
    }
    Ok((service.to_owned(), url.to_owned()))
}

/// An origin, as browsers write it.
fn origin(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let is_page = matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    is_page.then(|| url.origin().ascii_serialization()).ok_or_else(|| "write it as http://HOST:PORT or https://HOST".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|error| format!("{error}"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(more: &[&str]) -> Result<Args, clap::Error> {
        Args::try_parse_from(["muster", "--template", "t", "--functions", "f"].iter().chain(more))
    }

    #[test]
    fn a_parameter_may_be_empty() {
        let args = parse(&["--parameter", "Stage=prod", "--parameter", "AlarmEmail="]).unwrap();
        assert_eq!(args.parameters, [("Stage".into(), "prod".into()), ("AlarmEmail".into(), String::new())]);
    }

    #[test]
    fn an_endpoint_is_of_a_service_that_functions_call() {
        let args = parse(&["--endpoint", "dynamodb=http://127.0.0.1:5000/", "--endpoint", "sqs=https://queues.example"]).unwrap();
        let expected = [("dynamodb", "http://127.0.0.1:5000"), ("sqs", "https://queues.example")];
        assert_eq!(args.endpoints, expected.map(|(service, url)| (service.to_owned(), url.to_owned())));
        for (wrong, problem) in [
            ("dynamodb", "SERVICE=URL"),
            (
                "dynamo=http://here",
                "no service 'dynamo'; they call apigatewaymanagementapi, dynamodb, dynamodb_streams, gamelift, lambda, sqs",
            ),
            ("dynamodb=127.0.0.1:5000", "not a URL"),
        ] {
            let error = parse(&["--endpoint", wrong]).unwrap_err().to_string();
            assert!(error.contains("--endpoint") && error.contains(problem), "{error}");
        }
    }

    #[test]
    fn what_the_launcher_gives_can_be_given_again() {
        let args = parse(&["--template", "mine.yaml", "--functions", "mine", "--web", "web", "--web", "mine"]).unwrap();
        assert_eq!((args.template, args.functions, args.web), ("mine.yaml".into(), "mine".into(), Some("mine".into())));
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        let args = parse(&["--allow-origin", "HTTP://LocalHost:5173/", "--allow-origin", "https://game.example:443"]).unwrap();
        assert_eq!(args.allowed_origins, ["http://localhost:5173", "https://game.example"]);
        for wrong in ["*", "null", "localhost:5173", "http://localhost/page", "file:///page", "https://game.example?"] {
            assert!(parse(&["--allow-origin", wrong]).unwrap_err().to_string().contains("--allow-origin"), "{wrong}");
        }
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        assert!(parse(&["--parameter", "Stage"]).unwrap_err().to_string().contains("NAME=VALUE"));
        assert!(parse(&["--idle", "-1"]).unwrap_err().to_string().contains("--idle"));
        assert!(parse(&["--environments", "0"]).unwrap_err().to_string().contains("--environments"));
        assert!(parse(&["--async-retry", "soon"]).unwrap_err().to_string().contains("--async-retry"));
        assert!(parse(&["--port", "70000"]).unwrap_err().to_string().contains("--port"));
    }
}
