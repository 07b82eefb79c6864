//! Template, functions and protocol are in step. Each test names the step that is missing.

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

/// The functions that the one program knows by their files, such as `routes/ping`.
fn programmed() -> BTreeSet<String> {
    let source = read("functions/main.rs");
    let arms = source.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" => Box::pin("));
    arms.map(|(handler, _)| handler.to_owned()).collect()
}

/// The files that functions of the template run.
fn deployed() -> BTreeSet<String> {
    values(&read("template.yaml"), "Handler:").into_iter().map(str::to_owned).collect()
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
    let (template, protocol) = (read("template.yaml"), read("docs/protocol.md"));
    let (programmed, deployed) = (programmed(), deployed());
    for route in Route::ALL {
        let name = route.name();
        let (handler, id) = (format!("routes/{}", snake_case(name)), pascal_case(name));
        assert!(programmed.contains(&handler), "route {name} is no arm '{handler}' of functions/main.rs");
        assert!(deployed.contains(&handler), "route {name} has no function with `Handler: {handler}` in template.yaml");
        let entry = format!("        {name}:\n          FunctionArn: !Ref {id}Function.Alias\n");
        assert!(template.contains(&entry), "route {name} is not under Routes of the WebSocketApi, with its function");
        // A quiet one posts its answers itself.
        let answers = !read(&format!("functions/{handler}.rs")).contains("harness::quiet(");
        let selects = template.contains(&format!("{entry}          RouteResponseSelectionExpression: $default"));
        let responds = template.contains(&format!("  {id}RouteResponse:\n    Type: AWS::ApiGatewayV2::RouteResponse"));
        assert_eq!(
            (selects, responds),
            (answers, answers),
            "route {name}: RouteResponseSelectionExpression and {id}RouteResponse of template.yaml"
        );
        assert!(protocol.contains(&format!("| `{name}` |")), "route {name} is not in the table of docs/protocol.md");
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
fn every_function_is_a_file_is_in_the_program_and_is_deployed() {
    let directory = muster_launch::workspace().join("functions");
    let mut files = BTreeSet::new();
    for source in ["routes", "streams", "tasks", "timers", "topics"] {
        let entries = fs::read_dir(directory.join(source)).unwrap().map(|entry| entry.unwrap().path());
        for file in entries.filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
            let text = fs::read_to_string(&file).unwrap();
            for word in ["Trigger:", "Safe to repeat:"] {
                let opening: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
                assert!(opening.contains(word), "{} does not open with its '{word}'", file.display());
            }
            files.insert(format!("{source}/{}", file.file_stem().unwrap().display()));
        }
    }
    assert_eq!(files, programmed(), "the files of functions/ on the left, the arms of functions/main.rs on the right");
    assert_eq!(files, deployed(), "the files of functions/ on the left, the Handler properties of template.yaml on the right");
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
                let is_set = of_lambda.contains(&variable) || template.contains(&format!(" {variable}: "));
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
