//! The keys that an issuer publishes: a JSON Web Key Set (RFC 7517), of which only keys that sign as RS256 or ES256 are kept.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use super::jwt::Algorithm;

/// The usable keys of an issuer.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Key>,
}

#[derive(Debug)]
struct Key {
    id: Option<String>,
    public: PublicKey,
}

/// A key that signatures are checked with. Its type decides the algorithm, whatever a token says.
#[derive(Debug)]
pub enum PublicKey {
    /// For RS256: modulus and exponent, both big-endian without leading zeros.
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    /// For ES256: a point on P-256, uncompressed.
    P256([u8; 65]),
}

/// Why a set has no key for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoKey {
    /// The set does not have the key that the token names. A newer set may.
    #[error("its key is not one of the issuer's")]
    Unknown,
    /// A token without a key id is taken only where there can be no doubt (OpenID Connect Core 1.0, section 10.1).
    #[error("it names no key, and the issuer has several")]
    Unnamed,
    /// The key is for the other algorithm.
    #[error("its key is not for its algorithm")]
    Algorithm,
}

/// Why a document is no key set.
#[derive(Debug, Error)]
pub enum KeySetError {
    /// Its shape is another.
    #[error("it is not a key set")]
    Json(#[from] serde_json::Error),
    /// Its keys are for something else.
    #[error("it has no key that signs as RS256 or ES256")]
    NoUsableKey,
}

impl KeySet {
    /// Reads a key set. Keys of other kinds and for other uses are left out, as RFC 7517, section 5 asks.
    ///
    /// # Errors
    /// A [`KeySetError`] if there is nothing to check a signature with.
    pub fn parse(document: &[u8]) -> Result<Self, KeySetError> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let document: Document = serde_json::from_slice(document)?;
        let keys: Vec<Key> = document.keys.iter().filter_map(|key| Key::parse(key.as_object()?)).collect();
        if keys.is_empty() { Err(KeySetError::NoUsableKey) } else { Ok(Self { keys }) }
    }

    /// The keys that may have signed a token. Names should be unique, but nothing is lost if they are not.
    ///
    /// # Errors
    /// A [`NoKey`] if there is none.
    pub fn candidates(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Vec<&PublicKey>, NoKey> {
        let named: Vec<&Key> = match (id, self.keys.as_slice()) {
            // An issuer that has one key need not name it, whatever its tokens do.
            (None, [only]) | (Some(_), [only @ Key { id: None, .. }]) => vec![only],
            (None, _) => return Err(NoKey::Unnamed),
            (Some(_), keys) => keys.iter().filter(|key| key.id.as_deref() == id).collect(),
        };
        if named.is_empty() {
            return Err(NoKey::Unknown);
        }
        let fitting: Vec<&PublicKey> = named.iter().map(|key| &key.public).filter(|key| key.algorithm() == algorithm).collect();
        if fitting.is_empty() { Err(NoKey::Algorithm) } else { Ok(fitting) }
    }
}

impl Key {
    /// `None` for a key that is not ours to use. A member that is `null` is one that is not there.
    fn parse(jwk: &Map<String, Value>) -> Option<Self> {
        let given = |name: &str| jwk.get(name).filter(|value| !value.is_null());
        let member = |name: &str| given(name).and_then(Value::as_str);
        let public = match member("kty")? {
            "RSA" => PublicKey::rsa(&number(member("n")?)?, &number(member("e")?)?)?,
            "EC" if member("crv") == Some("P-256") => PublicKey::p256(&decode(member("x")?)?, &decode(member("y")?)?)?,
            _ => return None,
        };
        let is_for_signatures = given("use").is_none_or(|used| used == "sig");
        let may_verify = given("key_ops").is_none_or(|all| all.as_array().is_some_and(|all| all.iter().any(|one| one == "verify")));
        let fits = given("alg").is_none_or(|name| name.as_str().and_then(Algorithm::of) == Some(public.algorithm()));
        let id = match given("kid") {
            None => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(_) => return None,
        };
        (is_for_signatures && may_verify && fits).then_some(Self { id, public })
    }
}

impl PublicKey {
    /// Shorter moduli than 2,048 bits are too weak, and longer ones than 8,192 bits take too long.
    fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let bits = (modulus.len() * 8).checked_sub(modulus.first()?.leading_zeros() as usize)?;
        let parts = RsaPublicKeyComponents { n: modulus.to_vec(), e: exponent.to_vec() };
        (2_048..=8_192).contains(&bits).then_some(Self::Rsa(parts))
    }

