//! What fits into a batch, and what answers mean.

use std::collections::BTreeSet;

use crate::mappings::batch::{Item, failed, fitting, payload};

fn item(id: &str, bytes: usize) -> Item<()> {
    Item { id: id.to_owned(), json: "1".repeat(bytes), place: () }
}

#[test]
fn a_batch_has_at_most_its_size_and_six_megabytes() {
    const MB: usize = 1024 * 1024;
    let cases = [(vec![1; 12], 10), (vec![1; 3], 3), (vec![], 0), (vec![MB; 10], 5), (vec![7 * MB, 1], 1), (vec![1, 7 * MB], 1)];
    for (sizes, expected) in cases {
        let items: Vec<_> = sizes.iter().map(|bytes| item("", *bytes)).collect();
        assert_eq!(fitting(&items, 10), expected, "{} items", items.len());
    }
    let full = [2 * MB - 22, 2 * MB - 22, 2 * MB - 23].map(|bytes| item("", bytes));
    assert_eq!((fitting(&full, 10), payload(&full).len() < 6 * MB), (3, true));
    assert_eq!(payload(&[item("", 1), item("", 2)]), r#"{"Records":[1,11]}"#);
}

#[test]
fn an_answer_means_what_it_means_to_lambda() {
    let indices = |indices: &[usize]| Some(indices.iter().copied().collect::<BTreeSet<_>>());
    let cases = [
        ("", indices(&[])),
        ("null", indices(&[])),
        ("{}", indices(&[])),
        (r#"{"batchItemFailures":[]}"#, indices(&[])),
        (r#"{"batchItemFailures":null}"#, indices(&[])),
        (r#"{"batchItemFailures":[{"itemIdentifier":"30"},{"itemIdentifier":"20"},{"itemIdentifier":"20"}]}"#, indices(&[1, 2])),
        (r#"{"batchItemFailures":[{"itemIdentifier":"10"}]}"#, indices(&[0])),
        (r#"{"batchItemFailures":[{"itemIdentifier":"20"},{"itemIdentifier":""}]}"#, None),
        (r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#, None),
        (r#"{"batchItemFailures":[{"itemIdentifier":20}]}"#, None),
        (r#"{"batchItemFailures":[{"identifier":"20"}]}"#, None),
        (r#"{"batchItemFailures":[{"itemIdentifier":"99"}]}"#, None),
        (r#"{"batchItemFailures":"20"}"#, None),
        (r#""text""#, None),
        ("{", None),
    ];
    for (answer, expected) in cases {
        assert_eq!(failed(answer.as_bytes(), ["10", "20", "30"].into_iter()), expected, "{answer}");
    }
}
