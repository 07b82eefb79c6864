//! Batches. On AWS, what is wrong with one entry refuses them all.

use super::*;

/// The entries of a batch as parameters: ids and messages.
fn parameters(entries: &[(&str, &str)]) -> Vec<(String, String)> {
    let entry = |(index, (id, message)): (usize, &(&str, &str))| {
        let name = format!("PublishBatchRequestEntries.member.{}", index + 1);
        [(format!("{name}.Id"), (*id).to_owned()), (format!("{name}.Message"), (*message).to_owned())]
    };
    let head = [("Action", "PublishBatch"), ("TopicArn", TOPIC)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    head.into_iter().chain(entries.iter().enumerate().flat_map(entry)).collect()
}

fn borrowed(parameters: &[(String, String)]) -> Vec<(&str, &str)> {
    parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test]
async fn the_answer_of_a_batch_names_each_entry_with_its_message() {
    let stack = Stack::start().await;
    let (status, body) = ask(&stack.sns, &borrowed(&parameters(&[("one", "first"), ("two", "second")]))).await;
    assert_eq!(status, 200);
    assert_eq!((inside(&body, "Failed"), inside(&body, "Id")), ("", "one"));
    let answered: Vec<_> = body.match_indices("<MessageId>").map(|(at, tag)| &body[at + tag.len()..at + tag.len() + 36]).collect();
    let mut events = stack.events().await;
    events.sort_by_key(|event| event["Records"][0]["Sns"]["Message"].to_string());
    let delivered: Vec<_> = events.iter().map(|event| event["Records"][0]["Sns"]["MessageId"].as_str().unwrap()).collect();
    assert_eq!(delivered, answered);
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn a_batch_that_is_wrong_is_refused_and_nothing_of_it_is_published() {
    let stack = Stack::start().await;
    let ids: Vec<String> = (0..11).map(|id| id.to_string()).collect();
    let eleven: Vec<_> = ids.iter().map(|id| (id.as_str(), "x")).collect();
    let half = "x".repeat(LARGEST_MESSAGE / 2);
    let long = "i".repeat(81);
    for (entries, code) in [
        (&[][..], "EmptyBatchRequest"),
        (&eleven, "TooManyEntriesInBatchRequest"),
        (&[("a", "x"), ("a", "y")], "BatchEntryIdsNotDistinct"),
        (&[("a", "x"), ("b:c", "y")], "InvalidBatchEntryId"),
        (&[("a", "x"), ("", "y")], "InvalidBatchEntryId"),
        (&[("a", "x"), (&long, "y")], "InvalidBatchEntryId"),
        (&[("a", "x"), ("b", &half), ("c", &half)], "BatchRequestTooLong"),
        (&[("a", "x"), ("b", "")], "InvalidParameter"),
    ] {
        let (status, name, _) = refused(&stack.sns, &borrowed(&parameters(entries))).await;
        assert_eq!((status, name.as_str()), (400, code));
    }
    assert_eq!(ask(&stack.sns, &borrowed(&parameters(&eleven[..10]))).await.0, 200);
    let mut unknown = parameters(&[("a", "x")]);
    unknown[1].1.push('s');
    assert_eq!(refused(&stack.sns, &borrowed(&unknown)).await.1, "NotFound");
    let mut attributed = parameters(&[("a", "x")]);
    attributed.push(("PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Name".to_owned(), "n".to_owned()));
    assert_eq!(refused(&stack.sns, &borrowed(&attributed)).await.1, "ValidationError");
    assert_eq!(stack.events().await.len(), 10, "those of the one batch that was well");
    stack.lambda.shutdown().await;
}
