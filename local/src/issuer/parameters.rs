//! What a token is asked for with: the query string, a form or a JSON object, whichever is at hand.

use std::{collections::BTreeMap, time::Duration};

use http::{HeaderMap, header::CONTENT_TYPE};
use serde_json::{Map, Value};
use url::form_urlencoded;

/// How long a token holds if nobody says otherwise.
const DEFAULT_SECONDS: u64 = 60 * 60;

/// A year is enough to play locally.
const MAXIMUM_SECONDS: u64 = 365 * 24 * 60 * 60;

/// A request for a token, not yet checked for whether such a player can be.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Whom the token is for.
    pub player: String,
    /// How long it holds, in whole seconds.
    pub lifetime: Duration,
}

impl Parameters {
    /// Reads `player` and the optional `expiresIn` (seconds). What the body says goes before what the query string says.
    ///
    /// # Errors
    /// What is wrong, naming the parameter.
    pub fn read(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<Self, String> {
        let mut values: BTreeMap<String, String> = pairs(query.unwrap_or_default().as_bytes());
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            _ if body.is_empty() => {}
            "application/json" => values.extend(members(body)?),
            "application/x-www-form-urlencoded" => values.extend(pairs(body)),
            _ => return Err(format!("the body should be application/json or application/x-www-form-urlencoded, not '{kind}'")),
        }
        let player = values.remove("player").ok_or("'player' is missing: ask for /issuer/token?player=alice")?;
        let lifetime = match values.remove("expiresIn") {
            None => DEFAULT_SECONDS,
            Some(text) => text
                .parse()
                .ok()
                .filter(|seconds| (1..=MAXIMUM_SECONDS).contains(seconds))
                .ok_or_else(|| format!("'expiresIn' should be a whole number of seconds from 1 to {MAXIMUM_SECONDS}, not '{text}'"))?,
        };
        Ok(Self { player, lifetime: Duration::from_secs(lifetime) })
    }
}

fn pairs(text: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn members(body: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let members: Map<String, Value> = serde_json::from_slice(body).map_err(|error| format!("the body is not a JSON object: {error}"))?;
    let text = |(name, value)| match value {
        Value::String(text) => Ok((name, text)),
        // A number is fine for `expiresIn`, and nothing else is a name.
        Value::Number(number) if name == "expiresIn" => Ok((name, number.to_string())),
        _ if name == "player" => Err("'player' should be a string".to_owned()),
        other => Ok((name, other.to_string())),
    };
    members.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(query: &str, kind: &'static str, body: &str) -> Result<(String, u64), String> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
        Parameters::read(Some(query), &headers, body.as_bytes()).map(|read| (read.player, read.lifetime.as_secs()))
    }

    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "Application/JSON; charset=utf-8";

    #[test]
    fn query_form_and_json_say_the_same() {
        let expected = Ok(("Alice & Bob".to_owned(), 60));
        assert_eq!(read("player=Alice+%26%20Bob&expiresIn=60", "", ""), expected);
        assert_eq!(read("", FORM, "player=Alice+%26%20Bob&expiresIn=60"), expected);
        assert_eq!(read("", JSON, r#"{"player":"Alice & Bob","expiresIn":60,"scope":["ignored"]}"#), expected);
        assert_eq!(read("player=carol", JSON, r#"{"player":"Alice & Bob","expiresIn":"60"}"#), expected);
        assert_eq!(read("player=alice", "", ""), Ok(("alice".to_owned(), 3_600)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, kind, body, problem) in [
            ("", "", "", "'player' is missing"),
            ("Player=alice", FORM, "", "'player' is missing"),
            ("", JSON, r#"{"player":7}"#, "'player' should be a string"),
            ("", JSON, "[]", "the body is not a JSON object: "),
            (
                "",
                "text/plain",
                "player=alice",
                "the body should be application/json or application/x-www-form-urlencoded, not 'text/plain'",
            ),
            ("player=alice&expiresIn=soon", "", "", "'expiresIn' should be a whole number of seconds from 1 to 31536000, not 'soon'"),
            ("player=alice&expiresIn=0", "", "", "'expiresIn' should be"),
            ("player=alice&expiresIn=-1", "", "", "'expiresIn' should be"),
            ("player=alice&expiresIn=31536001", "", "", "'expiresIn' should be"),
            ("", JSON, r#"{"player":"alice","expiresIn":1.5}"#, "'expiresIn' should be"),
            ("", JSON, r#"{"player":"alice","expiresIn":null}"#, "'expiresIn' should be"),
        ] {
            let error = read(query, kind, body).unwrap_err();
            assert!(error.starts_with(problem), "{error}");
        }
    }
}
