//! Requests one by one: what is answered, and what is refused.

use super::*;

/// `Publish` to [`topic`] with more parameters.
async fn publish(sns: &Sns, more: &[(&str, &str)]) -> (u16, String) {
    ask(sns, &[&[("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", &topic())], more].concat()).await
}

#[tokio::test]
async fn an_answer_is_the_xml_of_sns() {
    let stack = Stack::start_with(Vec::new(), |_| ()).await;
    let (status, body) = publish(&stack.sns, &[("Message", "x")]).await;
    assert_eq!(status, 200);
    let (id, request_id) = (inside(&body, "MessageId"), inside(&body, "RequestId"));
    assert_eq!((id.len(), request_id.len()), (36, 36));
    let expected = format!(
        "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>{id}</MessageId></PublishResult>\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></PublishResponse>"
    );
    assert_eq!(body, expected);
}

#[tokio::test]
async fn what_publish_does_not_take_is_refused_in_the_words_of_sns() {
    let stack = Stack::start_with(Vec::new(), |_| ()).await;
    let (gone, invalid) = (arn("sns", "gone"), "InvalidParameter");
    let (whole, long) = ("é".repeat(LARGEST_MESSAGE / 2), "x".repeat(LARGEST_MESSAGE + 1));
    assert_eq!(publish(&stack.sns, &[("Message", &whole)]).await.0, 200);
    for (more, status, code, message) in [
        (&[("Message", "x"), ("TopicArn", &gone)][..], 404, "NotFound", "Topic does not exist"),
        (&[], 400, "ValidationError", "Value null at 'message'"),
        (&[("Message", "")], 400, invalid, "Invalid parameter: Empty message"),
        (&[("Message", &long)], 400, invalid, "Invalid parameter: Message too long"),
    ] {
        let (was, body) = publish(&stack.sns, more).await;
        assert_eq!((was, inside(&body, "Code")), (status, code), "{body}");
        assert!(inside(&body, "Message").contains(message), "{body}");
    }
    let (_, _, text) = refused(&stack.sns, &[("Action", "Publish"), ("Message", "x")]).await;
    assert_eq!(text, "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter");
}

#[tokio::test]
async fn what_is_not_implemented_is_refused_by_name() {
    let stack = Stack::start_with(Vec::new(), |_| ()).await;
    for (parameters, code, message) in [
        (&[("Action", "Subscribe")][..], "InvalidAction", "Subscribe is not implemented by this stack"),
        (&[("Action", "PublishBatch")], "InvalidAction", "PublishBatch is not implemented by this stack"),
        (&[("Action", "<Publish>\0")], "InvalidAction", "&lt;Publish&gt;\u{fffd} is not implemented"),
        (&[("Action", "ListTopics"), ("NextToken", "x")], "InvalidParameter", "NextToken Reason: it is not implemented"),
        (&[("Action", "Publish"), ("Message", "x"), ("Subject", "s")], "InvalidParameter", "Subject Reason: it is not implemented"),
        (&[("Action", "Publish"), ("MessageAttributes.entry.1.Name", "a")], "InvalidParameter", "MessageAttributes.entry.1.Name Reason"),
        (&[("Action", "Publish"), ("TargetArn", "a")], "InvalidParameter", "TargetArn Reason: it is not implemented"),
    ] {
        let (status, name, text) = refused(&stack.sns, parameters).await;
        assert_eq!((status, name.as_str()), (400, code), "{parameters:?}");
        assert!(text.contains(message), "{parameters:?} gave {text}");
    }
}
