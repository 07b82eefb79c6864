//! What answers mean.

use crate::streams::answer::{Outcome, read};

#[test]
fn an_answer_means_what_it_means_to_lambda() {
    let cases = [
        ("", Outcome::Handled),
        ("null", Outcome::Handled),
        ("{}", Outcome::Handled),
        (r#"{"batchItemFailures":[]}"#, Outcome::Handled),
        (r#"{"batchItemFailures":null}"#, Outcome::Handled),
        (r#"{"batchItemFailures":[{"itemIdentifier":"20"}]}"#, Outcome::FailedFrom(1)),
        (r#"{"batchItemFailures":[{"itemIdentifier":"30"},{"itemIdentifier":"20"}]}"#, Outcome::FailedFrom(1)),
        (r#"{"batchItemFailures":[{"itemIdentifier":"10"}]}"#, Outcome::FailedFrom(0)),
        (r#"{"batchItemFailures":[{"itemIdentifier":"20"},{"itemIdentifier":""}]}"#, Outcome::Failed),
        (r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#, Outcome::Failed),
        (r#"{"batchItemFailures":[{"itemIdentifier":20}]}"#, Outcome::Failed),
        (r#"{"batchItemFailures":[{"identifier":"20"}]}"#, Outcome::Failed),
        (r#"{"batchItemFailures":[{"itemIdentifier":"99"}]}"#, Outcome::Failed),
        (r#"{"batchItemFailures":"20"}"#, Outcome::Failed),
        (r#"{"batchItemFailures":["20"]}"#, Outcome::Failed),
        (r#""text""#, Outcome::Failed),
        ("{", Outcome::Failed),
    ];
    for (answer, expected) in cases {
        let outcome = read(answer.as_bytes(), |identifier| ["10", "20", "30"].iter().position(|number| *number == identifier));
        assert_eq!(outcome, expected, "{answer}");
    }
}
