//! Letters, read: what each is about, and what is to be done to replay it.

use muster_protocol::operators::{Letter, LetterKind, Queue};
use serde_json::{Value, json};

use super::records;

/// What is to be done to replay a letter.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Its rows are read from their stream, and handed to the consumer.
    Position(Position),
    /// This record is handed to the function.
    Record(Value),
    /// This event is handed to the function, as it was.
    Event(Value),
    /// This body goes back into the queue of timers.
    Timer(String),
    /// Nobody knows what it is.
    Unknown,
}

/// Where rows are in a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The ARN of the stream.
    pub stream: String,
    /// The shard.
    pub shard: String,
    /// The sequence number of the first row.
    pub first: String,
    /// That of the last one.
    pub last: String,
}

/// A letter as it was received.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What is told of it.
    pub letter: Letter,
    /// What is to be done.
    pub work: Work,
    /// What it says.
    pub body: Value,
    /// By which it is put back or deleted.
    pub receipt_handle: String,
    /// Whose state it is about, as far as the letter itself tells: the partition of a row, the game session of an event.
    pub group: Option<String>,
    /// Its place among those of its group: a sequence number, or a time in epoch milliseconds.
    pub place: u128,
}

impl Opened {
    /// Reads a message of `queue`.
    #[must_use]
    pub fn read(queue: Queue, message_id: String, receipt_handle: String, sent_at: u64, text: &str) -> Self {
        let body: Value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
        let work = work_of(queue, &body, text);
        let (kind, group, place) = match &work {
            Work::Position(position) => (LetterKind::Position, None, records::number(&position.first)),
            Work::Record(record) => (LetterKind::Record, group_of(record), records::place(record)),
            Work::Event(event) if body.get("requestPayload").is_none() => (LetterKind::Notification, group_of_event(event), None),
            Work::Event(event) => (LetterKind::Event, group_of_event(event), None),
            Work::Timer(_) => (LetterKind::Timer, None, None),
            Work::Unknown => (LetterKind::Unknown, None, None),
        };
        let letter = Letter {
            message_id,
            sent_at,
            function: function_of(&body),
            kind,
            about: about(&work),
            cause: cause_of(&work, &body),
            reason: reason_of(&body),
            replays: 0,
            parked: false,
            verdict: None,
            new_reason: None,
            body: None,
            records: Vec::new(),
        };
        Self { letter, work, body, receipt_handle, group, place: place.unwrap_or_else(|| u128::from(sent_at)) }
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn work_of(queue: Queue, body: &Value, text_of_body: &str) -> Work {
    if let Some(info) = body.get("DDBStreamBatchInfo") {
        let member = |name: &str| info[name].as_str().unwrap_or_default().to_owned();
        return Work::Position(Position {
            stream: member("streamArn"),
            shard: member("shardId"),
            first: member("startSequenceNumber"),
            last: member("endSequenceNumber"),
        });
    }
    if let (Some(record), Some(_)) = (body.get("record"), body.get("function")) {
        return Work::Record(record.clone());
    }
    if let Some(event) = body.get("requestPayload") {
        return Work::Event(event.clone());
    }
    if text(body, "/TopicArn").is_some() && body.get("Message").is_some() {
        return Work::Event(as_event(body));
    }
    if queue == Queue::Timers { Work::Timer(text_of_body.to_owned()) } else { Work::Unknown }
}

/// The event of a notification as SNS writes it to a queue. To functions it names two members in another way.
fn as_event(notification: &Value) -> Value {
    let mut sns = notification.clone();
    if let Some(members) = sns.as_object_mut() {
        for (of_queue, of_function) in [("SigningCertURL", "SigningCertUrl"), ("UnsubscribeURL", "UnsubscribeUrl")] {
            let value = members.remove(of_queue).unwrap_or_else(|| json!(""));
            members.insert(of_function.to_owned(), value);
        }
        members.entry("MessageAttributes").or_insert_with(|| json!({}));
        members.entry("Subject").or_insert(Value::Null);
    }
    json!({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": notification["TopicArn"], "Sns": sns}]})
}

/// The name of the function that could not deal with it, if the letter tells. A topic's only function has the topic's name.
fn function_of(body: &Value) -> String {
    let arn = text(body, "/requestContext/functionArn").or_else(|| text(body, "/function"));
    let name = arn.map(|arn| match arn.split_once(":function:") {
        Some((_, name)) => name.split(':').next().unwrap_or(name),
        None => arn,
    });
    let of_topic = || text(body, "/TopicArn").and_then(|arn| arn.rsplit(':').next());
    name.or_else(of_topic).unwrap_or_default().to_owned()
}

fn about(work: &Work) -> String {
    match work {
        Work::Position(Position { stream, first, last, .. }) if first == last => {
            format!("{} {first}", records::table_of(stream).unwrap_or(stream))
        }
        Work::Position(Position { stream, first, last, .. }) => {
            format!("{} {first} to {last}", records::table_of(stream).unwrap_or(stream))
        }
        Work::Record(record) if record.get("dynamodb").is_some() => records::keys(record),
        Work::Record(record) => message_of(record),
        Work::Event(event) => message_of(&event["Records"][0]),
        Work::Timer(timer) => {
            let timer: Value = serde_json::from_str(timer).unwrap_or_default();
            let id = ["matchId", "placementId", "pool"].into_iter().find_map(|name| timer[name].as_str());
            format!("{} {}", timer["row"].as_str().unwrap_or("what is no timer"), id.unwrap_or_default()).trim_end().to_owned()
        }
        Work::Unknown => "what is no letter".to_owned(),
    }
}

/// What a message of a topic or a queue is called.
fn message_of(record: &Value) -> String {
    let id = text(record, "/Sns/MessageId").or_else(|| text(record, "/messageId"));
    format!("message {}", id.unwrap_or("without an id"))
}

fn cause_of(work: &Work, body: &Value) -> Option<String> {
    let of_work = match work {
        Work::Record(record) => text(record, "/dynamodb/NewImage/cause/S").or_else(|| text(record, "/Sns/MessageId")).map(str::to_owned),
        Work::Event(event) => text(event, "/Records/0/Sns/MessageId").map(str::to_owned),
        Work::Timer(timer) => serde_json::from_str::<Value>(timer).ok().and_then(|timer| text(&timer, "/cause").map(str::to_owned)),
        Work::Position(_) | Work::Unknown => None,
    };
    text(body, "/cause").map(str::to_owned).or(of_work)
}

fn reason_of(body: &Value) -> String {
    let said = text(body, "/reason").or_else(|| text(body, "/responsePayload/errorMessage"));
    let condition = text(body, "/requestContext/condition");
    said.or(condition).unwrap_or("it could not be handed over").to_owned()
}

/// Whose state a record is about.
pub fn group_of(record: &Value) -> Option<String> {
    if record.get("dynamodb").is_some() { records::partition(record) } else { group_of_event(&json!({"Records": [record]})) }
}

/// Whose state an event is about: of a placement event its game session, which both its beginning and its end name.
fn group_of_event(event: &Value) -> Option<String> {
    let message: Value = serde_json::from_str(text(event, "/Records/0/Sns/Message")?).ok()?;
    let detail = message.get("detail").unwrap_or(&message);
    ["gameSessionArn", "placementId"].into_iter().find_map(|name| Some(format!("{name} {}", detail[name].as_str()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(queue: Queue, body: &Value) -> Opened {
        Opened::read(queue, "m1".to_owned(), "r1".to_owned(), 1_000, &body.to_string())
    }

    #[test]
    fn a_position_in_a_stream_says_where_its_rows_are() {
        let opened = read(
            Queue::Streams,
            &json!({"requestContext": {"functionArn": "arn:aws:lambda:eu-central-1:1:function:muster-dev-messages-deliver:live",
                "condition": "RecordAgeExceeded"}, "DDBStreamBatchInfo": {"shardId": "shard-1", "startSequenceNumber": "700",
                "endSequenceNumber": "705", "streamArn": "arn:aws:dynamodb:eu-central-1:1:table/muster-dev-messages/stream/x"}}),
        );
        let Work::Position(position) = &opened.work else { panic!("{:?}", opened.work) };
        assert_eq!((position.shard.as_str(), position.first.as_str(), position.last.as_str()), ("shard-1", "700", "705"));
        assert_eq!((opened.letter.function.as_str(), opened.letter.kind), ("muster-dev-messages-deliver", LetterKind::Position));
        assert_eq!((opened.letter.reason.as_str(), opened.letter.about.as_str()), ("RecordAgeExceeded", "muster-dev-messages 700 to 705"));
        assert_eq!(opened.place, 700);
    }

    #[test]
    fn a_record_of_a_function_says_whose_it_is() {
        let opened = read(
            Queue::Streams,
            &json!({"function": "muster-dev-tickets-match", "reason": "understanding the row: no", "record": {"eventName": "INSERT",
                "eventSourceARN": "arn:aws:dynamodb:eu-central-1:1:table/muster-dev-tickets/stream/x",
                "dynamodb": {"Keys": {"pool": {"S": "rps#2#0"}, "ticketId": {"S": "t1"}}, "SequenceNumber": "41",
                    "NewImage": {"cause": {"S": "c1"}}}}}),
        );
        assert_eq!((opened.letter.about.as_str(), opened.letter.cause.as_deref()), ("pool=rps#2#0 ticketId=t1", Some("c1")));
        assert_eq!((opened.group.as_deref(), opened.place), (Some("muster-dev-tickets rps#2#0"), 41));
    }

    #[test]
    fn an_event_and_a_notification_are_handed_over_in_the_same_shape() {
        let message = json!({"type": "SessionEnded", "gameSessionArn": "arn:s1"}).to_string();
        let event = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"MessageId": "n1", "Message": message}}]});
        let wrapped = read(
            Queue::Topics,
            &json!({"requestContext": {"functionArn": "arn:aws:lambda:r:1:function:muster-dev-placement-events"},
                "requestPayload": event, "responsePayload": {"errorMessage": "no placement is known"}}),
        );
        let raw = read(
            Queue::Topics,
            &json!({"Type": "Notification", "MessageId": "n1", "TopicArn": "arn:aws:sns:r:1:muster-dev-placement-events", "Message": message,
                "SigningCertURL": "https://c"}),
        );
        assert_eq!((wrapped.letter.kind, raw.letter.kind), (LetterKind::Event, LetterKind::Notification));
        for opened in [wrapped, raw] {
            assert_eq!(opened.letter.function, "muster-dev-placement-events");
            assert_eq!((opened.letter.about.as_str(), opened.group.as_deref()), ("message n1", Some("gameSessionArn arn:s1")));
        }
    }

    #[test]
    fn what_is_no_letter_is_called_so_and_no_timer_is_lost() {
        assert_eq!(read(Queue::Streams, &json!("rubbish")).letter.kind, LetterKind::Unknown);
        assert_eq!(read(Queue::Topics, &json!({"odd": 1})).work, Work::Unknown);
        let timer = json!({"row": "match", "matchId": "ABC234", "cause": "c9"});
        let opened = read(Queue::Timers, &timer);
        assert_eq!((opened.letter.about.as_str(), opened.letter.cause.as_deref()), ("match ABC234", Some("c9")));
        assert_eq!(opened.work, Work::Timer(timer.to_string()));
        assert_eq!(read(Queue::Timers, &json!([])).letter.about, "what is no timer");
    }
}
