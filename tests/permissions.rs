//! No policy of template.yaml is wider than needed: every statement was used by the end-to-end tests, which run before this one.

#![allow(clippy::unwrap_used, reason = "a test that finds what it does not expect has failed")]

use std::{collections::BTreeSet, fs, path::Path, process::Stdio, thread::sleep, time::Duration};

use serde_json::Value;

/// What a stack that nobody has used yet says of its policies: each action on each resource of each statement.
fn of_the_template() -> BTreeSet<Triple> {
    let directory = tempfile::tempdir().unwrap();
    let ready = directory.path().join("ready.json");
    let mut command = muster_launch::build().unwrap().command();
    command.args(["--port", "0", "--quiet", "--ready"]).arg(&ready).stdin(Stdio::null()).stdout(Stdio::null());
    let mut stack = command.spawn().unwrap();
    let addresses = loop {
        assert!(stack.try_wait().unwrap().is_none(), "the stack has ended");
        match fs::read_to_string(&ready) {
            Ok(text) => break serde_json::from_str::<Value>(&text).unwrap(),
            Err(_) => sleep(Duration::from_millis(50)),
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let status: Value = runtime.block_on(async {
        let url = format!("{}/status", addresses["endpoint"].as_str().unwrap());
        reqwest::get(url).await.unwrap().json().await.unwrap()
    });
    stack.kill().unwrap();
    stack.wait().unwrap();
    status["iam"]["unused"].as_array().unwrap().iter().map(triple).collect()
}

/// The place of a statement, an action and a resource of it.
type Triple = [String; 3];

fn triple(value: &Value) -> Triple {
    ["place", "action", "resource"].map(|name| value[name].as_str().unwrap().to_owned())
}

/// What the stacks of the end-to-end tests have used. A stack that was killed may leave half a line behind.
fn used(directory: &Path) -> BTreeSet<Triple> {
    let files = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}: run the whole suite first", directory.display()));
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let lines: Vec<String> = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    lines.iter().filter_map(|line| serde_json::from_str(line).ok()).map(|value: Value| triple(&value)).collect()
}

#[test]
fn every_statement_of_the_template_was_used_by_the_end_to_end_tests() {
    let all = of_the_template();
    assert!(all.len() > 50, "{all:?}");
    let used = used(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("iam"));
    let unused: Vec<String> = all.difference(&used).map(|[place, action, resource]| format!("{place}: {action} on {resource}")).collect();
    assert!(unused.is_empty(), "template.yaml allows what nothing needs, or what no test shows to be needed:\n{}", unused.join("\n"));
}
