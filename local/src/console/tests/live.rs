//! What happens now, as a browser is told it.

use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::account::queue_arn;

/// A browser that watches.
struct Watching {
    answer: reqwest::Response,
    text: String,
}

impl Watching {
    async fn start(served: &Served) -> Watching {
        let answer = served.get("/api/live").await;
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Watching { answer, text: String::new() }
    }

    /// The next batch.
    async fn next(&mut self) -> Value {
        loop {
            if let Some((batch, rest)) = self.text.split_once("\n\n").map(|(batch, rest)| (batch.to_owned(), rest.to_owned())) {
                self.text = rest;
                match batch.strip_prefix("data: ") {
                    Some(data) => return serde_json::from_str(data).unwrap(),
                    None => assert_eq!(batch, ":"),
                }
            } else {
                let more = timeout(Duration::from_secs(20), self.answer.chunk()).await.expect("a batch within 20 seconds");
                self.text += std::str::from_utf8(&more.unwrap().unwrap()).unwrap();
            }
        }
    }

    /// Events until there are so many.
    async fn take(&mut self, count: usize) -> Vec<Value> {
        let mut events = Vec::new();
        while events.len() < count {
            let batch = self.next().await;
            assert_eq!(batch["dropped"], 0);
            events.extend(batch["events"].as_array().unwrap().clone());
        }
        events
    }
}

#[tokio::test]
async fn whoever_watches_is_told_of_rows_letters_and_invocations_once() {
    let served = Served::start().await;
    served.write("m-1", Some(1)).await;
    let (mut first, mut second) = (Watching::start(&served).await, Watching::start(&served).await);
    served.write("m-1", Some(2)).await;
    served.write("m-1", None).await;
    served.sqs.send(&queue_arn("muster-dev-timers-dead-letters"), r#"{"timer":1}"#.to_owned()).unwrap();
    served.sqs.send(&queue_arn("muster-dev-timers"), "no letter".to_owned()).unwrap();
    served.sqs.send(&queue_arn("muster-dev-topics-dead-letters"), "no JSON".to_owned()).unwrap();
    for payload in ["{}", r#"{"error":"x"}"#] {
        drop(served.lambda.invoke("muster-dev-operate:live", payload.into()).await);
    }
    for watching in [&mut first, &mut second] {
        let events = watching.take(6).await;
        assert!(events.iter().all(|event| event["at"].as_u64().unwrap() > 1_700_000_000_000), "{events:?}");
        let of = |kind: &str| events.iter().filter(|event| event["kind"] == kind).cloned().collect::<Vec<_>>();
        let events = [of("row"), of("letter"), of("invocation")];
        assert_eq!(events.each_ref().map(Vec::len), [2, 2, 2], "{events:?}");
        let events = events.concat();
        assert_eq!((&events[0]["event"], &events[1]["event"]), (&json!("MODIFY"), &json!("REMOVE")));
        assert_eq!((&events[0]["table"], &events[0]["image"]["number"]), (&json!("matches"), &json!(2)));
        assert_eq!(events[1]["keys"], json!({"matchId": "m-1", "item": "match"}));
        assert_eq!((&events[2]["queue"], &events[2]["body"]), (&json!("timers"), &json!({"timer": 1})));
        assert_eq!((&events[3]["queue"], &events[3]["body"]), (&json!("topics"), &json!("no JSON")));
        let (cold, warm) = (&events[4], &events[5]);
        assert_eq!((&cold["function"], &cold["memoryMb"]), (&json!("muster-dev-operate"), &json!(128)));
        assert_eq!(json!([cold["cold"], cold["error"], warm["cold"], warm["error"]]), json!([true, false, false, true]));
        assert!(served.events.invocation(cold["id"].as_str().unwrap()).is_some() && cold["ms"].as_f64().unwrap() > 0.0);
    }
    drop((first, second));
    served.lambda.shutdown().await;
}

#[tokio::test]
async fn batches_come_five_times_a_second_at_most() {
    let served = Served::start().await;
    let mut watching = Watching::start(&served).await;
    let telling = {
        let events = served.events.clone();
        tokio::spawn(async move {
            for number in 0..200 {
                events.tell(|| json!({"number": number}));
                sleep(Duration::from_millis(5)).await;
            }
        })
    };
    let (began, mut batches, mut last) = (Instant::now(), 0, 0);
    while last < 199 {
        let batch = watching.next().await;
        for event in batch["events"].as_array().unwrap() {
            assert!(event["number"] == last || event["number"] == last + 1, "{event} after {last}");
            last = event["number"].as_u64().unwrap();
        }
        batches += 1;
    }
    telling.await.unwrap();
    let most = began.elapsed().as_millis() / 200 + 2;
    assert!(batches <= most && batches > 1, "{batches} batches, at most {most}");
}

#[tokio::test]
async fn a_browser_that_reads_slowly_misses_events_is_told_how_many_and_holds_up_nobody() {
    let served = Served::start().await;
    let mut watching = Watching::start(&served).await;
    // More than buffers on the way hold, while nobody reads.
    let (text, began) = ("x".repeat(20_000), Instant::now());
    for number in 0..4_000 {
        served.events.tell(|| json!({"number": number, "text": text}));
        if number % 100 == 0 {
            sleep(Duration::from_millis(5)).await;
        }
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let (mut seen, mut dropped, mut last) = (0, 0, json!(0));
    while last != 3_999 {
        let batch = watching.next().await;
        let events = batch["events"].as_array().unwrap();
        dropped += batch["dropped"].as_u64().unwrap();
        seen += events.len() as u64;
        last = events.last().map_or(last, |event| event["number"].clone());
    }
    assert!(dropped > 1_000, "{dropped}");
    assert_eq!(seen + dropped, 4_000);
}
