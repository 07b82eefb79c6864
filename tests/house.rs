//! Template, binaries and protocol are in step. Each test names the step that is missing.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use muster_game::MODES;
use muster_protocol::{Route, routes::OVERLAP_MILLISECONDS};
use serde_json::{Value, json};

fn read(path: &str) -> String {
    let path = muster_launch::workspace().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The values of every line `<key> = "<value>"` or `<key>: <value>` of `text`.
fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let lines = text.lines().map(str::trim);
    lines.filter_map(|line| line.strip_prefix(key)).map(|rest| rest.trim_matches([' ', '"'])).collect()
}

/// The binaries of the functions' package, with the file of each.
fn binaries() -> Vec<(String, String)> {
    let manifest = read("functions/Cargo.toml");
    let tables: Vec<&str> = manifest.split("[[bin]]").skip(1).collect();
    tables.iter().map(|table| (values(table, "name =")[0].to_owned(), values(table, "path =")[0].to_owned())).collect()
}

/// The binaries that functions of the template run.
fn deployed() -> BTreeSet<String> {
    values(&read("template.yaml"), "Binary:").into_iter().map(str::to_owned).collect()
}

/// `sendMessage` in the spelling of files: `send_message`.
fn snake_case(name: &str) -> String {
    let parts = name.chars().map(|letter| if letter.is_uppercase() { format!("_{}", letter.to_lowercase()) } else { letter.to_string() });
    parts.collect()
}

/// `sendMessage` in the spelling of the template's ids: `SendMessage`.
fn pascal_case(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}

#[test]
fn every_route_of_the_protocol_is_complete() {
    let (template, readme) = (read("template.yaml"), read("README.md"));
    let binaries = binaries();
    for route in Route::ALL {
        let name = route.name();
        let (file, id) = (snake_case(name), pascal_case(name));
        let binary = (file.replace('_', "-"), format!("routes/{file}.rs"));
        assert!(muster_launch::workspace().join("functions").join(&binary.1).exists(), "route {name} has no file functions/{}", binary.1);
        assert!(binaries.contains(&binary), "route {name} has no [[bin]] {binary:?} in functions/Cargo.toml");
        assert!(deployed().contains(&binary.0), "route {name} has no function with `Binary: {}` in template.yaml", binary.0);
        let entry = format!("        {name}:\n          FunctionArn: !GetAtt {id}Function.Arn\n");
        assert!(template.contains(&entry), "route {name} is not under Routes of the WebSocketApi, with its function");
        // A quiet one posts its answers itself.
        let answers = !read(&format!("functions/{}", binary.1)).contains("harness::quiet(");
        let selects = template.contains(&format!("{entry}          RouteResponseSelectionExpression: $default"));
        let responds = template.contains(&format!("  {id}RouteResponse:\n    Type: AWS::ApiGatewayV2::RouteResponse"));
        assert_eq!(
            (selects, responds),
            (answers, answers),
            "route {name}: RouteResponseSelectionExpression and {id}RouteResponse of template.yaml"
        );
        assert!(readme.contains(&format!("| `{name}` |")), "route {name} is not in the protocol table of README.md");
    }
}

#[test]
fn every_route_of_the_template_is_in_the_protocol() {
    let template = read("template.yaml");
    let (_, rest) = template.split_once("      Routes:\n").expect("Routes of the WebSocketApi");
    let routes = rest.lines().take_while(|line| line.starts_with("        "));
    let names = routes.filter_map(|line| line.strip_prefix("        ")?.strip_suffix(':')).filter(|name| !name.starts_with([' ', '$']));
    let names: BTreeSet<&str> = names.collect();
    let known: BTreeSet<&str> = Route::ALL.iter().map(|route| route.name()).collect();
    assert_eq!(names, known, "the template's routes on the left, Route::ALL of the protocol on the right");
}

#[test]
fn every_binary_is_deployed_and_every_deployed_binary_exists() {
    let built: BTreeSet<String> = binaries().into_iter().map(|(name, _)| name).collect();
    assert_eq!(built, deployed(), "the [[bin]]s of functions/Cargo.toml on the left, the Binary properties of template.yaml on the right");
}

/// The Rust files below `directory` that are functions: those of the folders of event sources, and `main.rs` of deeper ones.
fn function_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for source in ["routes", "streams", "timers", "topics", "tasks"].map(|source| directory.join(source)) {
        let entries = fs::read_dir(source).into_iter().flatten().map(|entry| entry.unwrap().path());
        files.extend(entries.map(|path| if path.is_dir() { path.join("main.rs") } else { path }));
    }
    files
}

#[test]
fn every_file_of_a_function_is_in_the_index_and_says_what_it_does() {
    let directory = muster_launch::workspace().join("functions");
    let indexed: BTreeSet<PathBuf> = binaries().into_iter().map(|(_, path)| directory.join(path)).collect();
    let files: BTreeSet<PathBuf> = function_files(&directory).into_iter().collect();
    assert_eq!(files, indexed, "the files of functions/ on the left, the paths of its [[bin]]s on the right");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for word in ["Trigger:", "Safe to repeat:"] {
            let opening: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
            assert!(opening.contains(word), "{} does not open with its '{word}'", file.display());
        }
    }
}

/// The Rust files below `directory`, however deep.
fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let files = paths.map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    files.flatten().filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

#[test]
fn every_alarm_has_its_entry_in_the_operators_guide() {
    let (template, guide) = (read("template.yaml"), read("docs/operations.md"));
    let alarms: BTreeSet<&str> = template
        .split("\n\n")
        .filter(|block| block.contains("Type: AWS::CloudWatch::Alarm\n"))
        .filter_map(|block| block.lines().find_map(|line| line.strip_prefix("  ")?.strip_suffix(':').filter(|id| !id.starts_with(' '))))
        .collect();
    let (_, entries) = guide.split_once("\n## Alarms\n").expect("a section on alarms");
    let (entries, _) = entries.split_once("\n## ").expect("a section after it");
    let entries: BTreeSet<&str> = values(entries, "###").into_iter().collect();
    assert_eq!(alarms, entries, "the alarms of template.yaml on the left, the headings under Alarms of docs/operations.md on the right");
}

