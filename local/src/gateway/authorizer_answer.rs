//! What an authorizer answered, and the context that every later event of the connection carries.

use serde_json::{Map, Value};

use super::policy;

/// AWS refuses longer answers.
const MAXIMUM_BYTES: usize = 8 * 1024;

/// An authorizer's decision.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Decision {
    /// The client may connect; this is `requestContext.authorizer`, without the latency.
    Allow(Map<String, Value>),
    /// The policy denies it, or allows something else.
    Deny,
}

/// Reads the authorizer's answer and applies its policy to `method_arn`. The context's values become strings, as functions
/// behind API Gateway see them.
///
/// # Errors
/// Says what of the answer is malformed.
pub(super) fn decide(answer: &[u8], method_arn: &str) -> Result<Decision, String> {
    if answer.len() > MAXIMUM_BYTES {
        return Err(format!("the answer has {} bytes, and {MAXIMUM_BYTES} are allowed", answer.len()));
    }
    let answer: Value = serde_json::from_slice(answer).map_err(|error| format!("the answer is not JSON: {error}"))?;
    let Some(Value::String(principal)) = answer.get("principalId") else { return Err("principalId is not a string".to_owned()) };
    let policy = answer.get("policyDocument").ok_or("there is no policyDocument")?;
    if !policy::allows(policy, method_arn)? {
        return Ok(Decision::Deny);
    }
    let mut context = Map::new();
    match answer.get("context") {
        None | Some(Value::Null) => {}
        Some(Value::Object(members)) => {
            for (name, value) in members {
                context.insert(name.clone(), text(value).ok_or_else(|| format!("context.{name} is not a string, number or boolean"))?);
            }
        }
        Some(_) => return Err("context is not an object".to_owned()),
    }
    context.insert("principalId".to_owned(), principal.as_str().into());
    Ok(Decision::Allow(context))
}

fn text(value: &Value) -> Option<Value> {
    match value {
        Value::String(_) => Some(value.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const METHOD: &str = "arn:aws:execute-api:eu-central-1:123456789012:local/dev/$connect";

    fn answer(context: &Value, resource: &str) -> Vec<u8> {
        let statement = json!({"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resource});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
        json!({"principalId": "alice", "policyDocument": policy, "context": context}).to_string().into_bytes()
    }

    #[test]
    fn context_values_become_strings() {
        let context = json!({"text": "v", "number": 123, "fraction": 1.5, "boolean": true, "principalId": "mallory"});
        let Ok(Decision::Allow(context)) = decide(&answer(&context, METHOD), METHOD) else { panic!() };
        let expected = json!({"text": "v", "number": "123", "fraction": "1.5", "boolean": "true", "principalId": "alice"});
        assert_eq!(Value::Object(context), expected);
    }

    #[test]
    fn another_resource_is_a_denial() {
        assert_eq!(decide(&answer(&json!({}), "arn:other"), METHOD), Ok(Decision::Deny));
    }

    #[test]
    fn a_malformed_answer_is_an_error() {
        for malformed in ["", "null", "\"Allow\"", "{}", r#"{"principalId":"a"}"#, r#"{"principalId":1,"policyDocument":{"Statement":[]}}"#]
        {
            assert!(decide(malformed.as_bytes(), METHOD).is_err(), "{malformed}");
        }
        for context in [json!({"a": {}}), json!({"a": []}), json!({"a": null}), json!("text"), json!({"a": "x".repeat(8192)})] {
            assert!(decide(&answer(&context, METHOD), METHOD).is_err(), "{context}");
        }
    }
}
