//! What is read of a definition, and what is refused.

use super::*;

const DEFINITION: &str = include_str!("../../../../statemachine/replay_dead_letters.asl.json");

/// What is wrong with this text, of a machine with the substitutions of the real one.
fn problem(text: &str) -> String {
    Definition::read(text, &template(&[]).definition_substitutions).err().unwrap()
}

#[test]
fn the_machine_of_the_repository_is_understood() {
    let definition = Definition::read(DEFINITION, &template(&[]).definition_substitutions).unwrap();
    let kinds: Vec<_> = definition.states.iter().map(|(name, state)| (name.as_str(), state.kind())).collect();
    assert!(kinds.contains(&("Step", "Task")) && kinds.contains(&("Look", "Choice")) && kinds.len() == 9, "{kinds:?}");
}

#[test]
fn whatever_else_a_definition_has_is_refused_by_name() {
    let retry = r#""MaxAttempts": 6,"#;
    for (from, to, expected) in [
        (r#""StartAt": "Step""#, r#""StartAt": "Nowhere""#, "there is no state Nowhere"),
        (r#""StartAt": "Step""#, r#""StartAt": "Step", "TimeoutSeconds": 5"#, "unknown field `TimeoutSeconds`"),
        (r#""Default": "Wait""#, r#""Default": "Later""#, "there is no state Later"),
        (r#""Next": "ReportError""#, r#""Next": "Caught""#, "there is no state Caught"),
        (
            r#""Type": "Succeed""#,
            r#""Type": "Parallel""#,
            "the local stack does not understand States.Done.Type: unknown variant `Parallel`",
        ),
        (
            r#""Type": "Succeed""#,
            r#""Type": "Succeed", "OutputPath": "$.x""#,
            "the local stack does not understand States.Done: unknown field",
        ),
        (
            r#""Error": "Problem","#,
            r#""Error": "Problem", "Cause": "x","#,
            "the local stack does not understand States.Problem: unknown field `Cause`",
        ),
        (
            r#""BooleanEquals": true"#,
            r#""StringEquals": "x""#,
            "the local stack does not understand States.Look: unknown field `StringEquals`",
        ),
        (r#""BooleanEquals": true"#, r#""BooleanEquals": true, "IsPresent": true"#, "States.Look: a rule has to have one of"),
        (r#""BooleanEquals": true, "#, "", "States.Look: a rule has to have one of"),
        (
            r#""SecondsPath": "$.waitSeconds""#,
            r#""Seconds": 5"#,
            "the local stack does not understand States.Wait: unknown field `Seconds`",
        ),
        (r#""$.waitSeconds""#, r#""$.wait[0]""#, "the path $.wait[0] is not implemented"),
        (r#""$.waitSeconds""#, r#""$""#, "the path $ is not implemented"),
        (r#""ResultPath": null"#, r#""ResultPath": "$.report""#, "ResultPath \"$.report\" is not implemented; it knows null"),
        (
            "sns:publish",
            "sqs:sendMessage",
            "States.Report: arn:aws:states:::sqs:sendMessage is not implemented so; it knows functions, and",
        ),
        (r#""Message.$": "$.summary""#, r#""Message": "x""#, "the local stack does not understand States.Report: unknown field `Message`"),
        (
            r#""Resource": "${ReplayFunctionArn}","#,
            r#""Resource": "${ReplayFunctionArn}", "HeartbeatSeconds": 5,"#,
            "unknown field `HeartbeatSeconds`",
        ),
        (
            r#""Resource": "${ReplayFunctionArn}","#,
            r#""Resource": "arn:aws:states:::sns:publish","#,
            "States.Step: arn:aws:states:::sns:publish is not",
        ),
        ("${ReplayFunctionArn}", "${Other}", "nothing is substituted for Other"),
        (retry, r#""MaxAttempts": 6, "JitterStrategy": "FULL","#, "unknown field `JitterStrategy`"),
        (retry, "", "the local stack does not understand States.Step: missing field `MaxAttempts`"),
    ] {
        let changed = DEFINITION.replacen(from, to, 1);
        assert_ne!(changed, DEFINITION, "{from}");
        let problem = problem(&changed);
        assert!(problem.contains(expected), "{to} gave {problem}");
    }
    assert!(problem("{").contains("EOF while parsing"));
}

#[tokio::test]
async fn a_machine_whose_file_cannot_be_used_is_named_with_it() {
    let lambda = Lambda::start(&[], quiet()).await.unwrap();
    let sns = Sns::new(Vec::new(), Vec::new(), lambda.clone(), Sqs::new(Vec::new(), "http://127.0.0.1:1", Keep::default()));
    let directory = tempfile::tempdir().unwrap();
    let iam = Iam::new(&Manifest::default(), None);
    let start =
        || StepFunctions::start(&[template(&[])], directory.path(), (&lambda, &sns), &iam, Clock::default()).err().unwrap().to_string();
    let file = directory.path().join("statemachine/replay_dead_letters.asl.json");
    assert!(start().starts_with(&format!("{}: No such file", file.display())), "{}", start());
    std::fs::create_dir(directory.path().join("statemachine")).unwrap();
    std::fs::write(&file, "{}").unwrap();
    assert!(start().ends_with("missing field `StartAt` at line 1 column 2"), "{}", start());
}

#[test]
fn errors_are_matched_by_name_and_by_the_words_for_all() {
    let retry = |names: &[&str]| -> super::super::definition::Retry {
        serde_json::from_value(json!({"ErrorEquals": names, "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 1.5})).unwrap()
    };
    for (names, error, is_for) in [
        (&["A", "B"][..], "B", true),
        (&["A"], "B", false),
        (&["States.ALL"], "States.Timeout", true),
        (&["States.TaskFailed"], "Runtime.ExitError", true),
        (&["States.TaskFailed"], "States.Timeout", false),
    ] {
        assert_eq!(retry(names).error_equals.have(error), is_for, "{names:?} {error}");
    }
    assert_eq!([0, 1, 2].map(|attempts| retry(&["A"]).wait(attempts)), [2_000, 3_000, 4_500]);
}
