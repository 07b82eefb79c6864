//! How much of a request is payload, by which AWS bills it: the messages sent or received, with their attributes.

use serde_json::Value;

/// The bytes of the messages in a request and in its answer. Names, types and values of attributes count, as towards the size of a message
/// (the guide of SQS, on quotas).
pub(super) fn payload_bytes(request: &Value, answer: Option<&Value>) -> usize {
    let lists = [Some(&request["Entries"]), answer.map(|answer| &answer["Messages"])];
    let listed = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
    message_bytes(request) + listed.map(message_bytes).sum::<usize>()
}

fn message_bytes(message: &Value) -> usize {
    let length = |value: &Value| value.as_str().map_or(0, str::len);
    let attribute = |(name, value): (&String, &Value)| {
        // Three bytes are four characters of Base64, with one or two signs of equality at the end.
        let binary = value["BinaryValue"].as_str().map_or(0, |text| text.trim_end_matches('=').len() * 3 / 4);
        name.len() + length(&value["DataType"]) + length(&value["StringValue"]) + binary
    };
    let attributes = message["MessageAttributes"].as_object().into_iter().flatten().map(attribute).sum::<usize>();
    length(&message["MessageBody"]) + length(&message["Body"]) + attributes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_and_their_attributes_are_payload_whichever_way_they_go() {
        let attributes = json!({
            "kind": {"DataType": "String", "StringValue": "turn"}, "raw": {"DataType": "Binary", "BinaryValue": "AAEC/w=="},
        });
        let of_attributes = "kind".len() + "String".len() + "turn".len() + "raw".len() + "Binary".len() + 4;
        let send = json!({"QueueUrl": "ignored", "MessageBody": "12345", "MessageAttributes": attributes});
        assert_eq!(payload_bytes(&send, Some(&json!({"MessageId": "ignored"}))), 5 + of_attributes);
        let batch = json!({"Entries": [{"Id": "1", "MessageBody": "12345"}, {"Id": "2", "MessageBody": "67"}]});
        assert_eq!(payload_bytes(&batch, None), 7);
        let answer = json!({"Messages": [{"Body": "12345", "MessageAttributes": attributes, "ReceiptHandle": "ignored"}, {"Body": "678"}]});
        assert_eq!(payload_bytes(&json!({"QueueUrl": "ignored"}), Some(&answer)), 8 + of_attributes);
        assert_eq!(payload_bytes(&json!({"ReceiptHandle": "ignored"}), Some(&json!({}))), 0);
    }
}
