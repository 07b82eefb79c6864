//! Requests and their answers.

use std::time::Duration;

use serde_json::json;

use super::server::{Server, event, soon};
use crate::{
    Event, Options, RequestError,
    protocol::{Code, Latency, Outcome, routes::SessionPlacementRequest},
};

#[tokio::test]
async fn replies_find_their_requests_out_of_order() {
    let server = Server::start().await;
    let (client, _events, mut accepted) = server.pair(server.options("t")).await;
    let ask = |n: u32| client.request("echo", json!({"n": n}));
    let (one, two, three, ()) = soon(async {
        tokio::join!(ask(1), ask(2), ask(3), async {
            let mut requests = [accepted.receive().await, accepted.receive().await, accepted.receive().await];
            requests.reverse();
            for request in &requests {
                assert_eq!(request["route"], "echo");
                accepted.reply(request, request["body"].clone()).await;
            }
        })
    })
    .await;
    assert_eq!([one, two, three], [1, 2, 3].map(|n| Ok(json!({"n": n}))));
    assert_eq!(client.open_requests(), 0);
}

#[tokio::test]
async fn the_typed_helpers_speak_the_protocol() {
    let server = Server::start().await;
    let (client, _events, mut accepted) = server.pair(server.options("t")).await;
    let players = ["bob", "carol"];
    let (sent, ()) = tokio::join!(client.send_message(&players, "hi"), async {
        let request = accepted.receive().await;
        assert_eq!((&request["route"], &request["body"]), (&json!("sendMessage"), &json!({"playerIds": players, "message": "hi"})));
        accepted.reply(&request, json!({"messageIds": {"bob": "m1"}, "unsent": ["carol"], "new": 1})).await;
    });
    let sent = sent.unwrap();
    assert_eq!((sent.message_ids["bob"].as_str(), sent.unsent.as_slice()), ("m1", ["carol".to_owned()].as_slice()));

    let latencies = vec![Latency { region: "eu-central-1".into(), milliseconds: 12 }];
    let placement = SessionPlacementRequest { mode: Some("duel".into()), latencies };
    let (requested, ()) = tokio::join!(client.request_placement(&placement), async {
        let request = accepted.receive().await;
        let body = json!({"mode": "duel", "latencies": [{"region": "eu-central-1", "milliseconds": 12}]});
        assert_eq!((&request["route"], &request["body"]), (&json!("sessionPlacementRequest"), &body));
        accepted.reply(&request, json!({"placementId": "p1"})).await;
    });
    assert_eq!(requested.unwrap().placement_id, "p1");

    let (cancelled, ()) = tokio::join!(client.cancel_placement("p1"), async {
        let request = accepted.receive().await;
        assert_eq!((&request["route"], &request["body"]), (&json!("cancelPlacement"), &json!({"placementId": "p1"})));
        accepted.reply(&request, json!({"placementId": "p1", "outcome": "timedOut"})).await;
    });
    assert_eq!(cancelled.unwrap().outcome, Some(Outcome::TimedOut));

    let (pong, ()) = tokio::join!(client.ping(), async {
        let request = accepted.receive().await;
        accepted.reply(&request, json!({"clock": "noon"})).await;
    });
    assert!(matches!(pong, Err(RequestError::UnexpectedReply(problem)) if problem.contains("time")));
}

#[tokio::test]
async fn a_rejection_is_an_error_with_its_code() {
    let server = Server::start().await;
    let (client, _events, mut accepted) = server.pair(server.options("t")).await;
    let (refused, ()) = tokio::join!(client.request("sendMessage", json!({})), async {
        let request = accepted.receive().await;
        accepted.reject(&request, "bad_request", "body: missing field `playerIds`").await;
    });
    let Err(RequestError::Rejected(rejection)) = refused else { panic!("{refused:?}") };
    assert_eq!((rejection.code, rejection.message.as_str()), (Code::BadRequest, "body: missing field `playerIds`"));
}