#[test]
fn a_function_reads_only_what_the_template_sets() {
    // Lambda sets these itself: its developer guide, "Defined runtime environment variables".
    let of_lambda = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let template = read("template.yaml");
    let mut found = BTreeSet::new();
    for file in ["shared/aws/src", "functions"].iter().flat_map(|directory| rust_files(&muster_launch::workspace().join(directory))) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for call in [".required(\"", ".number(\""] {
            for variable in code.split(call).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let is_set =
                    of_lambda.contains(&variable) || template.lines().any(|line| line.trim().starts_with(&format!("{variable}: ")));
                assert!(is_set, "{} reads {variable}, which template.yaml does not set", file.display());
                found.insert(variable.to_owned());
            }
        }
    }
    for known in ["AUDIENCE", "AWS_REGION", "MESSAGES_TABLE", "PUSH_ENDPOINT", "RETENTION_HOURS"] {
        assert!(found.contains(known), "this test no longer finds where {known} is read: {found:?}");
    }
}

#[test]
fn a_resume_looks_back_further_than_a_row_can_be_late() {
    let template = read("template.yaml");
    let (_, function) = template.split_once("  SendMessageFunction:").expect("SendMessageFunction");
    let timeout: u64 = values(function, "Timeout:")[0].parse().unwrap();
    // A cold start takes ten seconds at most, and two gateways' clocks are taken to differ by less than five.
    let latest = (timeout + 10 + 5) * 1_000;
    assert!(
        OVERLAP_MILLISECONDS >= latest,
        "a row can be written {latest} ms after the time in its id: raise OVERLAP_MILLISECONDS in shared/protocol/src/routes/resume.rs"
    );
}

#[test]
fn every_hosted_mode_has_a_queue_that_the_template_names() {
    let template = read("template.yaml");
    for (mode, hosted) in MODES.iter().filter_map(|mode| Some((mode, mode.as_hosted()?))) {
        let variable = hosted.queue;
        // The routes that offer modes and the consumer that starts them read it, hence it is one of all functions.
        let (_, globals) = template.split_once("\nGlobals:\n").expect("Globals");
        let (globals, _) = globals.split_once("\nResources:\n").expect("Resources");
        let is_set = globals.lines().any(|line| line.trim().starts_with(&format!("{variable}: ")));
        assert!(is_set, "the mode {} is placed in {variable}, which the Globals of template.yaml do not set", mode.name);
    }
}

#[test]
fn the_longest_wait_for_a_placement_fits_into_the_longest_delay_of_a_message() {
    let template = read("template.yaml");
    let largest = |parameter: &str| -> u64 {
        let (_, rest) = template.split_once(&format!("\n  {parameter}:\n")).unwrap_or_else(|| panic!("the parameter {parameter}"));
        values(rest, "MaxValue:")[0].parse().unwrap()
    };
    let seconds = largest("PlacementTimeoutSeconds") + largest("PlacementGraceSeconds");
    assert!(seconds <= 900, "SQS delays a message by 900 seconds at most, and a placement is waited for {seconds}");
}

/// Whether an event source's filter lets `event` through. Of Lambda's patterns it knows those of the template: texts and `exists`.
fn passes(pattern: &Value, event: Option<&Value>) -> bool {
    match pattern {
        Value::Object(members) => members.iter().all(|(name, pattern)| passes(pattern, event.and_then(|event| event.get(name)))),
        Value::Array(rules) => rules.iter().any(|rule| match rule.get("exists") {
            Some(exists) => *exists == json!(event.is_some()),
            None => event == Some(rule),
        }),
        other => panic!("no pattern: {other}"),
    }
}

#[test]
fn the_stream_of_placements_invokes_the_forwarder_for_what_it_handles_and_nothing_else() {
    let template = read("template.yaml");
    let (_, function) = template.split_once("\n  PlacementsForwardFunction:\n").expect("PlacementsForwardFunction");
    let (function, _) = function.split_once("\n\n").unwrap();
    let patterns = values(function, "- Pattern:").into_iter().map(|pattern| serde_json::from_str(pattern.trim_matches('\'')).unwrap());
    let patterns: Vec<Value> = patterns.collect();
    let row = |status: &str| json!({"placementId": {"S": "p1"}, "status": {"S": status}});
    let rechecked = |status: &str| json!({"placementId": {"S": "p1"}, "status": {"S": status}, "recheck": {"N": "1"}});
    for (image, is_handled) in [
        (row("requested"), true),
        (rechecked("requested"), true),
        (row("cancelling"), true),
        (rechecked("cancelling"), true),
        // The timer will look again, and somebody has to set it.
        (rechecked("pending"), true),
        (row("pending"), false),
        (row("ended"), false),
        (rechecked("ended"), false),
        // The way from a game session to its placement.
        (json!({"placementId": {"S": "arn:aws:gamelift"}, "pointsTo": {"S": "p1"}}), false),
        (Value::Null, false),
    ] {
        let mut record = json!({"eventName": "MODIFY", "dynamodb": {"Keys": {"placementId": {"S": "p1"}}}});
        // A row that is removed has none.
        if !image.is_null() {
            record["dynamodb"]["NewImage"] = image;
        }
        let passed = patterns.iter().any(|pattern| passes(pattern, Some(&record)));
        assert_eq!(passed, is_handled, "{record}");
    }
}
