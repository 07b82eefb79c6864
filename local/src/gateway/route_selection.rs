//! Which route a message takes: `RouteSelectionExpression` applied to its body.

use std::{borrow::Borrow, collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use super::api::{ApiError, Route};

/// A parsed `RouteSelectionExpression`: a path into the JSON body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RouteSelection {
    path: Vec<String>,
}

impl RouteSelection {
    /// Reads `$request.body.a.b` or `${request.body.a.b}`.
    pub(super) fn parse(expression: &str) -> Result<RouteSelection, ApiError> {
        let refused = || ApiError::RouteSelectionExpression(expression.to_owned());
        let inner = expression.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).or_else(|| expression.strip_prefix('$'));
        let path = inner.and_then(|inner| inner.strip_prefix("request.body.")).ok_or_else(refused)?;
        let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        if !path.split('.').all(is_name) {
            return Err(refused());
        }
        Ok(RouteSelection { path: path.split('.').map(str::to_owned).collect() })
    }

    /// What the expression gives for `body`: text as it is, numbers and booleans as text, objects and arrays as JSON. A
    /// missing member, and a body that is not JSON, give the empty string. Nothing else in the body is looked into: its
    /// depth, its numbers and its texts do not matter.
    pub(super) fn evaluate(&self, body: &str) -> String {
        let selected = self.path.iter().try_fold(serde_json::from_str::<&RawValue>(body).ok(), |value, name| {
            let mut members: BTreeMap<Name, &RawValue> = serde_json::from_str(value?.get()).ok()?;
            Some(members.remove(name.as_bytes()))
        });
        match selected.flatten().map(RawValue::get) {
            None | Some("null") => String::new(),
            Some(text) if text.starts_with('"') => serde_json::from_str(text).unwrap_or_default(),
            Some(other) => other.to_owned(),
        }
    }
}

/// A member's name, which is no text if it has half of a surrogate pair.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Name(Vec<u8>);

impl Borrow<[u8]> for Name {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl de::Visitor<'_> for Bytes {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

    fn selection() -> RouteSelection {
        RouteSelection::parse("$request.body.route").unwrap()
    }

    fn routes(keys: &[&str]) -> BTreeMap<String, Route> {
        let route = |key: &&str| ((*key).to_owned(), Route { function_arn: format!("arn:{key}"), route_response: false });
        keys.iter().map(route).collect()
    }

    #[test]
    fn a_path_reaches_into_the_body() {
        let selection = RouteSelection::parse("$request.body.header.action").unwrap();
        assert_eq!(selection.evaluate(r#"{"header":{"action":"move"}}"#), "move");
        assert_eq!(selection, RouteSelection::parse("${request.body.header.action}").unwrap());
    }

    #[test]
    fn what_is_not_text_becomes_text() {
        for (route, expected) in [
            (json!(7), "7"),
            (json!(1.5), "1.5"),
            (json!(true), "true"),
            (json!({"a": 1}), r#"{"a":1}"#),
            (json!([1, "b"]), r#"[1,"b"]"#),
            (json!(null), ""),
        ] {
            assert_eq!(selection().evaluate(&json!({ "route": route }).to_string()), expected);
        }
    }

    #[test]
    fn a_missing_member_and_a_body_that_is_not_json_give_nothing() {
        for body in ["", "hello", "{", "[]", "7", "\"route\"", "{}", r#"{"Route":"x"}"#, r#"{"route":"x"} trailing"#] {
            assert_eq!(selection().evaluate(body), "", "{body}");
        }
    }

    #[test]
    fn nothing_but_the_member_is_looked_into() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        for odd in [&deep, "1e999", r#""\ud800""#, r#"{"\ud800":"\udc00"}"#] {
            let body = format!(r#"{{"odd":{odd},"route":"ping","\ud800":{odd}}}"#);
            assert_eq!(selection().evaluate(&body), "ping", "{odd:.20}");
        }
        assert_eq!(selection().evaluate(r#"{"route":"a","r\u006fute":"b"}"#), "b");
        assert_eq!(selection().evaluate(r#"{"route":"\ud800"}"#), "");
    }

    #[test]
    fn an_expression_that_is_not_understood_is_refused() {
        for expression in ["", "$request.body.", "$request.body", "$request.header.x", "route", "$request.body.a[0]", "${request.body.a"] {
            assert_eq!(RouteSelection::parse(expression), Err(ApiError::RouteSelectionExpression(expression.to_owned())));
        }
    }

    #[test]
    fn the_exact_route_comes_before_the_default() {
        let routes = routes(&["$connect", "$default", "$disconnect", "ping"]);
        assert_eq!(route_for(&routes, "ping").unwrap().0, "ping");
        assert_eq!(route_for(&routes, "Ping").unwrap().0, "$default");
        assert_eq!(route_for(&routes, "").unwrap().0, "$default");
    }

    #[test]
    fn without_a_default_there_may_be_no_route() {
        assert_eq!(route_for(&routes(&["ping"]), "pong"), None);
    }

    #[test]
    fn a_client_cannot_name_the_routes_of_the_life_cycle() {
        assert_eq!(route_for(&routes(&["$connect", "$disconnect"]), "$disconnect"), None);
        assert_eq!(route_for(&routes(&["$connect", "$default"]), "$connect").unwrap().0, "$default");
    }

    proptest! {
        #[test]
        fn any_text_is_selected_as_it_is(route in ".*") {
            prop_assert_eq!(selection().evaluate(&json!({"route": route, "body": {}}).to_string()), route);
        }

        #[test]
        fn no_body_makes_it_fail(body in ".*") {
            let routes = routes(&["$default", "ping"]);
            prop_assert!(route_for(&routes, &selection().evaluate(&body)).is_some());
        }
    }
}
