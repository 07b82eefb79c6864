//! What an authorizer answered: a policy about the handshake, and the context that every later event of the connection carries.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What of an answer is evaluated here. Anything else of IAM's policies is refused by its name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Answer {
    principal_id: String,
    policy_document: Policy,
    #[serde(default)]
    context: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    #[serde(rename = "Version")]
    _version: String,
    statement: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "Action")]
    _action: Action,
    effect: Effect,
    resource: String,
}

#[derive(Deserialize)]
enum Action {
    #[serde(rename = "execute-api:Invoke")]
    Invoke,
}

#[derive(Deserialize, PartialEq)]
enum Effect {
    Allow,
    Deny,
}

impl Statement {
    /// Whether it is about `method_arn`: names it, or a beginning of it with a `*` behind.
    fn is_about(&self, method_arn: &str) -> Result<bool, String> {
        let beginning = self.resource.strip_suffix('*');
        match beginning.unwrap_or(&self.resource) {
            own if own.contains(['*', '?']) => Err(format!("Resource {}: a wildcard is understood at the end only", self.resource)),
            own => Ok(own == method_arn || beginning.is_some() && method_arn.starts_with(own)),
        }
    }
}

/// Reads the authorizer's answer and applies its policy to `method_arn`: a Deny goes before every Allow, and what nothing allows is denied.
/// For a client that may connect it gives `requestContext.authorizer`, without the latency: the context, whose values become strings.
///
/// # Errors
/// Says what of the answer is malformed, or not understood here.
pub(super) fn decide(answer: &[u8], method_arn: &str) -> Result<Option<Map<String, Value>>, String> {
    let answer: Answer = serde_json::from_slice(answer).map_err(|error| format!("the answer is not understood: {error}"))?;
    let mut allowed = None;
    for statement in &answer.policy_document.statement {
        if statement.is_about(method_arn)? {
            allowed = Some(allowed.unwrap_or(true) && statement.effect == Effect::Allow);
        }
    }
    if allowed != Some(true) {
        return Ok(None);
    }
    let text = |(name, value)| match value {
        Value::String(_) => Ok((name, value)),
        Value::Number(_) | Value::Bool(_) => Ok((name, value.to_string().into())),
        _ => Err(format!("context.{name} is not a string, number or boolean")),
    };
    let mut context: Map<String, Value> = answer.context.into_iter().map(text).collect::<Result<_, _>>()?;
    context.insert("principalId".to_owned(), answer.principal_id.into());
    Ok(Some(context))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::account;

    fn method() -> String {
        account::arn("execute-api", "local/dev/$connect")
    }

    fn statement(effect: &str, resource: &str) -> Value {
        json!({"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource})
    }

    fn decided(statements: &Value, context: &Value) -> Result<Option<Value>, String> {
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        let answer = json!({"principalId": "alice", "policyDocument": policy, "context": context});
        Ok(decide(answer.to_string().as_bytes(), &method())?.map(Value::Object))
    }

    fn allows(statements: &Value) -> bool {
        decided(statements, &json!({})).unwrap().is_some()
    }

    #[test]
    fn context_values_become_strings() {
        let context = json!({"text": "v", "number": 123, "fraction": 1.5, "boolean": true, "principalId": "mallory"});
        let expected = json!({"text": "v", "number": "123", "fraction": "1.5", "boolean": "true", "principalId": "alice"});
        assert_eq!(decided(&json!([statement("Allow", &method())]), &context), Ok(Some(expected)));
    }

    #[test]
    fn a_resource_that_is_not_the_method_allows_nothing() {
        for resource in ["*", "arn:*", &format!("{}*", method()), &method()] {
            assert!(allows(&json!([statement("Allow", resource)])), "{resource}");
        }
        for resource in ["", "arn:other", "arn:other*", &account::arn("execute-api", "local/dev/$default"), &method()[..20]] {
            assert!(!allows(&json!([statement("Allow", resource)])), "{resource}");
        }
        assert!(!allows(&json!([])));
    }

    #[test]
    fn a_deny_goes_before_every_allow() {
        assert!(!allows(&json!([statement("Deny", &method()), statement("Allow", "*")])));
        assert!(allows(&json!([statement("Deny", "arn:other"), statement("Allow", "*")])));
    }

    #[test]
    fn what_is_malformed_or_not_understood_is_an_error_that_names_it() {
        let changed = |name: &str, value: Value| {
            let mut statement = statement("Allow", "*");
            statement[name] = value;
            decided(&json!([statement]), &json!({})).unwrap_err()
        };
        assert!(changed("Condition", json!({})).contains("`Condition`"));
        assert!(changed("Action", json!("lambda:InvokeFunction")).contains("`lambda:InvokeFunction`"));
        assert!(changed("Effect", json!("allow")).contains("`allow`"));
        assert!(changed("Resource", json!("arn:*/$connect")).contains("arn:*/$connect"));
        for context in [json!({"a": {}}), json!({"a": []}), json!({"a": null}), json!("text")] {
            assert!(decided(&json!([statement("Allow", "*")]), &context).is_err(), "{context}");
        }
        for answer in ["", "null", "\"Allow\"", "{}", r#"{"principalId":1,"policyDocument":{"Version":"","Statement":[]}}"#] {
            assert!(decide(answer.as_bytes(), &method()).is_err(), "{answer}");
        }
    }
}
