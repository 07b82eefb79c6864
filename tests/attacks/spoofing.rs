//! Somebody claims to be somebody else, wherever a claim can be made. Only the token counts.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::harness::{LocalStack, Player, Socket, message_to};

/// The names under which systems have believed who is calling.
const NAMES: [&str; 18] = [
    "playerId",
    "player_id",
    "PlayerId",
    "userId",
    "user",
    "username",
    "senderId",
    "sender",
    "from",
    "sub",
    "principalId",
    "cognito:username",
    "recipientId",
    "connectionId",
    "owner",
    "id",
    "X-Player-Id",
    "identity",
];

const HEADERS: [&str; 14] = [
    "X-Player-Id",
    "X-User-Id",
    "X-User",
    "X-Forwarded-User",
    "X-Remote-User",
    "Remote-User",
    "X-Amzn-Oidc-Identity",
    "X-Amzn-Oidc-Data",
    "X-Amz-Security-Token",
    "playerId",
    "principalId",
    "From",
    "Cookie",
    "X-Authorizer-PlayerId",
];

/// Every name, saying `player`, as members of an object, beside what the authorizer's own context looks like.
fn claims(player: &str) -> Map<String, Value> {
    let mut claims: Map<String, Value> = NAMES.iter().map(|name| ((*name).to_owned(), json!(player))).collect();
    let authorizer = json!({"playerId": player, "principalId": player, "expiresAt": 9_999_999_999_u64});
    claims.insert("authorizer".to_owned(), authorizer.clone());
    claims.insert("requestContext".to_owned(), json!({"authorizer": authorizer, "connectionId": player}));
    claims.insert("headers".to_owned(), json!({"X-Player-Id": player}));
    claims
}

/// Checks that whoever holds `impostor` sends as mallory and hears what is for mallory, and nothing that is for alice.
async fn is_mallory(stack: &LocalStack, impostor: &mut Player, case: &str) {
    let mut bob = Player::connect(stack, "bob").await;
    impostor.send(&["bob"], case).await;
    let message = bob.message().await;
    assert_eq!((&message["senderId"], &message["message"]), (&json!("mallory"), &json!(case)), "{message}");
    bob.send(&["alice"], "for alice alone").await;
    bob.send(&["mallory"], "for mallory").await;
    assert_eq!(impostor.texts(1).await, ["for mallory"], "{case}");
}

#[tokio::test]
async fn what_a_frame_says_of_its_sender_counts_for_nothing() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let mut bob = Player::connect(&stack, "bob").await;
    let mut mallory = Player::connect(&stack, "mallory").await;
    let (mut frame, mut ping) = (message_to(&["bob"], "it is me"), json!({"route": "ping"}));
    frame.as_object_mut().unwrap().extend(claims("alice"));
    frame["body"].as_object_mut().unwrap().extend(claims("alice"));
    frame["body"].as_object_mut().unwrap().extend(
        json!({"messageId": "00000000-0000-7000-8000-123456789012", "sentAt": 1, "expiresAt": 1, "cause": "alice"})
            .as_object()
            .unwrap()
            .clone(),
    );
    ping.as_object_mut().unwrap().extend(claims("alice"));
    let reply = mallory.ask(&frame).await;
    assert_eq!(reply["type"], "reply", "{reply}");
    assert_eq!(mallory.ask(&ping).await["type"], "reply");
    let message = bob.message().await;
    assert_eq!(message["senderId"], "mallory", "{message}");
    assert_eq!(message["messageId"], reply["body"]["messageIds"]["bob"]);
    let [row] = stack.inbox("bob").await.try_into().unwrap();
    assert_eq!(row["senderId"]["S"], "mallory");
    assert!(!row.to_string().contains("alice"), "nothing but what the protocol names is stored: {row}");
    assert!(stack.inbox("alice").await.is_empty());
    assert!(alice.hears_nothing(Duration::from_millis(100)).await, "no answer goes to another socket");
}

