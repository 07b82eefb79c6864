//! What a function behind a route answered: the Lambda proxy answer, as far as functions here write it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A proxy answer. Other members, those of AWS among them that no function here writes, are refused by name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProxyAnswer {
    #[serde(default = "ok")]
    pub(super) status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    pub(super) body: Option<String>,
}

fn ok() -> u16 {
    200
}

impl ProxyAnswer {
    /// # Errors
    /// What is wrong with the answer.
    pub(super) fn parse(answer: &[u8]) -> Result<ProxyAnswer, String> {
        // From a list, serde would take the members in turn; a proxy answer is an object.
        if answer.trim_ascii_start().starts_with(b"[") {
            return Err("not a proxy answer: a list".to_owned());
        }
        serde_json::from_slice(answer).map_err(|error| format!("not a proxy answer: {error}"))
    }

    /// Whatever the case of its name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_read_and_none_is_needed() {
        let answer = br#"{"statusCode":201,"headers":{"Sec-WebSocket-Protocol":"game"},"body":"hello"}"#;
        let answer = ProxyAnswer::parse(answer).unwrap();
        assert_eq!(
            (answer.status_code, answer.header("sec-websocket-protocol"), answer.body.as_deref()),
            (201, Some("game"), Some("hello"))
        );
        let answer = ProxyAnswer::parse(b"{}").unwrap();
        assert_eq!((answer.status_code, answer.header("a"), answer.body.as_deref()), (200, None, None));
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
            r#"{"statusCode":"200"}"#,
            r#"{"statusCode":70000}"#,
            r#"{"headers":{"a":[]}}"#,
        ] {
            assert!(ProxyAnswer::parse(answer.as_bytes()).is_err(), "{answer}");
        }
        assert!(ProxyAnswer::parse(br#"{"isBase64Encoded":true}"#).unwrap_err().contains("isBase64Encoded"));
    }
}
