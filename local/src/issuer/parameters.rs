//! What a token is asked for with: the query string, a form or a JSON object, whichever is at hand.

use std::{collections::BTreeMap, time::Duration};

use http::{HeaderMap, header::CONTENT_TYPE};
use serde_json::Value;
use url::form_urlencoded;

/// How long a token holds if nobody says otherwise.
const DEFAULT_SECONDS: u64 = 60 * 60;

/// A year is enough to play locally.
const MAXIMUM_SECONDS: u64 = 365 * 24 * 60 * 60;

/// Reads `player`, whom the token is for, and the optional `expiresIn`, for how many seconds. What the body says goes before what the query
/// string says. Whether such a player can be is not checked.
///
/// # Errors
/// What is wrong, naming the parameter.
pub fn read(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<(String, Duration), String> {
    let pairs = |text| form_urlencoded::parse(text).into_owned();
    let mut values: BTreeMap<String, String> = pairs(query.unwrap_or_default().as_bytes()).collect();
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        _ if body.is_empty() => {}
        "application/json" => values.extend(members(body)?),
        "application/x-www-form-urlencoded" => values.extend(pairs(body)),
        _ => return Err(format!("the body should be application/json or application/x-www-form-urlencoded, not '{kind}'")),
    }
    let player = values.remove("player").ok_or("'player' is missing: ask for /issuer/token?player=alice")?;
    let asked = values.remove("expiresIn").unwrap_or_else(|| DEFAULT_SECONDS.to_string());
    let seconds = asked.parse().ok().filter(|seconds| (1..=MAXIMUM_SECONDS).contains(seconds));
    let problem = || format!("'expiresIn' should be a whole number of seconds from 1 to {MAXIMUM_SECONDS}, not '{asked}'");
    Ok((player, Duration::from_secs(seconds.ok_or_else(problem)?)))
}

fn members(body: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let members: BTreeMap<String, Value> =
        serde_json::from_slice(body).map_err(|error| format!("the body is not a JSON object: {error}"))?;
    let text = |(name, value)| match value {
        Value::String(text) => Ok((name, text)),
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
        super::read(Some(query), &headers, body.as_bytes()).map(|(player, lifetime)| (player, lifetime.as_secs()))
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
