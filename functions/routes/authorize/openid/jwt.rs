//! A JSON Web Token taken apart (RFC 7515, section 3.1), before anything of it is believed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// The algorithms that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256; the signature is r and s, 32 bytes each.
    Es256,
}

impl Algorithm {
    /// The algorithm of this name, whose case matters.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            _ => None,
        }
    }
}

/// A token in its parts. Of its header only the algorithm and the key's name are read: keys and addresses of keys that a token
/// brings along (`jwk`, `jku`, `x5c`, `x5u`) are its sender's word and count for nothing.
#[derive(Debug)]
pub struct Jwt<'a> {
    /// What its header says it is signed with.
    pub algorithm: Algorithm,
    /// The name of the key, if it has one.
    pub key_id: Option<String>,
    /// The bytes that are signed: header, dot, claims.
    pub signed: &'a [u8],
    /// The signature, decoded.
    pub signature: Vec<u8>,
    claims: &'a str,
}

impl<'a> Jwt<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// A [`Refusal`] if it is malformed, or signed in a way that is not taken.
    pub fn parse(token: &'a str) -> Result<Self, Refusal> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Parts)?;
        let (header, claims) = signed.split_once('.').filter(|(_, claims)| !claims.contains('.')).ok_or(Refusal::Parts)?;
        let header = object("header", header)?;
        if header.contains_key("crit") {
            return Err(Refusal::Critical);
        }
        let algorithm = header.get("alg").and_then(Value::as_str).and_then(Algorithm::of).ok_or(Refusal::Algorithm)?;
        let key_id = match header.get("kid").filter(|id| !id.is_null()) {
            None => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(_) => return Err(Refusal::KeyId),
        };
        Ok(Self { algorithm, key_id, signed: signed.as_bytes(), signature: bytes("signature", signature)?, claims })
    }

    /// The claims, to be read once the signature has been verified.
    ///
    /// # Errors
    /// A [`Refusal`] if they are not a JSON object.
    pub fn claims(&self) -> Result<Map<String, Value>, Refusal> {
        object("claims", self.claims)
    }
}

/// The decoder is strict: no padding, no white space, and no other spelling of the same bytes.
fn bytes(part: &'static str, text: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::Encoding(part))
}

fn object(part: &'static str, text: &str) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_slice(&bytes(part, text)?).map_err(|_| Refusal::Json(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode("signature"))
    }

    fn refused(token: &str) -> Refusal {
        Jwt::parse(token).unwrap_err()
    }

    #[test]
    fn a_token_is_three_parts_of_base64url() {
        let good = token(r#"{"alg":"ES256","kid":"k"}"#);
        let jwt = Jwt::parse(&good).unwrap();
        assert_eq!((jwt.algorithm, jwt.key_id.as_deref(), jwt.signature.as_slice()), (Algorithm::Es256, Some("k"), &b"signature"[..]));
        assert_eq!(jwt.signed, good.rsplit_once('.').unwrap().0.as_bytes());
        for text in ["", "a", "a.b", "a.b.c.d", "....", &format!("{good}.")] {
            assert_eq!(refused(text), Refusal::Parts, "{text}");
        }
        assert_eq!(refused(&format!("{good}=")), Refusal::Encoding("signature"));
        assert_eq!(refused(&format!("{good} ")), Refusal::Encoding("signature"));
        assert_eq!(refused(&format!("+{good}")), Refusal::Encoding("header"));
        assert_eq!(refused(".."), Refusal::Json("header"));
    }

    #[test]
    fn another_spelling_of_the_same_signature_is_refused() {
        // Of the last character of two bytes only four bits count: 'AAA' is two zero bytes, and 'AAB' would be, too.
        assert_eq!(
            refused(&token(r#"{"alg":"ES256"}"#).replace(&URL_SAFE_NO_PAD.encode("signature"), "AAB")),
            Refusal::Encoding("signature")
        );
    }

    #[test]
    fn a_header_is_an_object_that_names_one_of_two_algorithms() {
        for header in ["[]", "\"ES256\"", "null", "[\"ES256\",\"k\"]", "{\"alg\":\"ES256\"} x", "\u{feff}{}"] {
            assert_eq!(refused(&token(header)), Refusal::Json("header"), "{header}");
        }
        for name in ["none", "None", "HS256", "RS512", "PS256", "ES384", "EdDSA", "es256", "RS256 ", ""] {
            assert_eq!(refused(&token(&format!("{{\"alg\":\"{name}\"}}"))), Refusal::Algorithm, "{name}");
        }
        assert_eq!(refused(&token("{}")), Refusal::Algorithm);
        assert_eq!(refused(&token(r#"{"alg":["RS256"]}"#)), Refusal::Algorithm);
        assert_eq!(refused(&token(r#"{"alg":null}"#)), Refusal::Algorithm);
    }

    #[test]
    fn extensions_and_strange_key_ids_are_refused() {
        for critical in ["[\"b64\"]", "[]", "null"] {
            assert_eq!(refused(&token(&format!("{{\"alg\":\"RS256\",\"b64\":false,\"crit\":{critical}}}"))), Refusal::Critical);
        }
        for id in ["1", "[\"k\"]", "{}"] {
            assert_eq!(refused(&token(&format!("{{\"alg\":\"RS256\",\"kid\":{id}}}"))), Refusal::KeyId);
        }
    }

    #[test]
    fn claims_are_an_object() {
        for claims in ["[]", "1", "", "{", "{}{}"] {
            let text = format!("{}.{}.AA", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#), URL_SAFE_NO_PAD.encode(claims));
            assert_eq!(Jwt::parse(&text).unwrap().claims(), Err(Refusal::Json("claims")), "{claims}");
        }
    }
}
