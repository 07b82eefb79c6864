//! What a function behind a route answered: the Lambda proxy answer.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A proxy answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProxyAnswer {
    /// 200 where the function did not say.
    pub(super) status: u16,
    /// Of `headers` and `multiValueHeaders`.
    pub(super) headers: Vec<(String, String)>,
    /// Decoded where `isBase64Encoded` says so; absent where the function gave none.
    pub(super) body: Option<Vec<u8>>,
}

/// The members, and there may be no other.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Members {
    #[serde(default)]
    status_code: Value,
    headers: Option<Map<String, Value>>,
    multi_value_headers: Option<Map<String, Value>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

impl ProxyAnswer {
    /// Reads a function's answer.
    ///
    /// # Errors
    /// Says what is wrong with it; the client then gets `Internal server error`.
    pub(super) fn parse(answer: &[u8]) -> Result<ProxyAnswer, String> {
        // From a list, serde would take the members in turn; a proxy answer is an object.
        let object: Map<String, Value> = serde_json::from_slice(answer).map_err(|error| format!("not a proxy answer: {error}"))?;
        let members = Members::deserialize(Value::Object(object)).map_err(|error| format!("not a proxy answer: {error}"))?;
        let status = match &members.status_code {
            Value::Null => Some(200),
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let status = status.and_then(|status| u16::try_from(status).ok()).filter(|status| (100..1000).contains(status));
        let status = status.ok_or_else(|| format!("statusCode {} is not a status", members.status_code))?;
        let body = match members.body {
            Some(body) if members.is_base64_encoded == Some(true) => {
                Some(STANDARD.decode(body).map_err(|error| format!("body is not base64: {error}"))?)
            }
            other => other.map(String::into_bytes),
        };
        Ok(ProxyAnswer { status, headers: headers(members.headers, members.multi_value_headers)?, body })
    }

    /// The first value of a header, whatever the case of its name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether the status is one of success.
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

fn headers(single: Option<Map<String, Value>>, multiple: Option<Map<String, Value>>) -> Result<Vec<(String, String)>, String> {
    let mut headers = Vec::new();
    let mut add = |name: &str, value: &Value| {
        match value {
            Value::String(text) => headers.push((name.to_owned(), text.clone())),
            Value::Number(_) | Value::Bool(_) => headers.push((name.to_owned(), value.to_string())),
            Value::Null => {}
            Value::Array(_) | Value::Object(_) => return Err(format!("header {name} is not text")),
        }
        Ok(())
    };
    for (name, value) in single.iter().flatten() {
        add(name, value)?;
    }
    for (name, values) in multiple.iter().flatten() {
        let Value::Array(values) = values else { return Err(format!("multiValueHeaders.{name} is not a list")) };
        values.iter().try_for_each(|value| add(name, value))?;
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_member_is_read() {
        let answer = json!({
            "statusCode": 201, "headers": {"Sec-WebSocket-Protocol": "game"}, "multiValueHeaders": {"X-A": ["1", "2"]},
            "body": "hello", "isBase64Encoded": false,
        });
        let answer = ProxyAnswer::parse(answer.to_string().as_bytes()).unwrap();
        assert_eq!((answer.status, answer.body.as_deref()), (201, Some(&b"hello"[..])));
        assert_eq!(answer.header("sec-websocket-protocol"), Some("game"));
        assert_eq!(answer.headers.iter().filter(|(name, _)| name == "X-A").count(), 2);
    }

    #[test]
    fn an_empty_object_is_a_success_without_a_body() {
        assert_eq!(ProxyAnswer::parse(b"{}"), Ok(ProxyAnswer { status: 200, headers: vec![], body: None }));
        let nulls = br#"{"statusCode":"204","headers":null,"multiValueHeaders":null,"body":null,"isBase64Encoded":null}"#;
        assert_eq!(ProxyAnswer::parse(nulls), Ok(ProxyAnswer { status: 204, headers: vec![], body: None }));
    }

    #[test]
    fn a_base64_body_is_decoded() {
        assert_eq!(ProxyAnswer::parse(br#"{"body":"aGk=","isBase64Encoded":true}"#).unwrap().body.as_deref(), Some(&b"hi"[..]));
        assert!(ProxyAnswer::parse(br#"{"body":"hi!","isBase64Encoded":true}"#).is_err());
    }

    #[test]
    fn anything_else_is_malformed() {
        for answer in [
            "",
            "null",
            "\"ok\"",
            "[]",
            "[200]",
            r#"{"message":"hi"}"#,
            r#"{"statusCode":200,"Body":"x"}"#,
            r#"{"statusCode":200,"body":{"a":1}}"#,
            r#"{"statusCode":"ok"}"#,
            r#"{"statusCode":1}"#,
            r#"{"statusCode":70000}"#,
            r#"{"headers":{"a":[]}}"#,
            r#"{"multiValueHeaders":{"a":"b"}}"#,
        ] {
            assert!(ProxyAnswer::parse(answer.as_bytes()).is_err(), "{answer}");
        }
    }

    proptest! {
        #[test]
        fn any_unknown_member_is_malformed(name in "[a-zA-Z]{1,20}") {
            let known = ["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"];
            prop_assume!(!known.contains(&name.as_str()));
            let mut answer = json!({"statusCode": 200});
            answer[&name] = json!(null);
            prop_assert!(ProxyAnswer::parse(answer.to_string().as_bytes()).is_err());
        }

        #[test]
        fn a_text_body_comes_through_unchanged(body in ".*", status in 100u16..600) {
            let answer = ProxyAnswer::parse(json!({"statusCode": status, "body": body}).to_string().as_bytes()).unwrap();
            prop_assert_eq!(answer.status, status);
            prop_assert_eq!(answer.body, Some(body.into_bytes()));
        }
    }
}
