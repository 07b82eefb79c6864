//! A function whose failures are written into the items themselves. The test binary runs itself again as its process.
//!
//! An item's attribute `script` has a letter for each time that its record is delivered; the last one holds for all further times. The
//! first record of a batch whose letter is not `h` decides what becomes of the batch:
//!
//! | letter | behaviour |
//! |---|---|
//! | `h` | handles the record |
//! | `f` | answers that this record failed |
//! | `g` | answers that a record failed which is not of the batch |
//! | `e` | fails with an error |
//! | `x` | ends the process |
//! | `s` | takes 20 ms, then handles the record |

use std::{collections::BTreeMap, io::Write, path::Path, time::Duration};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

use crate::{
    lambda::{LambdaOptions, test_function},
    template::Function,
};

/// The function `deliver`, which appends each of its invocations to `log` as a line: the event, its `requestId`, and how many of its
/// first records it `handled`.
pub(super) fn config(log: &Path) -> Function {
    let mut function = test_function::config("deliver");
    function.environment.insert("SCRIPTED_LOG".to_owned(), log.to_str().unwrap().to_owned());
    function
}

/// Options under which functions run [`process`].
pub(super) fn options() -> LambdaOptions {
    test_function::running("streams::tests::scripted::process")
}

/// What `config`'s function has logged.
pub(super) fn invocations(log: &Path) -> Vec<Value> {
    std::fs::read_to_string(log).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The function process. Run by hand, outside an environment, it does nothing.
#[test]
#[ignore = "the process of the scripted function, started by the Lambda room"]
fn process() {
    let Some(log) = std::env::var_os("SCRIPTED_LOG") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let log = Path::new(&log);
    runtime.block_on(lambda_runtime::run(service_fn(|event| handle(log, event)))).unwrap();
}

async fn handle(log: &Path, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { mut payload, context } = event;
    let records = payload["Records"].as_array().unwrap().clone();
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for record in invocations(log).iter().flat_map(|line| line["Records"].as_array().unwrap()) {
        *times.entry(sequence_number(record)).or_default() += 1;
    }
    let letters: Vec<_> = records.iter().map(|record| letter(record, times.get(&sequence_number(record)).copied().unwrap_or(0))).collect();
    let failed = letters.iter().position(|letter| !matches!(letter, 'h' | 's'));
    let act = failed.map_or('h', |failed| letters[failed]);
    payload["requestId"] = context.request_id.into();
    payload["handled"] = match (act, failed) {
        ('h', _) => records.len().into(),
        ('f', Some(failed)) => failed.into(),
        _ => 0.into(),
    };
    // One write per line, so that lines of several environments do not mix.
    std::fs::OpenOptions::new().append(true).open(log)?.write_all(format!("{payload}\n").as_bytes())?;
    let slow = letters.iter().take(failed.unwrap_or(records.len())).filter(|letter| **letter == 's').count();
    tokio::time::sleep(Duration::from_millis(20) * u32::try_from(slow)?).await;
    match (act, failed) {
        ('f', Some(failed)) => Ok(json!({"batchItemFailures": [{"itemIdentifier": sequence_number(&records[failed])}]})),
        ('g', _) => Ok(json!({"batchItemFailures": [{"itemIdentifier": "1"}]})),
        ('e', _) => Err("as the script says".into()),
        ('x', _) => std::process::exit(7),
        _ => Ok(json!({"batchItemFailures": []})),
    }
}

fn letter(record: &Value, times: usize) -> char {
    let script: Vec<_> = record["dynamodb"]["NewImage"]["script"]["S"].as_str().unwrap_or("h").chars().collect();
    script[times.min(script.len() - 1)]
}

/// The record's sequence number.
pub(super) fn sequence_number(record: &Value) -> String {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned()
}