#[tokio::test]
async fn nobody_reads_anothers_inbox() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let mut mallory = Player::connect(&stack, "mallory").await;
    let secret = alice.send(&["alice"], "a secret").await["alice"].clone();
    alice.send(&["mallory"], "for mallory").await;
    let (_, alices_place) = alice.resume(None, 100).await;
    let mut bodies = vec![json!({}), json!({"after": secret}), json!({"after": alices_place})];
    // A place that looks like the end of a page of alice's.
    bodies.push(json!({"next": format!("0.{}", secret.as_str().unwrap())}));
    for mut body in bodies {
        body.as_object_mut().unwrap().extend(claims("alice"));
        let mut frame = json!({"route": "resume", "body": body});
        frame.as_object_mut().unwrap().extend(claims("alice"));
        let answer = mallory.ask(&frame).await;
        assert_eq!(answer["type"], "reply", "{answer}");
        assert!(!answer.to_string().contains("a secret"), "{frame}: {answer}");
    }
    assert_eq!(mallory.missed(None).await, ["for mallory"]);
}

#[tokio::test]
async fn what_a_handshakes_headers_say_counts_for_nothing() {
    let stack = LocalStack::start(&[]).await;
    let token = stack.token("mallory").await;
    let bearer = format!("Bearer {token}");
    let mut headers: Vec<(&str, &str)> = HEADERS.iter().map(|name| (*name, "alice")).collect();
    headers.push(("Authorization", &bearer));
    let mut impostor = Player::of(Socket::open(&stack.addresses.url, &headers).await.unwrap());
    is_mallory(&stack, &mut impostor, "by header").await;
    assert!(stack.connections("alice").await.is_empty());
}

#[tokio::test]
async fn what_a_handshakes_query_says_counts_for_nothing() {
    let stack = LocalStack::start(&[]).await;
    let query: String = NAMES.iter().map(|name| format!("&{}=alice", name.replace(':', "%3A"))).collect();
    let url = format!("{}?token={}{query}&authorizer.playerId=alice", stack.addresses.url, stack.token("mallory").await);
    let mut impostor = Player::of(Socket::open(&url, &[]).await.unwrap());
    is_mallory(&stack, &mut impostor, "by query").await;
    assert!(stack.connections("alice").await.is_empty());
}

#[tokio::test]
async fn a_second_token_does_not_lend_its_name_to_the_first() {
    let stack = LocalStack::start(&[]).await;
    let (good, alices) = (stack.token("mallory").await, stack.token("alice").await);
    // Alice's claims under a signature that is not theirs.
    let forged = format!("{}.{}", alices.rsplit_once('.').unwrap().0, good.rsplit_once('.').unwrap().1);
    let url = &stack.addresses.url;
    let bearer = |token: &str| format!("Bearer {token}");
    let by_query = |tokens: &[&str]| format!("{url}?token={}", tokens.join("&token="));
    let attempts = [
        (by_query(&[&forged]), vec![bearer(&good)]),
        (by_query(&[&good]), vec![bearer(&forged)]),
        (by_query(&[&good, &forged]), vec![]),
        (by_query(&[&forged, &good]), vec![]),
        (url.clone(), vec![bearer(&good), bearer(&forged)]),
        (url.clone(), vec![bearer(&forged), bearer(&good)]),
        (url.clone(), vec![format!("{}, {}", bearer(&good), bearer(&forged))]),
    ];
    let mut opened = Vec::new();
    for (url, headers) in &attempts {
        let headers: Vec<(&str, &str)> = headers.iter().map(|value| ("Authorization", value.as_str())).collect();
        // Which of two tokens is read may differ; one that is not right opens nothing, and one that is opens its own player's socket.
        match Socket::open(url, &headers).await {
            Ok(socket) => opened.push(socket),
            Err(status) => assert_eq!(status, 403),
        }
    }
    assert!(stack.connections("alice").await.is_empty());
    assert_eq!(stack.connections("mallory").await.len(), opened.len());
    assert!(!opened.is_empty() && opened.len() < attempts.len(), "{} were let in", opened.len());
}

#[tokio::test]
async fn strange_recipients_are_players_of_their_own() {
    let stack = LocalStack::start(&[]).await;
    let mut bob = Player::connect(&stack, "bob").await;
    let mut mallory = Player::connect(&stack, "mallory").await;
    let connection = stack.connections("bob").await[0].clone();
    let strange =
        ["Bob", "bob ", " bob", "bob#", "bob/", "BOB", "b\u{43e}b", "bob\u{200b}", "bo\u{62}\u{301}", "*", "connection#", &connection];
    let ids = mallory.send(&strange, "hi").await;
    assert_eq!(ids.as_object().unwrap().len(), strange.len());
    assert!(stack.inbox("bob").await.is_empty());
    assert!(bob.hears_nothing(Duration::from_millis(100)).await);
    mallory.send(&["bob"], "to bob").await;
    assert_eq!(bob.texts(1).await, ["to bob"]);
}
