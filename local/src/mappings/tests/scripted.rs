//! A function whose failures are written into what it gets: the attribute `script` of an item, or the first word of a message. The test
//! binary runs itself again as its process.
//!
//! A script has a letter for each time that its record is delivered; the last one holds for all further times. The first record of a batch
//! whose letter is not one of those that are handled decides what becomes of the batch:
//!
//! | letter | behaviour |
//! |---|---|
//! | `h` | handles the record |
//! | `s` | takes 20 ms, then handles the record |
//! | `w` | waits until there is a file `release`, then handles the record |
//! | `f` | answers that this record failed |
//! | `g` | answers that a record failed which is not of the batch |
//! | `e` | fails with an error |
//! | `x` | ends the process |

use std::{collections::BTreeMap, io::Write, path::Path, time::Duration};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

use crate::{
    lambda::{LambdaOptions, test_function},
    template::Function,
};

/// The function `deliver`, which appends each of its invocations to the file `log` in `directory` as a line: the event, its `requestId`,
/// and how many of its first records it `handled`.
pub(super) fn config(directory: &Path) -> Function {
    std::fs::OpenOptions::new().create(true).append(true).open(directory.join("log")).unwrap();
    let mut function = test_function::config("deliver");
    function.environment.insert("SCRIPTED".to_owned(), directory.to_str().unwrap().to_owned());
    // A record that is held may take long on a busy machine.
    function.timeout = Duration::from_secs(60);
    function
}

/// Runs it.
pub(super) fn options() -> LambdaOptions {
    test_function::running("mappings::tests::scripted::process")
}

/// What `config`'s function has logged.
pub(super) fn invocations(directory: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(directory.join("log")).unwrap();
    // The last line may not be whole yet.
    text.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The function process. Run by hand, outside an environment, it does nothing.
#[test]
#[ignore = "the process of the scripted function, started by the Lambda room"]
fn process() {
    let Some(directory) = std::env::var_os("SCRIPTED") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let directory = Path::new(&directory);
    runtime.block_on(lambda_runtime::run(service_fn(|event| handle(directory, event)))).unwrap();
}

async fn handle(directory: &Path, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { mut payload, context } = event;
    let records = payload["Records"].as_array().unwrap().clone();
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for record in invocations(directory).iter().flat_map(|line| line["Records"].as_array().unwrap()) {
        *times.entry(id(record)).or_default() += 1;
    }
    let letters: Vec<_> = records.iter().map(|record| letter(record, times.get(&id(record)).copied().unwrap_or(0))).collect();
    let failed = letters.iter().position(|letter| !matches!(letter, 'h' | 's' | 'w'));
    let act = failed.map_or('h', |failed| letters[failed]);
    payload["requestId"] = context.request_id.into();
    payload["handled"] = match (act, failed) {
        ('h', _) => records.len().into(),
        ('f', Some(failed)) => failed.into(),
        _ => 0.into(),
    };
    // One write per line, so that lines of several environments do not mix.
    let mut log = std::fs::OpenOptions::new().append(true).open(directory.join("log"))?;
    log.write_all(format!("{payload}\n").as_bytes())?;
    for letter in letters.iter().take(failed.unwrap_or(records.len())) {
        match letter {
            's' => tokio::time::sleep(Duration::from_millis(20)).await,
            'w' => super::until(|| directory.join("release").exists()).await,
            _ => {}
        }
    }
    match (act, failed) {
        ('f', Some(failed)) => Ok(json!({"batchItemFailures": [{"itemIdentifier": id(&records[failed])}]})),
        ('g', _) => Ok(json!({"batchItemFailures": [{"itemIdentifier": "1"}]})),
        ('e', _) => Err("as the script says".into()),
        ('x', _) => std::process::exit(7),
        _ => Ok(json!({"batchItemFailures": []})),
    }
}

fn letter(record: &Value, times: usize) -> char {
    let script = record["dynamodb"]["NewImage"]["script"]["S"].as_str().or(record["body"].as_str()).unwrap();
    let script: Vec<_> = script.chars().take_while(|letter| *letter != ' ').collect();
    script[times.min(script.len() - 1)]
}

/// The record's sequence number, or the message's id.
pub(super) fn id(record: &Value) -> String {
    record["dynamodb"]["SequenceNumber"].as_str().or(record["messageId"].as_str()).unwrap().to_owned()
}

/// The record's number, or how the message's body begins.
pub(super) fn label(record: &Value) -> String {
    record["dynamodb"]["NewImage"]["number"]["N"].as_str().or(record["body"].as_str()).unwrap().chars().take(20).collect()
}
