//! The issuer's key: ECDSA on P-256, which signs as ES256 (RFC 7518, section 3.4).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    error::Unspecified,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use uuid::Uuid;

pub(super) struct Signer {
    id: String,
    key: EcdsaKeyPair,
}

impl Signer {
    /// Makes a key. Its name is new, too, so that verifiers which knew an older one fetch this one.
    pub(super) fn generate() -> Result<Self, Unspecified> {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).map_err(|_| Unspecified)?;
        Ok(Self { id: Uuid::new_v4().to_string(), key })
    }

    /// The public key as a JSON Web Key (RFC 7517).
    pub(super) fn jwk(&self) -> Value {
        // The key is a point in uncompressed form: the byte 4, then x and y with 32 bytes each.
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "kid": self.id, "use": "sig", "alg": "ES256", "x": encode(x), "y": encode(y)})
    }

    /// A signed JSON Web Token with these claims.
    pub(super) fn sign(&self, claims: &Value) -> Result<String, Unspecified> {
        let header = json!({"alg": "ES256", "kid": self.id, "typ": "JWT"});
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes())?;
        Ok(format!("{message}.{}", encode(signature)))
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
