//! Tokens with every member of their header and their claims changed. Each is refused as the player's fault, and none is ours.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::harness::{Algorithm, LocalStack, Socket, TestIssuer};

/// How many handshakes are under way at once.
const AT_ONCE: usize = 8;

/// Values that a careless reader might take for something else.
fn odd_values() -> Vec<Value> {
    let deep = (0..100).fold(json!("alice"), |inner, _| json!([inner]));
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("none"),
        json!("../../keys"),
        json!("x".repeat(4_000)),
        json!([]),
        json!(["another-game", 7]),
        json!({}),
        json!({"$ne": null}),
        deep,
    ]
}

/// `object` with each of its members, and of `more`, changed to each odd value; and with each of its members left out.
fn changes(object: &Value, more: &[&str]) -> Vec<(String, Value)> {
    let own: Vec<String> = object.as_object().unwrap().keys().cloned().collect();
    let mut changed = Vec::new();
    for name in own.iter().map(String::as_str).chain(more.iter().copied()) {
        for value in odd_values() {
            let mut object = object.clone();
            object[name] = value;
            changed.push((name.to_owned(), object));
        }
    }
    for name in own {
        let mut object = object.clone();
        object.as_object_mut().unwrap().remove(&name);
        changed.push((name, object));
    }
    changed
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn decode(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Tries to connect with each token, and checks that each is refused with 403 and that nothing of ours has failed.
async fn all_are_forbidden(stack: &LocalStack, tokens: impl IntoIterator<Item = (String, String)>) {
    let attempts = tokens.into_iter().map(|(case, token)| async move {
        let refused = Socket::with_token(&stack.addresses.url, &token).await.err();
        assert_eq!(refused, Some(403), "{case}: {token}");
    });
    let tried = stream::iter(attempts).buffer_unordered(AT_ONCE).count().await;
    assert!(tried > 10, "there were cases: {tried}");
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_token_that_was_changed_after_it_was_signed_is_refused() {
    let issuer = TestIssuer::start().await;
    let stack = LocalStack::trusting(&issuer).await;
    for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        let token = issuer.sign(algorithm, &issuer.claims("mallory"));
        let [header, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let brought_along = ["crit", "jwk", "jku", "x5c", "x5u", "zip", "b64"];
        let headers = changes(&decode(header), &brought_along).into_iter();
        let headers = headers.map(|(name, changed)| (format!("header {name}"), format!("{}.{claims}.{signature}", encode(&changed))));
        let bodies = changes(&decode(claims), &["nbf", "client_id", "scope", "playerId", "expiresAt"]).into_iter();
        let bodies = bodies.map(|(name, changed)| (format!("claim {name}"), format!("{header}.{}.{signature}", encode(&changed))));
        all_are_forbidden(&stack, headers.chain(bodies)).await;
    }
}

#[tokio::test]
async fn a_token_that_the_issuer_signed_but_not_for_this_is_refused() {
    let issuer = TestIssuer::start().await;
    let stack = LocalStack::trusting(&issuer).await;
    let good = issuer.claims("mallory");
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": "elliptic"});
    assert!(Socket::with_token(&stack.addresses.url, &issuer.sign_under(&header, &good)).await.is_ok());
    let headers = changes(&header, &["crit"]).into_iter().filter(|(name, changed)| {
        // What kind of token it is makes no difference; and one without a key's name is tried with the only key of its algorithm.
        name != "typ" && (name != "kid" || changed.get("kid").is_some())
    });
    let headers = headers.map(|(name, changed)| (format!("header {name}"), issuer.sign_under(&changed, &good)));
    // A text of a sensible length is a player's name; a token may have begun to hold long ago; and when it was made is the issuer's
    // business.
    let is_name = |value: &Value| value.as_str().is_some_and(|text| (1..=128).contains(&text.len()));
    let is_good = |name: &str, claim: Option<&Value>| match name {
        "sub" => claim.is_some_and(is_name),
        "nbf" => claim == Some(&json!(1)),
        _ => name == "iat",
    };
    let claims = changes(&good, &["nbf"]).into_iter().filter(|(name, changed)| !is_good(name, changed.get(name)));
    let claims = claims.map(|(name, changed)| (format!("claim {name}"), issuer.sign_under(&header, &changed)));
    all_are_forbidden(&stack, headers.chain(claims)).await;
}

#[tokio::test]
async fn a_token_in_another_form_is_refused() {
    let issuer = TestIssuer::start().await;
    let stack = LocalStack::trusting(&issuer).await;
    let sign = |player| issuer.sign(Algorithm::Es256, &issuer.claims(player));
    let (token, other) = (sign("mallory"), sign("alice"));
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let [_, others_claims, others_signature] = other.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut forms = vec![
        format!("{header}.{others_claims}.{signature}"),
        format!("{header}.{claims}.{others_signature}"),
        format!("{claims}.{header}.{signature}"),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        "..".to_owned(),
        format!("{token}="),
        format!("{token}.{signature}"),
        format!("{token},{other}"),
        format!("Bearer {token}"),
        format!("\"{token}\""),
        token.to_uppercase(),
        token.repeat(20),
    ];
    // Any one character, replaced, left out or doubled.
    for at in (0..token.len()).step_by(7) {
        let (before, rest) = token.split_at(at);
        let (character, after) = rest.split_at(1);
        let replaced = if character == "A" { "B" } else { "A" };
        forms.extend([format!("{before}{replaced}{after}"), format!("{before}{after}"), format!("{before}{character}{rest}")]);
    }
    all_are_forbidden(&stack, forms.into_iter().map(|form| ("form".to_owned(), form))).await;
}