    fn p256(x: &[u8], y: &[u8]) -> Option<Self> {
        let mut point = [4; 65];
        (x.len() == 32 && y.len() == 32).then(|| {
            point[1..33].copy_from_slice(x);
            point[33..].copy_from_slice(y);
            Self::P256(point)
        })
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(_) => Algorithm::Rs256,
            Self::P256(_) => Algorithm::Es256,
        }
    }

    /// Whether this key has signed the message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa(parts) => parts.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok(),
            Self::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok(),
        }
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// An unsigned number. Some issuers write leading zeros, which RFC 7518, section 6.3.1.1 mentions and `ring` does not take.
fn number(text: &str) -> Option<Vec<u8>> {
    Some(decode(text)?.into_iter().skip_while(|byte| *byte == 0).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn encode(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn rsa(change: Value) -> Value {
        merged(json!({"kty": "RSA", "kid": "r", "use": "sig", "alg": "RS256", "n": encode([0xc1; 256]), "e": "AQAB"}), change)
    }

    fn elliptic(change: Value) -> Value {
        merged(json!({"kty": "EC", "crv": "P-256", "kid": "e", "x": encode([1; 32]), "y": encode([2; 32])}), change)
    }

    fn merged(mut jwk: Value, change: Value) -> Value {
        jwk.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        jwk
    }

    fn set(keys: &[Value]) -> Result<KeySet, KeySetError> {
        KeySet::parse(json!({"keys": keys}).to_string().as_bytes())
    }

    #[test]
    fn keys_of_both_kinds_are_kept_and_others_left_out() {
        let keys = [
            rsa(json!({})),
            elliptic(json!({})),
            json!({"kty": "oct", "k": "AAAA", "kid": "o"}),
            json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}),
            json!("nonsense"),
            json!({}),
        ];
        assert_eq!(set(&keys).unwrap().keys.len(), 2);
    }

    #[test]
    fn a_key_that_is_not_for_our_signatures_is_left_out() {
        for change in [
            json!({"use": "enc"}),
            json!({"use": 1}),
            json!({"key_ops": ["sign"]}),
            json!({"key_ops": []}),
            json!({"key_ops": "verify"}),
            json!({"alg": "RS512"}),
            json!({"alg": "PS256"}),
            json!({"alg": "ES256"}),
            json!({"kid": 1}),
            json!({"n": encode([0xc1; 255])}),
            json!({"n": encode([0x7f; 256])}),
            json!({"n": encode([0xc1; 1025])}),
            json!({"n": "="}),
            json!({"n": ""}),
            json!({"e": null}),
        ] {
            assert!(matches!(set(&[rsa(change.clone())]), Err(KeySetError::NoUsableKey)), "{change}");
        }
        for change in [json!({"crv": "P-384"}), json!({"crv": "secp256k1"}), json!({"x": encode([1; 31])}), json!({"y": encode([1; 33])})] {
            assert!(matches!(set(&[elliptic(change.clone())]), Err(KeySetError::NoUsableKey)), "{change}");
        }
        assert!(set(&[rsa(json!({"key_ops": ["verify"], "use": "sig", "alg": "RS256", "x5c": ["ignored"]}))]).is_ok());
        assert!(set(&[rsa(json!({"key_ops": null, "use": null, "alg": null, "kid": null, "x5t": null})), Value::Null]).is_ok());
    }

    #[test]
    fn leading_zeros_of_a_modulus_are_taken_off() {
        let padded = [vec![0; 2], vec![0xc1; 256]].concat();
        let set = set(&[rsa(json!({"n": encode(padded)}))]).unwrap();
        assert!(matches!(&set.keys[0].public, PublicKey::Rsa(parts) if parts.n == vec![0xc1; 256]));
    }

    #[test]
    fn a_document_that_is_no_key_set_says_so() {
        for document in ["", "{}", "[]", "<html>", r#"{"keys":{}}"#, r#"{"keys":null}"#] {
            assert!(matches!(KeySet::parse(document.as_bytes()), Err(KeySetError::Json(_))), "{document}");
        }
        assert!(matches!(set(&[]), Err(KeySetError::NoUsableKey)));
    }

    #[test]
    fn a_token_gets_the_key_it_names_if_that_fits_its_algorithm() {
        let both = set(&[rsa(json!({})), elliptic(json!({}))]).unwrap();
        assert_eq!(both.candidates(Some("r"), Algorithm::Rs256).unwrap().len(), 1);
        assert_eq!(both.candidates(Some("r"), Algorithm::Es256).unwrap_err(), NoKey::Algorithm);
        assert_eq!(both.candidates(Some("e"), Algorithm::Rs256).unwrap_err(), NoKey::Algorithm);
        assert_eq!(both.candidates(Some("R"), Algorithm::Rs256).unwrap_err(), NoKey::Unknown);
        assert_eq!(both.candidates(Some(""), Algorithm::Rs256).unwrap_err(), NoKey::Unknown);
        let twins = set(&[rsa(json!({})), elliptic(json!({"kid": "r"}))]).unwrap();
        assert_eq!(twins.candidates(Some("r"), Algorithm::Es256).unwrap().len(), 1);
    }

    #[test]
    fn a_token_without_a_key_id_is_taken_only_where_there_is_one_key() {
        let both = set(&[rsa(json!({})), elliptic(json!({}))]).unwrap();
        assert_eq!(both.candidates(None, Algorithm::Rs256).unwrap_err(), NoKey::Unnamed);
        let one = set(&[rsa(json!({}))]).unwrap();
        assert_eq!(one.candidates(None, Algorithm::Rs256).unwrap().len(), 1);
        assert_eq!(one.candidates(None, Algorithm::Es256).unwrap_err(), NoKey::Algorithm);
    }

    #[test]
    fn the_one_key_of_an_issuer_need_not_have_an_id() {
        for nameless in [json!({"kid": null}), json!({"kid": null, "use": null})] {
            let one = set(&[rsa(nameless.clone())]).unwrap();
            assert_eq!(one.candidates(Some("any"), Algorithm::Rs256).unwrap().len(), 1);
            assert_eq!(one.candidates(Some("any"), Algorithm::Es256).unwrap_err(), NoKey::Algorithm);
            let two = set(&[rsa(nameless), elliptic(json!({}))]).unwrap();
            assert_eq!(two.candidates(Some("any"), Algorithm::Rs256).unwrap_err(), NoKey::Unknown);
        }
    }
}
