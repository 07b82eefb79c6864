//! Requests one by one: what is answered, and what is refused.

use super::*;

/// `Publish` to [`TOPIC`] with more parameters.
fn publish<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", TOPIC)], more].concat()
}

/// A message with one attribute.
fn attribute<'a>(name: &'a str, kind: &'a str, field: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let prefix = [("Message", "x"), ("MessageAttributes.entry.1.Name", name), ("MessageAttributes.entry.1.Value.DataType", kind)];
    publish(&[&prefix[..], &[(field, value)]].concat())
}

const TEXT: &str = "MessageAttributes.entry.1.Value.StringValue";
const BYTES: &str = "MessageAttributes.entry.1.Value.BinaryValue";

#[tokio::test]
async fn an_answer_is_the_xml_of_sns() {
    let stack = Stack::start_with(Vec::new(), |_| ()).await;
    let (status, body) = ask(&stack.sns, &publish(&[("Message", "x")])).await;
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
async fn a_topic_may_be_named_as_a_target() {
    let stack = Stack::start_with(Vec::new(), |_| ()).await;
    assert_eq!(ask(&stack.sns, &[("Action", "Publish"), ("TargetArn", TOPIC), ("Message", "x")]).await.0, 200);
}

#[tokio::test]
async fn what_publish_does_not_take_is_refused_in_the_words_of_sns() {
    let stack = Stack::start_with(Vec::new(), |_| ()).await;
    let long = "x".repeat(101);
    for (more, status, code, message) in [
        (&[("Message", "x"), ("TopicArn", "arn:aws:sns:eu-central-1:123456789012:gone")][..], 404, "NotFound", "Topic does not exist"),
        (
            &[("Message", "x"), ("TopicArn", "gone")],
            400,
            "InvalidParameter",
            "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1",
        ),
        (&[], 400, "ValidationError", "Value null at 'message'"),
        (&[("Message", "")], 400, "InvalidParameter", "Invalid parameter: Empty message"),
        (&[("Message", "x"), ("Subject", "")], 400, "InvalidParameter", "Invalid parameter: Subject"),
        (&[("Message", "x"), ("Subject", &long)], 400, "InvalidParameter", "Invalid parameter: Subject"),
        (&[("Message", "x"), ("Subject", "two\nlines")], 400, "InvalidParameter", "Invalid parameter: Subject"),
        (&[("Message", "x"), ("MessageStructure", "json")], 400, "InvalidParameter", "MessageStructure Reason: the local stack"),
        (&[("Message", "x"), ("PhoneNumber", "+49")], 400, "InvalidParameter", "PhoneNumber Reason: the local stack"),
        (&[("Message", "x"), ("MessageDeduplicationId", "1")], 400, "InvalidParameter", "not valid for this topic type"),
    ] {
        let (was, name, text) = refused(&stack.sns, &publish(more)).await;
        assert_eq!((was, name.as_str()), (status, code), "{more:?}");
        assert!(text.contains(message), "{more:?} gave {text}");
    }
    let (_, _, text) = refused(&stack.sns, &[("Action", "Publish"), ("Message", "x")]).await;
    assert_eq!(text, "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter");
}

#[tokio::test]
async fn the_size_of_a_message_counts_bytes_and_attributes() {
    let stack = Stack::start_with(Vec::new(), |_| ()).await;
    let whole = "é".repeat(LARGEST_MESSAGE / 2);
    assert_eq!(ask(&stack.sns, &publish(&[("Message", &whole)])).await.0, 200);
    let message = "x".repeat(LARGEST_MESSAGE - "name".len() - "String".len() - "value".len());
    for (value, fits) in [("value", true), ("values", false)] {
        let mut request = attribute("name", "String", TEXT, value);
        request.iter_mut().filter(|(name, _)| *name == "Message").for_each(|(_, text)| *text = &message);
        assert_eq!(ask(&stack.sns, &request).await.0, if fits { 200 } else { 400 });
        if !fits {
            assert_eq!(refused(&stack.sns, &request).await.2, "Invalid parameter: Message too long");
        }
    }
}

#[tokio::test]
async fn attributes_that_sns_would_not_take_are_refused_by_name() {
    let stack = Stack::start_with(Vec::new(), |_| ()).await;
    for (kind, field, value) in
        [("String", TEXT, "v"), ("Number.int", TEXT, "-1.5e3"), ("String.Array", TEXT, "[1]"), ("Binary", BYTES, "AP8=")]
    {
        assert_eq!(ask(&stack.sns, &attribute("a.b", kind, field, value)).await.0, 200, "{kind}");
    }
    let empty = "must contain non-empty message attribute value for message attribute type";
    for (name, kind, field, value, message) in [
        ("a", "String", TEXT, "", empty),
        ("a", "String", "MessageAttributes.entry.1.Value.Other", "v", empty),
        ("a", "String", BYTES, "AP8=", "with type 'String' must use field 'String'"),
        ("a", "Binary", TEXT, "v", "with type 'Binary' must use field 'Binary'"),
        ("a", "Binary", BYTES, "%", "must be Base64"),
        ("a", "Number", TEXT, "many", "Could not cast message attribute 'a' value to number."),
        (
            "a",
            "Date",
            TEXT,
            "v",
            "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
        ),
        ("a", "String.", TEXT, "v", "has an invalid message attribute type"),
        ("a..b", "String", TEXT, "v", "has an invalid name"),
        ("", "String", TEXT, "v", "has an invalid name"),
        ("AWS.a", "String", TEXT, "v", "has an invalid name"),
    ] {
        let (status, code, text) = refused(&stack.sns, &attribute(name, kind, field, value)).await;
        assert_eq!((status, code.as_str()), (400, "ParameterValueInvalid"), "{name} {kind}");
        assert!(text.contains(message), "{name} {kind} gave {text}");
    }
    let untyped = [("Message", "x"), ("MessageAttributes.entry.1.Name", "a"), (TEXT, "v")];
    assert!(refused(&stack.sns, &publish(&untyped)).await.2.contains("'messageAttributes.a.member.dataType'"));
}

#[tokio::test]
async fn what_is_not_implemented_is_refused_by_name() {
    let stack = Stack::start_with(Vec::new(), |_| ()).await;
    for (parameters, code, message) in [
        (&[][..], "MissingAction", "must contain the parameter Action"),
        (
            &[("Action", "Subscribe")],
            "InvalidAction",
            "Subscribe is refused: topics and subscriptions of this stack are those of its template",
        ),
        (&[("Action", "TagResource")], "InvalidAction", "TagResource is not implemented by this stack"),
        (&[("Action", "<Publish>")], "InvalidAction", "&lt;Publish&gt; is not implemented"),
        (
            &[("Action", "GetCallerIdentity"), ("Version", "2011-06-15")],
            "InvalidAction",
            "GetCallerIdentity of version 2011-06-15 is not implemented: this stack has SNS, whose version is 2010-03-31",
        ),
        (&[("Action", "ListTopics"), ("NextToken", "x")], "InvalidParameter", "Invalid parameter: NextToken"),
        (&[("Action", "GetTopicAttributes")], "ValidationError", "'topicArn'"),
    ] {
        let (status, name, text) = refused(&stack.sns, parameters).await;
        assert_eq!((status, name.as_str()), (400, code), "{parameters:?}");
        assert!(text.contains(message), "{parameters:?} gave {text}");
    }
    assert_eq!(stack.sns.handle(b"\xff\xfe=%%&&;").status(), 400);
}
