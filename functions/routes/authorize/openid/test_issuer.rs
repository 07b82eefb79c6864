//! An issuer for the tests: it serves whatever documents a test wants, counts who asks, and signs whatever a test wants signed.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents},
};
use serde_json::{Value, json};

use super::{OpenId, fetch::KeySource, issuer_url::IssuerUrl};
use muster_aws::{Config, clock};

/// Made for these tests alone.
const RSA_KEY: &[u8] = include_bytes!("../fixtures/rsa_for_tests_only.pk8");

/// An issuer on a port of its own, until it is dropped. Its RSA key is always the same, its elliptic key always new.
pub struct TestIssuer {
    url: String,
    key_id: String,
    rsa: RsaKeyPair,
    elliptic: EcdsaKeyPair,
    random: SystemRandom,
    site: Arc<Site>,
}

#[derive(Default)]
struct Site {
    documents: Mutex<BTreeMap<String, (u16, String)>>,
    requests: Mutex<BTreeMap<String, usize>>,
    is_over: AtomicBool,
}

impl TestIssuer {
    /// An issuer whose elliptic key is named `elliptic`; its RSA key is named `rsa`.
    pub fn start() -> Self {
        Self::start_with_key_id("elliptic")
    }

    /// An issuer whose elliptic key has another name.
    pub fn start_with_key_id(key_id: &str) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let elliptic = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let rsa = RsaKeyPair::from_pkcs8(RSA_KEY).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let site = Arc::new(Site::default());
        let issuer = Self { url, key_id: key_id.to_owned(), rsa, elliptic, random, site: Arc::clone(&site) };
        let discovery = json!({"issuer": issuer.url, "jwks_uri": format!("{}/keys", issuer.url)});
        issuer.serve("/.well-known/openid-configuration", 200, &discovery.to_string());
        issuer.serve("/keys", 200, &issuer.keys().to_string());
        thread::spawn(move || {
            for stream in listener.incoming() {
                if site.is_over.load(Ordering::SeqCst) {
                    return;
                }
                site.answer(stream.unwrap());
            }
        });
        issuer
    }

    /// From now on, `path` is answered like this.
    pub fn serve(&self, path: &str, status: u16, body: &str) {
        self.site.documents.lock().unwrap().insert(path.to_owned(), (status, body.to_owned()));
    }

    /// How often `path` has been asked for.
    pub fn requests(&self, path: &str) -> usize {
        self.site.requests.lock().unwrap().get(path).copied().unwrap_or_default()
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn now(&self) -> u64 {
        clock::now_seconds()
    }

    pub fn key_source(&self) -> KeySource {
        KeySource::new(IssuerUrl::parse(&self.url).unwrap())
    }

    /// What checks this issuer's tokens, with nothing fetched yet. The audience is `game`.
    pub fn provider(&self) -> OpenId {
        OpenId::from_config(&Config::from_variables([("ISSUER", self.url.as_str()), ("AUDIENCE", "game")])).unwrap()
    }

    /// Claims with which `player` is let in for an hour.
    pub fn claims(&self, player: &str) -> Value {
        json!({"iss": self.url, "aud": "game", "sub": player, "iat": self.now(), "exp": self.now() + 3_600})
    }

    /// The key set: both keys.
    pub fn keys(&self) -> Value {
        let rsa = self.rsa_parts();
        let (x, y) = self.elliptic.public_key().as_ref()[1..].split_at(32);
        json!({"keys": [
            {"kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": encode(rsa.n), "e": encode(rsa.e)},
            {"kty": "EC", "crv": "P-256", "kid": self.key_id, "use": "sig", "alg": "ES256", "x": encode(x), "y": encode(y)},
        ]})
    }

    pub fn rsa_parts(&self) -> RsaPublicKeyComponents<Vec<u8>> {
        RsaPublicKeyComponents::from(self.rsa.public())
    }

    pub fn sign_rs256(&self, claims: &Value) -> String {
        self.sign_with_rsa(&json!({"alg": "RS256", "kid": "rsa", "typ": "JWT"}), claims)
    }

    pub fn sign_es256(&self, claims: &Value) -> String {
        self.sign_with_elliptic(&json!({"alg": "ES256", "kid": self.key_id, "typ": "JWT"}), claims)
    }

    /// Signs with the RSA key, whatever the header says.
    pub fn sign_with_rsa(&self, header: &Value, claims: &Value) -> String {
        let mut signature = vec![0; self.rsa.public().modulus_len()];
        let message = message(header, claims);
        self.rsa.sign(&RSA_PKCS1_SHA256, &self.random, message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", encode(signature))
    }

    /// Signs with the elliptic key, whatever the header says.
    pub fn sign_with_elliptic(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = self.elliptic.sign(&self.random, message.as_bytes()).unwrap();
        format!("{message}.{}", encode(signature))
    }
}

impl Drop for TestIssuer {
    /// Wakes the thread, so that it ends and the port is free.
    fn drop(&mut self) {
        self.site.is_over.store(true, Ordering::SeqCst);
        TcpStream::connect(self.url.trim_start_matches("http://")).map(drop).unwrap_or_default();
    }
}

impl Site {
    /// Answers one request per connection, which is allowed and keeps this short.
    fn answer(&self, mut stream: TcpStream) {
        let lines: Vec<String> = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let Some(path) = lines.first().and_then(|line| line.split(' ').nth(1)) else { return };
        *self.requests.lock().unwrap().entry(path.to_owned()).or_default() += 1;
        let (status, body) = self.documents.lock().unwrap().get(path).cloned().unwrap_or((404, String::new()));
        let head = format!("HTTP/1.1 {status} Test\r\ncontent-length: {}\r\nlocation: /keys\r\nconnection: close\r\n\r\n", body.len());
        // A client that gives up early is what some tests are about.
        stream.write_all((head + &body).as_bytes()).unwrap_or_default();
    }
}

/// Header and claims as they are signed.
pub fn message(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string()), encode(claims.to_string()))
}

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
