//! Log lines, invocations and changes of rows.

use super::*;
use crate::{clock, console::past::traced, lambda::LogLine};

#[test]
fn lines_about_something_lead_to_those_about_what_they_name() {
    let line = |time_ms, text: &str| LogLine { time_ms, function: "play".to_owned(), text: text.to_owned(), request_id: None };
    let found = |lines: &[LogLine], id: &str| -> Vec<Value> { traced(lines.to_vec(), id).iter().map(|line| line["at"].clone()).collect() };
    let lines = [
        line(1, r#"{"message":"joined","cause":"first"}"#),
        line(2, r#"{"message":"matched","cause":"second","span":{"matchId":"m-1"},"tickets":["first"]}"#),
        line(3, r#"{"message":"pushed","matchId":"m-1","cause":"third"}"#),
        line(4, r#"{"message":"other","cause":"fourth"}"#),
        line(5, "second is in a line that is not JSON"),
        line(6, r#"{"message":"later","by":"third"}"#),
    ];
    assert_eq!(found(&lines, "first"), [1, 2, 3, 5], "what is found by what was followed is not followed");
    assert_eq!(found(&lines, "fourth"), [4]);
    assert!(found(&lines, "fifth").is_empty());
    let expected = json!({"at": 5, "function": "play", "line": {"message": "second is in a line that is not JSON"}});
    assert_eq!(traced(lines.to_vec(), "second")[2], expected);
    let many: Vec<_> = (0..100).map(|n| line(n, &format!(r#"{{"about":"all","cause":"cause-{n:03}"}}"#))).collect();
    let alone: Vec<_> = (0..100).map(|n| line(n, &format!(r#"{{"by":"cause-{n:03}"}}"#))).collect();
    assert_eq!(traced([many, alone].concat(), "all").len(), 100 + 20, "at most 20 others are followed");
}

#[tokio::test]
async fn an_invocation_is_told_with_its_payload_answer_and_logs_but_no_tokens() {
    let served = Served::start().await;
    let before = clock::now();
    let payload = json!({"print": ["hello", "again"], "sent": {"Authorization": "Bearer secret"}, "with": [{"token": "secret"}]});
    let invoked = served.lambda.invoke("muster-dev-operate:live", payload.to_string().into()).await;
    served.lambda.invoke("muster-dev-operate", r#"{"print":["not of that one"]}"#.into()).await.result.unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    let past = loop {
        let past = served.json(&format!("/api/invocations/{}", invoked.request_id)).await;
        let is_read = past["logs"].as_array().unwrap().iter().any(|line| line == "again");
        if is_read || std::time::Instant::now() > deadline {
            break past;
        }
    };
    assert_eq!((&past["function"], &past["payload"]["print"]), (&json!("muster-dev-operate"), &json!(["hello", "again"])));
    assert_eq!(past["payload"], past["answer"]);
    let lines = past["logs"].as_array().unwrap();
    assert!(lines.contains(&json!("hello")) && lines.contains(&json!("again")), "{past}");
    assert!(!past.to_string().contains("secret") && past["payload"]["with"][0]["token"] == "…", "{past}");
    let (at, ms) = (past["at"].as_u64().unwrap(), past["ms"].as_f64().unwrap());
    assert!((before..=clock::now()).contains(&at) && ms > 0.0 && ms < 10_000.0, "{past}");
    assert_eq!(served.get("/api/invocations/00000000-0000-0000-0000-000000000000").await.status(), 404);
    served.lambda.shutdown().await;
}

#[tokio::test]
async fn the_history_of_a_row_is_its_changes_in_order() {
    let served = Served::start().await;
    let before = clock::now();
    for number in 1..=2 {
        served.write("m-1", Some(number)).await;
        served.write("m-2", Some(number)).await;
    }
    served.write("m-1", Some(2)).await;
    served.write("m-1", None).await;
    let answer = served.json("/api/history?table=matches&key=m-1").await;
    let changes = answer["changes"].as_array().unwrap();
    let members = |name: &str| -> Vec<Value> { changes.iter().map(|change| change[name].clone()).collect() };
    assert_eq!(members("event"), ["INSERT", "MODIFY", "REMOVE"], "what changes nothing is no change");
    let keys = json!({"matchId": "m-1", "item": "match"});
    let image = json!({"matchId": "m-1", "item": "match", "number": 2, "list": [0.5, null, {"a": true}, ["x"]]});
    assert_eq!((&changes[1]["keys"], &changes[1]["image"], &changes[2]["image"]), (&keys, &image, &Value::Null));
    let times: Vec<_> = members("at").iter().map(|at| at.as_u64().unwrap()).collect();
    assert!(times.is_sorted() && times[0] >= before && times[2] <= clock::now(), "{before} {times:?}");
    assert_eq!(served.json("/api/history?table=nothing&key=m-1").await, json!({"changes": []}));
    for path in ["/api/history?table=matches", "/api/history?key=x", "/api/trace", "/api/trace?id="] {
        assert_eq!(served.get(path).await.status(), 400, "{path}");
    }
    for number in 0..999 {
        served.write("m-3", Some(number)).await;
    }
    let answer = served.json("/api/history?table=matches&key=m-1").await;
    assert_eq!(answer["changes"].as_array().unwrap().len(), 1, "the last 1,000 changes are remembered: {answer}");
}
