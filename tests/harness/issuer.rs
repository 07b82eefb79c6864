//! An OpenID issuer that signs whatever a test wants signed, with keys that it publishes and keys that it does not.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Made for these tests alone.
const RSA_KEY: &[u8] = include_bytes!("../../functions/routes/authorize/fixtures/rsa_for_tests_only.pk8");

/// How a token is signed, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// By the published RSA key.
    Rs256,
    /// By the published elliptic key.
    Es256,
    /// By an elliptic key that nobody has published, under the published one's name.
    UnpublishedEs256,
    /// With the published RSA key as if it were a shared secret.
    Hs256WithPublicKey,
    /// Not at all.
    None,
}

/// The issuer, serving its keys on a port of its own until the test ends.
pub struct TestIssuer {
    url: String,
    rsa: RsaKeyPair,
    elliptic: EcdsaKeyPair,
    unpublished: EcdsaKeyPair,
    random: SystemRandom,
    answers: Arc<AtomicBool>,
}

impl TestIssuer {
    /// Starts serving keys.
    pub async fn start() -> Self {
        let random = SystemRandom::new();
        let rsa = RsaKeyPair::from_pkcs8(RSA_KEY).unwrap();
        let (elliptic, unpublished) = (elliptic_key(&random), elliptic_key(&random));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers = Arc::new(AtomicBool::new(true));
        let documents = Documents {
            discovery: json!({"issuer": url, "jwks_uri": format!("{url}/keys")}),
            keys: json!({"keys": [rsa_jwk(&rsa), elliptic_jwk(&elliptic)]}),
            answers: Arc::clone(&answers),
        };
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async |State(documents): State<Documents>| documents.answer(|it| &it.discovery)),
            )
            .route("/keys", get(async |State(documents): State<Documents>| documents.answer(|it| &it.keys)))
            .with_state(documents);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, rsa, elliptic, unpublished, random, answers }
    }

    /// What tokens say as `iss`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What tokens say as `aud`.
    pub fn audience(&self) -> &'static str {
        "the-game"
    }

    /// From now on the keys cannot be had.
    pub fn fail(&self) {
        self.answers.store(false, Ordering::SeqCst);
    }

    /// Claims with which `player` is let in.
    pub fn claims(&self, player: &str) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        json!({"iss": self.url, "aud": self.audience(), "sub": player, "iat": now, "exp": now + 3_600})
    }

    /// A token that says `claims` under this header, whatever that says, signed by the published elliptic key.
    pub fn sign_under(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = self.elliptic.sign(&self.random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", encode(signature))
    }

    /// A token that says `claims`.
    pub fn sign(&self, algorithm: Algorithm, claims: &Value) -> String {
        let (name, key) = match algorithm {
            Algorithm::Rs256 => ("RS256", "rsa"),
            Algorithm::Es256 | Algorithm::UnpublishedEs256 => ("ES256", "elliptic"),
            Algorithm::Hs256WithPublicKey => ("HS256", "rsa"),
            Algorithm::None => ("none", "rsa"),
        };
        let header = json!({"alg": name, "typ": "JWT", "kid": key});
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = match algorithm {
            Algorithm::Rs256 => {
                let mut signature = vec![0; self.rsa.public().modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &self.random, signed.as_bytes(), &mut signature).unwrap();
                signature
            }
            Algorithm::Es256 => self.elliptic.sign(&self.random, signed.as_bytes()).unwrap().as_ref().to_vec(),
            Algorithm::UnpublishedEs256 => self.unpublished.sign(&self.random, signed.as_bytes()).unwrap().as_ref().to_vec(),
            Algorithm::Hs256WithPublicKey => {
                let secret = hmac::Key::new(hmac::HMAC_SHA256, self.rsa.public().as_ref());
                hmac::sign(&secret, signed.as_bytes()).as_ref().to_vec()
            }
            Algorithm::None => Vec::new(),
        };
        format!("{signed}.{}", encode(signature))
    }
}

#[derive(Clone)]
struct Documents {
    discovery: Value,
    keys: Value,
    answers: Arc<AtomicBool>,
}

impl Documents {
    fn answer(&self, document: impl Fn(&Self) -> &Value) -> Result<Json<Value>, StatusCode> {
        if self.answers.load(Ordering::SeqCst) { Ok(Json(document(self).clone())) } else { Err(StatusCode::SERVICE_UNAVAILABLE) }
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn elliptic_key(random: &SystemRandom) -> EcdsaKeyPair {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), random).unwrap()
}

fn rsa_jwk(key: &RsaKeyPair) -> Value {
    let parts = PublicKeyComponents::<Vec<u8>>::from(key.public());
    json!({"kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": encode(parts.n), "e": encode(parts.e)})
}

fn elliptic_jwk(key: &EcdsaKeyPair) -> Value {
    let (x, y) = key.public_key().as_ref()[1..].split_at(32);
    json!({"kty": "EC", "crv": "P-256", "kid": "elliptic", "use": "sig", "alg": "ES256", "x": encode(x), "y": encode(y)})
}
