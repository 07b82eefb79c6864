//! What a token must say, once its signature has shown who says it (RFC 7519, section 4.1).

use serde_json::{Map, Value};

use muster_protocol::limits::PLAYER_ID_CHARACTERS;

use super::refusal::Refusal;
use crate::routes::authorize::provider::Identity;

/// How far the issuer's clock may be ahead of ours, in seconds. There is no such leeway for `exp`: a socket that opens with a token
/// which has expired would be refused every request.
const LEEWAY_SECONDS: u64 = 5;

/// The largest whole number that every JSON reader keeps exactly. No token lives that long.
const LAST_SECOND: f64 = 9_007_199_254_740_991.0;

/// Whom tokens must come from and be for.
#[derive(Debug)]
pub struct Expected {
    /// The `iss` of every token, to the letter.
    pub issuer: String,
    /// One of the token's `aud`, or its `client_id` if it has no `aud`.
    pub audience: String,
}

impl Expected {
    /// Whom the claims name, if they hold at the time `now`, in epoch seconds.
    ///
    /// # Errors
    /// A [`Refusal`] that names the claim.
    pub fn identity(&self, claims: &Map<String, Value>, now: u64) -> Result<Identity, Refusal> {
        if claims.get("iss").and_then(Value::as_str) != Some(&self.issuer) {
            return Err(Refusal::Claim("iss", "is not this issuer"));
        }
        self.check_audience(claims)?;
        let expires_at = seconds(claims, "exp")?.ok_or(Refusal::Claim("exp", "is missing"))?;
        if expires_at <= now {
            return Err(Refusal::Claim("exp", "is past"));
        }
        if seconds(claims, "nbf")?.is_some_and(|not_before| not_before > now + LEEWAY_SECONDS) {
            return Err(Refusal::Claim("nbf", "is still to come"));
        }
        Ok(Identity { player_id: player_id(claims)?, expires_at })
    }

    /// Access tokens of Cognito have no `aud` but a `client_id`. A token that has both is for its `aud`: the client is then only
    /// the one that asked for it, which it may have done to call someone else.
    fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), Refusal> {
        let is_ours = |value: &Value| value.as_str() == Some(&self.audience);
        match (claims.get("aud"), claims.get("client_id")) {
            (Some(Value::Array(audiences)), _) if audiences.iter().any(is_ours) => Ok(()),
            (Some(audience), _) if is_ours(audience) => Ok(()),
            (Some(_), _) => Err(Refusal::Claim("aud", "is not this audience")),
            (None, Some(client)) if is_ours(client) => Ok(()),
            (None, Some(_)) => Err(Refusal::Claim("client_id", "is not this audience")),
            (None, None) => Err(Refusal::Claim("aud", "is missing, and so is 'client_id'")),
        }
    }
}

/// A time in whole epoch seconds. RFC 7519 allows fractions, which nothing here needs.
fn seconds(claims: &Map<String, Value>, name: &'static str) -> Result<Option<u64>, Refusal> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    match value.as_f64() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range has just been checked")]
        Some(time) if (0.0..=LAST_SECOND).contains(&time) => Ok(Some(time as u64)),
        _ => Err(Refusal::Claim(name, "is not a time in epoch seconds")),
    }
}