#[tokio::test]
async fn the_gateways_frame_fails_the_only_open_request_and_is_an_event() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(server.options("t")).await;
    let frame = json!({"message": "Internal server error", "connectionId": "c=", "requestId": "g="});
    let (failed, ()) = tokio::join!(client.ping(), async {
        accepted.receive().await;
        accepted.send(&frame).await;
    });
    assert_eq!(failed, Err(RequestError::Gateway("Internal server error".into())));
    assert!(matches!(event(&mut events).await, Event::Gateway(error) if error.request_id.as_deref() == Some("g=")));
}

#[tokio::test]
async fn the_gateways_frame_fails_none_of_two_open_requests() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(server.options("t")).await;
    let (one, two, ()) = tokio::join!(client.request("a", json!({})), client.request("b", json!({})), async {
        let requests = [accepted.receive().await, accepted.receive().await];
        accepted.send(json!({"message": "Too Many Requests"})).await;
        assert!(matches!(event(&mut events).await, Event::Gateway(_)));
        for request in &requests {
            accepted.reply(request, json!({})).await;
        }
    });
    assert_eq!((one, two), (Ok(json!({})), Ok(json!({}))));
}

#[tokio::test]
async fn a_request_times_out_and_its_late_reply_is_an_event() {
    let server = Server::start().await;
    let options = Options { request_timeout: Duration::from_millis(50), ..server.options("t") };
    let (client, mut events, mut accepted) = server.pair(options).await;
    assert_eq!(client.request("slow", json!({})).await, Err(RequestError::TimedOut));
    assert_eq!(client.open_requests(), 0);
    let request = accepted.receive().await;
    accepted.reply(&request, json!({"late": true})).await;
    assert!(matches!(event(&mut events).await, Event::Answer(answer) if answer.result == Ok(json!({"late": true}))));
}

#[tokio::test]
async fn a_dropped_request_frees_its_slot() {
    let server = Server::start().await;
    let (client, _events, mut accepted) = server.pair(server.options("t")).await;
    let asking = tokio::spawn({
        let client = client.clone();
        async move { client.request("slow", json!({})).await }
    });
    accepted.receive().await;
    assert_eq!(client.open_requests(), 1);
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    assert_eq!(client.open_requests(), 0);
}

#[tokio::test]
async fn a_lost_connection_fails_what_was_sent_and_keeps_what_was_not() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(server.options("t")).await;
    let (lost, ()) = tokio::join!(client.request("first", json!({})), async {
        accepted.receive().await;
        drop(accepted);
    });
    assert_eq!(lost, Err(RequestError::Disconnected));
    assert!(matches!(event(&mut events).await, Event::Disconnected { .. }));
    // The listener has not accepted yet, so that this one waits for the next connection.
    let (kept, ()) = soon(async {
        tokio::join!(client.request("second", json!({})), async {
            let mut accepted = server.accept().await;
            let request = accepted.receive().await;
            assert_eq!(request["route"], "second");
            accepted.reply(&request, json!({})).await;
        })
    })
    .await;
    assert_eq!(kept, Ok(json!({})));
}

#[tokio::test]
async fn a_request_that_finds_no_connection_in_time_was_not_sent() {
    let server = Server::start().await;
    let options = Options { request_timeout: Duration::from_millis(50), ..server.options("t") };
    let (client, mut events, accepted) = server.pair(options).await;
    drop((server, accepted));
    assert!(matches!(event(&mut events).await, Event::Disconnected { .. }));
    assert_eq!(client.request("any", json!({})).await, Err(RequestError::NotSent));
    assert_eq!(client.send_raw("{}").await, Ok(()), "there is room for it in the queue");
}

#[tokio::test]
async fn a_long_request_goes_out_in_fragments_and_one_too_long_does_not() {
    let server = Server::start().await;
    let (client, _events, mut accepted) = server.pair(server.options("t")).await;
    let text = "é".repeat(50_000);
    let (reply, ()) = soon(async {
        tokio::join!(client.request("long", json!({"text": text})), async {
            let request = accepted.receive().await;
            assert_eq!(request["body"]["text"], text.as_str());
            accepted.reply(&request, json!({})).await;
        })
    })
    .await;
    assert_eq!(reply, Ok(json!({})));
    let error = client.request("long", json!({"text": "x".repeat(128 * 1024)})).await.unwrap_err();
    assert!(matches!(&error, RequestError::Unsendable(problem) if problem.starts_with("at most 131072 bytes")), "{error}");
}
