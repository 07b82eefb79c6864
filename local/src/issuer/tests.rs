//! The issuer as a verifier and a client see it.

use std::net::Ipv4Addr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Client, StatusCode};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use tokio::net::TcpListener;

use axum::Router;
use serde_json::Value;

use super::*;

async fn start() -> Issuer {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let issuer = Issuer::new(&format!("http://{}", listener.local_addr().unwrap()), "game").unwrap();
    let router = issuer.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    issuer
}

fn decode(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

fn part(token: &str, index: usize) -> Vec<u8> {
    decode(&json!(token.split('.').nth(index).unwrap()))
}

/// The claims of a token, after the way a verifier goes: discovery, keys, the key by its id, the signature.
async fn verified(issuer: &Issuer, token: &str) -> Option<Value> {
    let discovery = get(&format!("{}/.well-known/openid-configuration", issuer.issuer_url())).await;
    assert_eq!(discovery["issuer"], issuer.issuer_url());
    let keys = get(discovery["jwks_uri"].as_str().unwrap()).await;
    let header: Value = serde_json::from_slice(&part(token, 0)).unwrap();
    assert_eq!(header["alg"], "ES256");
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"])?;
    assert_eq!((&key["kty"], &key["crv"], &key["use"], &key["alg"]), (&json!("EC"), &json!("P-256"), &json!("sig"), &json!("ES256")));
    let point = [vec![4], decode(&key["x"]), decode(&key["y"])].concat();
    let message = token.rsplit_once('.').unwrap().0;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message.as_bytes(), &part(token, 2)).ok()?;
    Some(serde_json::from_slice(&part(token, 1)).unwrap())
}

async fn get(url: &str) -> Value {
    reqwest::get(url).await.unwrap().error_for_status().unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_token_can_be_verified_with_what_the_issuer_publishes() {
    let issuer = start().await;
    let before = clock::now() / 1000;
    let answer = get(&format!("{}/token?player=alice&expiresIn=90", issuer.issuer_url())).await;
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(90)));
    let claims = verified(&issuer, answer["access_token"].as_str().unwrap()).await.unwrap();
    assert_eq!((&claims["iss"], &claims["aud"], &claims["sub"]), (&json!(issuer.issuer_url()), &json!("game"), &json!("alice")));
    let expires_at = claims["exp"].as_u64().unwrap();
    assert!((before + 90..before + 100).contains(&expires_at), "{expires_at}");
}

#[tokio::test]
async fn each_start_has_a_key_of_its_own() {
    let (one, other) = (start().await, start().await);
    let token = other.token_for("alice", 60).unwrap();
    assert!(verified(&other, &token).await.is_some());
    assert_eq!(verified(&one, &token).await, None);
}

#[tokio::test]
async fn a_name_that_cannot_be_a_players_is_refused_with_the_limit() {
    let issuer = start().await;
    for (name, characters) in [(String::new(), 0), ("a".repeat(129), 129), ("a%00b".to_owned(), 3)] {
        let response = reqwest::get(format!("{}/token?player={name}", issuer.issuer_url())).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let expected = format!("'player' should have 1 to 128 characters and no control characters; it has {characters} characters");
        assert_eq!(response.json::<Value>().await.unwrap()["error_description"], expected);
    }
    get(&format!("{}/token?player={}", issuer.issuer_url(), "%C3%BC".repeat(128))).await;
}

#[tokio::test]
async fn the_query_says_for_whom_and_for_how_long_a_token_is() {
    let issuer = start().await;
    let url = format!("{}/token", issuer.issuer_url());
    let asked = Client::new().post(format!("{url}?player=Alice+%26%20Bob")).send().await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(asked["expires_in"], 3_600);
    assert_eq!(verified(&issuer, asked["access_token"].as_str().unwrap()).await.unwrap()["sub"], "Alice & Bob");
    for (query, problem) in [
        ("", "missing field `player`"),
        ("Player=alice", "missing field `player`"),
        ("player=alice&expiresIn=soon", "expiresIn"),
        ("player=alice&expiresIn=-1", "expiresIn"),
        ("player=alice&expiresIn=0", "'expiresIn' should be a number of seconds from 1 to 31536000, not 0"),
        ("player=alice&expiresIn=31536001", "'expiresIn' should be"),
    ] {
        let response = reqwest::get(format!("{url}?{query}")).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
        let answer: Value = response.json().await.unwrap();
        assert!(answer["error_description"].as_str().unwrap().contains(problem), "{query}: {answer}");
    }
}

#[tokio::test]
async fn what_the_issuer_does_not_have_is_refused_and_other_routes_are_not_its_own() {
    let issuer = Issuer::new("http://127.0.0.1:1", "game").unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/other", axum::routing::get(async || "other")).merge(issuer.router());
    tokio::spawn(async move { axum::serve(listener, router).await });
    for (path, status) in [("/other", 200), ("/issuer/jwks.json", 200), ("/issuer/elsewhere", 404), ("/elsewhere", 404)] {
        let response = reqwest::get(format!("{url}{path}")).await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers().get("access-control-allow-origin")), (status, None), "{path}");
    }
}