fn player_id(claims: &Map<String, Value>) -> Result<String, Refusal> {
    let id = claims.get("sub").and_then(Value::as_str).ok_or(Refusal::Claim("sub", "is not a string"))?;
    if !(1..=PLAYER_ID_CHARACTERS).contains(&id.chars().count()) {
        return Err(Refusal::Claim("sub", "does not have 1 to 128 characters"));
    }
    if id.chars().any(char::is_control) {
        return Err(Refusal::Claim("sub", "has a control character"));
    }
    Ok(id.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_700_000_000;

    /// The identity after a change to good claims; a null takes a claim away.
    fn identity(change: Value) -> Result<Identity, Refusal> {
        let mut claims = json!({"iss": "https://issuer.example", "aud": "game", "sub": "alice", "exp": NOW + 60});
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let expected = Expected { issuer: "https://issuer.example".to_owned(), audience: "game".to_owned() };
        let claims = claims.as_object().unwrap().clone().into_iter().filter(|(_, value)| !value.is_null()).collect();
        expected.identity(&claims, NOW)
    }

    fn refused_claim(change: Value) -> &'static str {
        match identity(change.clone()) {
            Err(Refusal::Claim(name, _)) => name,
            other => panic!("{change}: {other:?}"),
        }
    }

    #[test]
    fn good_claims_name_the_player_until_they_expire() {
        assert_eq!(identity(json!({})), Ok(Identity { player_id: "alice".to_owned(), expires_at: NOW + 60 }));
        assert_eq!(identity(json!({"exp": 1_700_000_060.9})).unwrap().expires_at, NOW + 60);
    }

    #[test]
    fn the_issuer_is_compared_to_the_letter() {
        for issuer in [json!(null), json!("https://issuer.example/"), json!("https://ISSUER.example"), json!(["https://issuer.example"])] {
            assert_eq!(refused_claim(json!({"iss": issuer})), "iss");
        }
    }

    #[test]
    fn the_audience_is_in_aud_or_else_in_client_id() {
        for good in
            [json!({"aud": ["other", "game"]}), json!({"aud": null, "client_id": "game"}), json!({"aud": "game", "client_id": "other"})]
        {
            assert!(identity(good.clone()).is_ok(), "{good}");
        }
        for bad in [json!("other"), json!([]), json!(["other"]), json!(["GAME"]), json!([["game"]]), json!({"game": 1}), json!(7)] {
            assert_eq!(refused_claim(json!({"aud": bad.clone(), "client_id": "game"})), "aud", "{bad}");
        }
        assert_eq!(refused_claim(json!({"aud": null})), "aud");
        assert_eq!(refused_claim(json!({"aud": null, "client_id": "other"})), "client_id");
        assert_eq!(refused_claim(json!({"aud": null, "client_id": ["game"]})), "client_id");
    }

    #[test]
    fn a_token_holds_between_nbf_and_exp_give_or_take_the_leeway() {
        for good in [json!({"exp": NOW + 1}), json!({"nbf": NOW + 5}), json!({"nbf": NOW - 60}), json!({"nbf": 0})] {
            assert!(identity(good.clone()).is_ok(), "{good}");
        }
        assert_eq!(refused_claim(json!({"exp": NOW})), "exp");
        assert_eq!(refused_claim(json!({"nbf": NOW + 6})), "nbf");
        assert_eq!(refused_claim(json!({"exp": null})), "exp");
    }

    #[test]
    fn times_are_numbers() {
        for bad in [json!("1700000060"), json!(true), json!([NOW + 60]), json!(-1), json!(1e300), json!(u64::MAX)] {
            assert_eq!(refused_claim(json!({"exp": bad.clone()})), "exp", "{bad}");
            assert_eq!(refused_claim(json!({"nbf": bad.clone()})), "nbf", "{bad}");
        }
    }

    #[test]
    fn a_claim_that_is_null_is_not_one_that_is_absent() {
        let expected = Expected { issuer: "i".to_owned(), audience: "game".to_owned() };
        for name in ["nbf", "aud", "exp", "sub", "iss"] {
            let mut claims = json!({"iss": "i", "aud": "game", "client_id": "game", "sub": "alice", "exp": NOW + 60});
            claims[name] = Value::Null;
            assert!(matches!(expected.identity(claims.as_object().unwrap(), NOW), Err(Refusal::Claim(refused, _)) if refused == name));
        }
    }

    #[test]
    fn a_player_id_has_1_to_128_characters_and_no_control_characters() {
        for good in ["a".to_owned(), "ü".repeat(128), "us-east-1:0d1f#2 x".to_owned()] {
            assert_eq!(identity(json!({"sub": good})).unwrap().player_id, good);
        }
        for bad in [json!(null), json!(""), json!("a".repeat(129)), json!("a\nb"), json!("a\u{0}"), json!("\u{85}"), json!(7)] {
            assert_eq!(refused_claim(json!({"sub": bad})), "sub");
        }
    }
}
