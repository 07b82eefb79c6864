//! A function for tests. The test binary runs itself again as the function's process: [`quiet`] names the ignored test
//! [`process`], which speaks the Runtime API through `lambda_runtime` and behaves as its payload or its environment says.
//!
//! | payload | behaviour |
//! |---|---|
//! | `{"answer": X}` | answers X |
//! | `{"sleepMilliseconds": n}` | sleeps, then answers the payload |
//! | `{"error": "text"}` | fails with the text |
//! | `{"panic": true}` | panics |
//! | `{"exit": code}` | ends the process |
//! | `{"exitAfterwards": code}` | answers the payload, then ends the process |
//! | `{"environment": "NAME"}` | answers that variable, or null |
//! | `{"context": true}` | answers what the runtime knows of the invocation |
//! | `{"answerBytes": n}` | answers a string of that many bytes |
//! | `{"print": ["line", …]}` | prints the lines to standard output, then answers the payload |
//! | anything else | answers the payload |
//!
//! | variable | behaviour |
//! |---|---|
//! | `TEST_FUNCTION_ANSWER` | this JSON is the answer, whatever the payload |
//! | `TEST_FUNCTION_INIT` | `hang` before the first invocation, or crash with anything else |
//! | `TEST_FUNCTION_BATCH` | the bodies of a queue's messages say what becomes of them, see [`handle_batch`] |
//! | `TEST_FUNCTION_LOG` | a file to which each payload is appended as a line |
//! | `TEST_FUNCTION_IDS` | a file to which each request id is appended as a line |

use std::{collections::BTreeMap, io::Write, time::Duration};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

use super::{Function, LambdaOptions};
use crate::{account::function_arn, template::EventInvoke};

/// A function called `name`; timeout 5 seconds, 128 MB, no variables.
pub(crate) fn config(name: &str) -> Function {
    Function {
        name: name.to_owned(),
        arn: function_arn(name),
        handler: name.to_owned(),
        timeout: Duration::from_secs(5),
        memory_mb: 128,
        environment: BTreeMap::new(),
        reserved_concurrency: None,
        event_invoke: EventInvoke {
            maximum_retry_attempts: 2,
            maximum_event_age: Duration::from_secs(6 * 60 * 60),
            on_failure_queue_arn: None,
        },
        statements: Vec::new(),
    }
}

/// Options under which functions run [`process`] and their output is not shown.
pub(crate) fn quiet() -> LambdaOptions {
    running("lambda::test_function::process")
}

/// Options under which functions run this ignored test, and their output is not shown.
pub(crate) fn running(test: &str) -> LambdaOptions {
    LambdaOptions {
        program: std::env::current_exe().unwrap(),
        arguments: ["--exact", test, "--ignored", "--nocapture"].map(str::to_owned).to_vec(),
        ..LambdaOptions::default()
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.into_string().unwrap())
}

/// The function process. Run by hand, outside an environment, it does nothing.
#[test]
#[ignore = "the process of the test function, started by the Lambda room"]
fn process() {
    if variable("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        match variable("TEST_FUNCTION_INIT").as_deref() {
            Some("hang") => std::future::pending().await,
            Some(_) => std::process::exit(3),
            None => lambda_runtime::run(service_fn(handle)).await.unwrap(),
        }
    });
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    for (file, line) in [("TEST_FUNCTION_LOG", payload.to_string()), ("TEST_FUNCTION_IDS", context.request_id.clone())] {
        if let Some(path) = variable(file) {
            // One write per line, so that lines of several environments do not mix.
            std::fs::OpenOptions::new().create(true).append(true).open(path)?.write_all(format!("{line}\n").as_bytes())?;
        }
    }
    if let Some(answer) = variable("TEST_FUNCTION_ANSWER") {
        return Ok(serde_json::from_str(&answer)?);
    }
    if let Some(release) = variable("TEST_FUNCTION_BATCH") {
        return handle_batch(&payload, &release).await;
    }
    let Some((key, value)) = payload.as_object().and_then(|members| members.iter().next()) else { return Ok(payload) };
    match (key.as_str(), value) {
        ("answer", answer) => Ok(answer.clone()),
        ("sleepMilliseconds", Value::Number(n)) => {
            tokio::time::sleep(Duration::from_millis(n.as_u64().unwrap())).await;
            Ok(payload)
        }
        ("error", Value::String(text)) => Err(text.clone().into()),
        ("panic", _) => panic!("asked to panic"),
        ("exit", Value::Number(code)) => std::process::exit(code.as_i64().unwrap() as i32),
        ("exitAfterwards", Value::Number(code)) => {
            let code = code.as_i64().unwrap() as i32;
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(50));
                std::process::exit(code);
            });
            Ok(payload)
        }
        ("environment", Value::String(name)) => Ok(json!(variable(name))),
        ("context", _) => Ok(json!({
            "requestId": context.request_id, "deadline": context.deadline, "arn": context.invoked_function_arn,
            "variables": std::env::vars().collect::<BTreeMap<_, _>>(),
        })),
        ("answerBytes", Value::Number(n)) => Ok(json!("x".repeat(n.as_u64().unwrap() as usize))),
        ("print", Value::Array(lines)) => {
            for line in lines {
                println!("{}", line.as_str().unwrap());
            }
            Ok(payload)
        }
        _ => Ok(payload),
    }
}

/// `fail…` is reported as failed, `error…` fails the invocation, `hold…` waits until there is the file `release`.
async fn handle_batch(payload: &Value, release: &str) -> Result<Value, Error> {
    let mut failures = Vec::new();
    for record in payload["Records"].as_array().unwrap() {
        let body = record["body"].as_str().unwrap();
        if body.starts_with("fail") {
            failures.push(json!({"itemIdentifier": record["messageId"]}));
        } else if body.starts_with("error") {
            return Err(body.to_owned().into());
        }
        while body.starts_with("hold") && !std::path::Path::new(release).exists() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    Ok(json!({"batchItemFailures": failures}))
}
