//! Who may open a socket, and who may not.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::harness::{Algorithm, LocalStack, PATIENCE, Socket, Stack, TestIssuer, eventually};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Whether the socket at the other end answers.
async fn works(mut socket: Socket) -> bool {
    socket.ask(r#"{"route":"ping"}"#).await["body"]["time"].is_u64()
}

#[tokio::test]
async fn a_token_is_accepted_by_header_in_any_case_and_by_query() {
    let stack = Stack::start().await;
    let token = stack.token("alice").await;
    for (name, scheme) in [("Authorization", "Bearer"), ("authorization", "bearer"), ("AUTHORIZATION", "BEARER")] {
        let socket = Socket::open(stack.url(), &[(name, &format!("{scheme} {token}"))]).await;
        assert!(works(socket.unwrap()).await, "{name}: {scheme}");
    }
    let socket = Socket::open(&format!("{}?token={token}", stack.url()), &[]).await;
    assert!(works(socket.unwrap()).await);
}

#[tokio::test]
async fn without_a_token_it_is_401_and_with_a_wrong_one_403() {
    let stack = Stack::start().await;
    let mut changed = stack.token("alice").await;
    changed.replace_range(changed.len() - 5.., "AAAAA");
    assert_eq!(Socket::open(stack.url(), &[]).await.err(), Some(401));
    assert_eq!(Socket::open(stack.url(), &[("Authorization", "Basic YWxpY2U6")]).await.err(), Some(401));
    assert_eq!(Socket::open(&format!("{}?token=", stack.url()), &[]).await.err(), Some(401));
    assert_eq!(Socket::with_token(stack.url(), &changed).await.err(), Some(403));
    assert_eq!(Socket::with_token(stack.url(), "no.real.token").await.err(), Some(403));
}

#[tokio::test]
async fn tokens_of_both_algorithms_are_accepted_and_tampered_ones_are_not() {
    let issuer = TestIssuer::start().await;
    let stack = LocalStack::trusting(&issuer).await;
    let url = &stack.addresses.url;
    for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
        let socket = Socket::with_token(url, &issuer.sign(algorithm, &issuer.claims("alice"))).await;
        assert!(works(socket.unwrap()).await, "{algorithm:?}");
    }
    for algorithm in [Algorithm::None, Algorithm::Hs256WithPublicKey, Algorithm::UnpublishedEs256] {
        let refused = Socket::with_token(url, &issuer.sign(algorithm, &issuer.claims("alice"))).await.err();
        assert_eq!(refused, Some(403), "{algorithm:?}");
    }
}

#[tokio::test]
async fn a_token_must_be_of_the_issuer_for_the_audience_in_its_time_and_name_a_player() {
    let issuer = TestIssuer::start().await;
    let stack = LocalStack::trusting(&issuer).await;
    let with = |name: &str, value: Value| {
        let mut claims = issuer.claims("alice");
        claims[name] = value;
        claims
    };
    let without = |name: &str| {
        let mut claims = issuer.claims("alice");
        claims.as_object_mut().unwrap().remove(name);
        claims
    };
    let mut by_client_id = without("aud");
    by_client_id["client_id"] = json!(issuer.audience());
    let accepted = [
        ("aud among others", with("aud", json!(["another", issuer.audience()]))),
        ("client_id instead of aud", by_client_id),
        ("nbf in the past", with("nbf", json!(now() - 60))),
        ("128 characters", with("sub", json!("ü".repeat(128)))),
    ];
    for (case, claims) in accepted {
        let socket = Socket::with_token(&stack.addresses.url, &issuer.sign(Algorithm::Es256, &claims)).await;
        assert!(works(socket.unwrap_or_else(|status| panic!("{case}: {status}"))).await, "{case}");
    }
    let refused = [
        ("expired", with("exp", json!(now() - 120))),
        ("never expiring", without("exp")),
        ("exp of the wrong type", with("exp", json!("tomorrow"))),
        ("not valid yet", with("nbf", json!(now() + 600))),
        ("another issuer", with("iss", json!("https://elsewhere.example"))),
        ("no issuer", without("iss")),
        ("another audience", with("aud", json!("another-game"))),
        ("no audience", without("aud")),
        ("no player", without("sub")),
        ("an empty player", with("sub", json!(""))),
        ("a player of 129 characters", with("sub", json!("x".repeat(129)))),
    ];
    for (case, claims) in refused {
        let refused = Socket::with_token(&stack.addresses.url, &issuer.sign(Algorithm::Es256, &claims)).await.err();
        assert_eq!(refused, Some(403), "{case}");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_are_our_fault_not_the_players() {
    let issuer = TestIssuer::start().await;
    issuer.fail();
    let stack = LocalStack::trusting(&issuer).await;
    let refused = Socket::with_token(&stack.addresses.url, &issuer.sign(Algorithm::Es256, &issuer.claims("alice"))).await.err();
    assert_eq!(refused, Some(500));
}

#[tokio::test]
async fn no_token_is_ever_logged() {
    let stack = LocalStack::start(&[]).await;
    let token = stack.token("alice").await;
    let wrong = format!("{}x", stack.token("mallory").await);
    assert!(works(Socket::with_token(&stack.addresses.url, &token).await.unwrap()).await);
    assert!(works(Socket::open(&format!("{}?token={token}", stack.addresses.url), &[]).await.unwrap()).await);
    assert_eq!(Socket::with_token(&stack.addresses.url, &wrong).await.err(), Some(403));
    let output = eventually("the calls are logged", || {
        let output = stack.output();
        async move { (output.matches("connected").count() >= 2).then_some(output) }
    })
    .await;
    for part in token.split('.').chain(wrong.split('.').skip(1)) {
        assert!(!output.contains(part), "the log holds a part of a token: {part}");
    }
}

#[tokio::test]
async fn once_its_token_has_expired_a_socket_is_told_so() {
    let stack = LocalStack::start(&[]).await;
    let token = stack.token_for("alice", 8).await;
    let mut socket = Socket::with_token(&stack.addresses.url, &token).await.unwrap();
    assert_eq!(socket.ask(r#"{"route":"ping"}"#).await["type"], "reply");
    let patience = tokio::time::Instant::now() + PATIENCE;
    loop {
        let answer = socket.ask(r#"{"route":"ping","requestId":"r1"}"#).await;
        if answer["type"] == "rejection" {
            assert_eq!((&answer["code"], &answer["requestId"]), (&json!("token_expired"), &json!("r1")));
            break;
        }
        assert!(tokio::time::Instant::now() < patience);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    for frame in [r#"{"route":"sendMessage","body":{"playerIds":["bob"],"message":"hi"}}"#, r#"{"route":"nowhere"}"#] {
        assert_eq!(socket.ask(frame).await["code"], "token_expired", "{frame}");
    }
}
