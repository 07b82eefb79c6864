//! Which route a message takes: `$request.body.route`, and nothing else of its body.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use crate::template::Route;

/// What `$request.body.route` gives for `body`: text as it is, and anything else of JSON as it is written. A body without it or that is not
/// JSON, and half of a surrogate pair in it, give the empty string. Of two, the last counts.
///
/// Nothing else is looked into but for its grammar: serde_json skips a [`RawValue`] of any depth without recursion, and its numbers and
/// escapes without reading them.
pub(super) fn route_key(body: &str) -> String {
    let body = body.strip_prefix('\u{feff}').unwrap_or(body);
    let mut members: BTreeMap<Name, &RawValue> = serde_json::from_str(body).unwrap_or_default();
    match members.remove(&Name(b"route".to_vec())).map(RawValue::get) {
        None | Some("null") => String::new(),
        Some(text) if text.starts_with('"') => serde_json::from_str(text).unwrap_or_default(),
        Some(other) => other.to_owned(),
    }
}

/// A member's name, which is no text if it has half of a surrogate pair.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Name(Vec<u8>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Name;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a name")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Name, E> {
                Ok(Name(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// The route of `key`, and the route key that events name: the route of that very key, else `$default`, else none.
///
/// A client cannot reach `$connect` or `$disconnect` by naming them: the functions there would take its message for the
/// start or the end of a connection.
pub(super) fn route_for<'a>(routes: &'a BTreeMap<String, Route>, key: &str) -> Option<(&'a str, &'a Route)> {
    let own = if key.starts_with('$') { None } else { routes.get_key_value(key) };
    own.or_else(|| routes.get_key_value("$default")).map(|(key, route)| (key.as_str(), route))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn routes(keys: &[&str]) -> BTreeMap<String, Route> {
        let route = |key: &&str| ((*key).to_owned(), Route { function_arn: format!("arn:{key}"), route_response: false });
        keys.iter().map(route).collect()
    }

    #[test]
    fn what_is_not_text_becomes_text_and_what_is_not_there_or_not_json_gives_nothing() {
        for (route, expected) in [("7", "7"), ("1.50", "1.50"), ("true", "true"), ("[1,\"b\"]", "[1,\"b\"]"), ("null", "")] {
            assert_eq!(route_key(&format!(r#"{{"route": {route} }}"#)), expected);
        }
        for body in ["", "hello", "{", "[]", "7", "\"route\"", "{}", r#"{"Route":"x"}"#, r#"{"route":"x"} trailing"#, r#"{"route":"x",}"#] {
            assert_eq!(route_key(body), "", "{body}");
        }
    }

    #[test]
    fn a_frame_takes_its_route_whatever_else_of_json_is_in_it() {
        let nested = |open: &str, close: &str, depth| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let digits = "9".repeat(40);
        let odd = [
            &nested("[", "]", 200),
            &nested("[", "]", 10_000),
            &nested(r#"{"route":"#, "}", 5_000),
            "1e999",
            "-1e-999",
            &digits,
            &format!("0.{digits}E+{digits}"),
            r#""\ud800""#,
            r#""\udfff\ud800 \u0000""#,
            r#"{"\ud800":"\udc00","\ud800":null}"#,
        ];
        for odd in odd {
            for space in ["", "\u{feff}", " \t\r\n", "\u{feff} \n"] {
                let body =
                    format!(r#"{space}{{"odd":{odd},"route":"ping","\ud800":{odd},"a\udc00b":{odd}}}{}"#, &space.replace('\u{feff}', ""));
                assert_eq!(route_key(&body), "ping", "{odd:.20}");
            }
        }
        assert_eq!(route_key(r#"{"route":"a","r\u006fute":"b","body":{"route":"c"}}"#), "b");
        assert_eq!(route_key(r#"{"route":"\ud83d\ude00"}"#), "\u{1F600}");
        assert_eq!(route_key(r#"{"route":"\ud800"}"#), "");
    }

    #[test]
    fn the_exact_route_comes_before_the_default_and_without_one_there_may_be_none() {
        let with_default = routes(&["$connect", "$default", "$disconnect", "ping"]);
        for (key, expected) in [("ping", "ping"), ("Ping", "$default"), ("", "$default"), ("$connect", "$default")] {
            assert_eq!(route_for(&with_default, key).unwrap().0, expected);
        }
        for key in ["pong", "$connect", "$disconnect"] {
            assert_eq!(route_for(&routes(&["ping", "$connect", "$disconnect"]), key), None);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_selected_as_it_is_and_no_body_makes_it_fail(route in ".*") {
            prop_assert_eq!(route_key(&json!({"route": route, "body": {}}).to_string()), route.clone());
            route_key(&route);
        }
    }
}
