//! What an attacker would try: a valid token with something changed, and headers that talk a careless verifier into the wrong key.

use std::sync::LazyLock;

use proptest::prelude::*;
use ring::hmac;
use serde_json::{Value, json};

use super::{
    jwks::KeySet,
    test_issuer::{TestIssuer, encode, message},
    *,
};

const NOW: u64 = 1_700_000_000;

/// One issuer for all cases, as making keys takes longer than checking signatures. Nothing is asked of its site.
struct Bench {
    issuer: TestIssuer,
    provider: OpenId,
    keys: KeySet,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let issuer = TestIssuer::start();
    let (provider, keys) = (issuer.provider(), KeySet::parse(issuer.keys().to_string().as_bytes()).unwrap());
    Bench { issuer, provider, keys }
});

impl Bench {
    fn claims(&self) -> Value {
        json!({"iss": self.issuer.url(), "aud": "game", "sub": "alice", "exp": NOW + 60})
    }

    fn verify(&self, token: &str) -> Result<Identity, Refusal> {
        self.provider.identify(&Jwt::parse(token)?, &self.keys, NOW)
    }

    /// A token signed with the RSA key under a header that has been changed; a null takes a member away.
    fn rsa_token(&self, change: &Value) -> String {
        self.issuer.sign_with_rsa(&header("RS256", "rsa", change), &self.claims())
    }

    fn elliptic_token(&self, change: &Value) -> String {
        self.issuer.sign_with_elliptic(&header("ES256", "elliptic", change), &self.claims())
    }
}

fn header(algorithm: &str, key_id: &str, change: &Value) -> Value {
    let mut header = json!({"alg": algorithm, "kid": key_id, "typ": "JWT"});
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            header.as_object_mut().unwrap().remove(name);
        } else {
            header[name] = value.clone();
        }
    }
    header
}

proptest! {
    #[test]
    fn a_token_with_any_character_changed_is_refused(elliptic: bool, at: prop::sample::Index, to in "[ -~]") {
        let bench = &*BENCH;
        let token = if elliptic { bench.elliptic_token(&json!({})) } else { bench.rsa_token(&json!({})) };
        prop_assert!(bench.verify(&token).is_ok());
        let at = at.index(token.len());
        prop_assume!(token[at..=at] != to);
        let changed = format!("{}{to}{}", &token[..at], &token[at + 1..]);
        prop_assert!(bench.verify(&changed).is_err(), "{changed}");
    }

    #[test]
    fn a_token_with_a_character_more_or_less_is_refused(elliptic: bool, at: prop::sample::Index, more in "[ -~]") {
        let bench = &*BENCH;
        let token = if elliptic { bench.elliptic_token(&json!({})) } else { bench.rsa_token(&json!({})) };
        let at = at.index(token.len());
        let longer = format!("{}{more}{}", &token[..at], &token[at..]);
        prop_assert!(bench.verify(&longer).is_err());
        let shorter = format!("{}{}", &token[..at], &token[at + 1..]);
        prop_assert!(bench.verify(&shorter).is_err());
    }

    #[test]
    fn whatever_is_sent_as_a_token_ends_in_an_answer(token in "\\PC*", parts in prop::collection::vec("[ -~]{0,40}", 0..5)) {
        prop_assert!(BENCH.verify(&token).is_err());
        let parts: Vec<String> = parts.iter().map(encode).collect();
        prop_assert!(BENCH.verify(&parts.join(".")).is_err());
    }
}

#[test]
fn every_bit_of_a_token_counts() {
    let bench = &*BENCH;
    for token in [bench.elliptic_token(&json!({})), bench.rsa_token(&json!({}))] {
        for at in 0..token.len() {
            for bit in 0..7 {
                let mut bytes = token.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let changed = String::from_utf8(bytes).unwrap();
                assert!(bench.verify(&changed).is_err(), "bit {bit} of character {at}");
            }
        }
    }
}

#[test]
fn an_unsigned_token_is_refused() {
    let bench = &*BENCH;
    for name in ["none", "None", "NONE", "nOnE", ""] {
        for key_id in ["rsa", "elliptic"] {
            let message = message(&header(name, key_id, &json!({})), &bench.claims());
            assert_eq!(bench.verify(&format!("{message}.")), Err(Refusal::Algorithm));
        }
    }
    let message = message(&header("RS256", "rsa", &json!({})), &bench.claims());
    assert_eq!(bench.verify(&format!("{message}.")), Err(Refusal::Signature));
}

