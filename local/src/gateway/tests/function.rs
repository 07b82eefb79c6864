//! The functions of these tests: the test binary runs itself again as each function's process, and [`process`] plays the
//! authorizer, `$connect`, `$disconnect` or a route. Each event is appended to a file, where a test finds it.
//!
//! | role | what decides its behaviour |
//! |---|---|
//! | authorizer | the query parameter `token`, see [`authorize`] |
//! | connect | the query parameter `connect`, see [`connect`] |
//! | disconnect | nothing |
//! | route | the message: `{"sleep": milliseconds, "error": text, "answer": JSON}`; else its text is the answer's body |

use std::{collections::BTreeMap, io::Write, path::Path, time::Duration};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

use crate::lambda::{EventInvokeConfig, FunctionConfig};

/// The function of a role, which is also its name. Its events are appended to `log`.
pub(super) fn config(role: &str, log: &Path) -> FunctionConfig {
    let environment =
        BTreeMap::from([("TEST_ROLE".to_owned(), role.to_owned()), ("TEST_LOG".to_owned(), log.to_str().unwrap().to_owned())]);
    FunctionConfig {
        logical_id: format!("{role}Function"),
        name: role.to_owned(),
        program: std::env::current_exe().unwrap(),
        arguments: ["--exact", "gateway::tests::function::process", "--ignored", "--nocapture"].map(str::to_owned).to_vec(),
        timeout: Duration::from_secs(20),
        memory_mb: 128,
        platform_lines: true,
        environment,
        reserved_concurrency: None,
        event_invoke: EventInvokeConfig::default(),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.into_string().unwrap())
}

/// The function process. Run by hand, outside an environment, it does nothing.
#[test]
#[ignore = "the process of the gateway's test functions, started by the Lambda room"]
fn process() {
    let Some(role) = variable("TEST_ROLE") else { return };
    let log = variable("TEST_LOG").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(lambda_runtime::run(service_fn(|event| handle(&role, &log, event)))).unwrap();
}

async fn handle(role: &str, log: &str, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let event = event.payload;
    // One write for each line, so that lines of several processes do not mix.
    std::fs::OpenOptions::new().create(true).append(true).open(log)?.write_all(format!("{event}\n").as_bytes())?;
    match role {
        "authorizer" => authorize(&event).await,
        "connect" => connect(&event).await,
        "route" => route(&event).await,
        _ => Ok(json!({})),
    }
}

async fn sleep(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

async fn authorize(event: &Value) -> Result<Value, Error> {
    let token = event["queryStringParameters"]["token"].as_str().unwrap_or_default();
    let policy = |effect: &str, resource: &Value| {
        let statement = json!({"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource});
        json!({
            "principalId": token, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "context": {"playerId": token, "tokenExpiresAt": 1_900_000_000, "admin": false},
        })
    };
    Ok(match token {
        "unauthorized" => return Err("Unauthorized".into()),
        "error" => return Err("Unauthorized: not exactly".into()),
        "malformed" => json!({"principalId": "x"}),
        "deny" => policy("Deny", &event["methodArn"]),
        "elsewhere" => policy("Allow", &json!("arn:aws:execute-api:eu-central-1:123456789012:local/other/$connect")),
        "wildcard" => policy("Allow", &json!("arn:aws:execute-api:eu-central-1:123456789012:*/d?v/*")),
        "slow" => {
            sleep(5000).await;
            json!({})
        }
        _ => policy("Allow", &event["methodArn"]),
    })
}

async fn connect(event: &Value) -> Result<Value, Error> {
    let asked = event["queryStringParameters"]["connect"].as_str().unwrap_or_default();
    Ok(match asked.split_once('-').unwrap_or((asked, "")) {
        ("status", status) => json!({"statusCode": status.parse::<u16>()?}),
        ("error", _) => return Err("asked to fail".into()),
        ("malformed", _) => json!({"ok": true}),
        ("protocol", protocol) => json!({"statusCode": 200, "headers": {"sec-websocket-protocol": protocol}}),
        ("sleep", milliseconds) => {
            sleep(milliseconds.parse()?).await;
            json!({"statusCode": 200})
        }
        _ => json!({"statusCode": 200}),
    })
}

async fn route(event: &Value) -> Result<Value, Error> {
    let text = event["body"].as_str().unwrap_or_default();
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    if let Some(milliseconds) = body["sleep"].as_u64() {
        sleep(milliseconds).await;
    }
    if let Some(error) = body["error"].as_str() {
        return Err(error.into());
    }
    Ok(body.get("answer").cloned().unwrap_or_else(|| json!({"statusCode": 200, "body": text})))
}
