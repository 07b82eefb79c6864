//! When a token expires, as far as it says so itself. Nothing is verified: that is the server's business, and a token is free to be
//! something else than a JSON Web Token.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

#[derive(Deserialize)]
struct Claims {
    /// A NumericDate (RFC 7519): seconds since the epoch, possibly with a fraction.
    exp: f64,
}

/// The token's expiry; `None` if it does not say.
pub(crate) fn of(token: &str) -> Option<SystemTime> {
    let mut parts = token.split('.');
    let (_, payload, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(claims.exp).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_json_web_token_says_when_it_expires() {
        let at = |seconds| Some(UNIX_EPOCH + Duration::from_secs_f64(seconds));
        assert_eq!(of(&token(r#"{"sub":"alice","exp":1700000000}"#)), at(1_700_000_000.0));
        assert_eq!(of(&token(r#"{"exp":1700000000.5}"#)), at(1_700_000_000.5));
    }

    #[test]
    fn whatever_does_not_say_is_no_mistake() {
        for claims in ["{}", r#"{"exp":"soon"}"#, r#"{"exp":-1}"#, r#"{"exp":1e300}"#, "not JSON"] {
            assert_eq!(of(&token(claims)), None, "{claims}");
        }
        for text in ["", "t", "a.b", "a.b.c", "a.e30.c.d", "a.é.c"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_may_be_a_token(text in ".{0,80}", exp in any::<f64>()) {
            of(&text);
            of(&token(&format!("{{\"exp\":{exp}}}")));
        }
    }
}