#[test]
fn a_public_key_used_as_a_shared_secret_is_refused() {
    let bench = &*BENCH;
    let parts = bench.issuer.rsa_parts();
    for secret in [parts.n.as_slice(), encode(&parts.n).as_bytes(), bench.issuer.keys().to_string().as_bytes()] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        for (name, refusal) in [("HS256", Refusal::Algorithm), ("RS256", Refusal::Signature)] {
            let message = message(&header(name, "rsa", &json!({})), &bench.claims());
            let signature = hmac::sign(&key, message.as_bytes());
            assert_eq!(bench.verify(&format!("{message}.{}", encode(signature))), Err(refusal));
        }
    }
}

#[test]
fn a_signature_under_the_name_of_another_algorithm_or_key_is_refused() {
    let bench = &*BENCH;
    for name in ["RS384", "RS512", "PS256", "PS384", "PS512", "ES384", "ES512", "EdDSA", "rs256"] {
        assert_eq!(bench.verify(&bench.rsa_token(&json!({"alg": name}))), Err(Refusal::Algorithm), "{name}");
    }
    let key = |reason| Err(Refusal::Key(reason));
    assert_eq!(bench.verify(&bench.rsa_token(&json!({"kid": "elliptic"}))), key(NoKey::Algorithm));
    assert_eq!(bench.verify(&bench.rsa_token(&json!({"alg": "ES256"}))), key(NoKey::Algorithm));
    assert_eq!(bench.verify(&bench.rsa_token(&json!({"alg": "ES256", "kid": "elliptic"}))), Err(Refusal::Signature));
    assert_eq!(bench.verify(&bench.elliptic_token(&json!({"alg": "RS256", "kid": "rsa"}))), Err(Refusal::Signature));
    assert_eq!(bench.verify(&bench.rsa_token(&json!({"kid": "unheard-of"}))), key(NoKey::Unknown));
    assert_eq!(bench.verify(&bench.rsa_token(&json!({"kid": ""}))), key(NoKey::Unknown));
    assert_eq!(bench.verify(&bench.rsa_token(&json!({"kid": null}))), key(NoKey::Unnamed));
}

#[test]
fn a_stranger_who_signs_under_the_name_of_a_published_key_is_refused() {
    let bench = &*BENCH;
    let stranger = TestIssuer::start();
    assert_eq!(bench.verify(&stranger.sign_es256(&bench.claims())), Err(Refusal::Signature));
}

#[test]
fn keys_that_a_token_brings_along_count_for_nothing() {
    let bench = &*BENCH;
    let stranger = TestIssuer::start();
    let keys = stranger.keys();
    for brought in [
        json!({"jwk": keys["keys"][1]}),
        json!({"jku": format!("{}/keys", stranger.url())}),
        json!({"x5u": format!("{}/keys", stranger.url())}),
        json!({"x5c": ["MIIB"]}),
        json!({"x5t": "AAAA", "x5t#S256": "AAAA"}),
    ] {
        let forged = stranger.sign_with_elliptic(&header("ES256", "elliptic", &brought), &bench.claims());
        assert_eq!(bench.verify(&forged), Err(Refusal::Signature), "{brought}");
        assert!(bench.verify(&bench.elliptic_token(&brought)).is_ok(), "our own token may carry {brought}");
    }
    assert_eq!(stranger.requests("/keys"), 0);
}

#[test]
fn a_critical_extension_is_refused_even_when_it_is_signed() {
    let bench = &*BENCH;
    assert_eq!(bench.verify(&bench.rsa_token(&json!({"crit": ["exp"], "exp": NOW}))), Err(Refusal::Critical));
    assert_eq!(bench.verify(&bench.rsa_token(&json!({"crit": ["b64"], "b64": false}))), Err(Refusal::Critical));
}

#[test]
fn an_elliptic_signature_of_another_form_is_refused() {
    let bench = &*BENCH;
    let message = message(&header("ES256", "elliptic", &json!({})), &bench.claims());
    for signature in [vec![0; 64], vec![0; 63], vec![0; 65], vec![0xff; 64], Vec::new()] {
        assert_eq!(bench.verify(&format!("{message}.{}", encode(&signature))), Err(Refusal::Signature));
    }
}
