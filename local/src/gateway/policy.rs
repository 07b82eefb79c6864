//! Whether an authorizer's policy lets a method be called: the part of IAM that API Gateway applies to it.

use serde_json::Value;

/// Whether `policy` allows `execute-api:Invoke` on `method_arn`. A matching Deny wins over every Allow, and what no statement
/// allows is denied.
///
/// # Errors
/// Says what of the policy is malformed, or asks for a part of IAM (conditions, the `Not…` elements) that is not applied here.
pub(super) fn allows(policy: &Value, method_arn: &str) -> Result<bool, String> {
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(statement @ Value::Object(_)) => vec![statement],
        _ => return Err("the policy has no Statement".to_owned()),
    };
    let (mut allowed, mut denied) = (false, false);
    for statement in statements {
        if let Some(element) = ["Condition", "NotAction", "NotResource"].into_iter().find(|name| statement.get(name).is_some()) {
            return Err(format!("the policy's {element} is not evaluated by this gateway"));
        }
        let actions = patterns(statement, "Action")?;
        let resources = patterns(statement, "Resource")?;
        let matching = actions.iter().any(|action| matches(&action.to_lowercase(), "execute-api:invoke"))
            && resources.iter().any(|resource| matches(resource, method_arn));
        match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => allowed |= matching,
            Some("Deny") => denied |= matching,
            _ => return Err("a statement's Effect is neither Allow nor Deny".to_owned()),
        }
    }
    Ok(allowed && !denied)
}

fn patterns<'a>(statement: &'a Value, name: &str) -> Result<Vec<&'a str>, String> {
    let texts = match statement.get(name) {
        Some(Value::String(text)) => Some(vec![text.as_str()]),
        Some(Value::Array(texts)) => texts.iter().map(Value::as_str).collect(),
        _ => None,
    };
    texts.ok_or_else(|| format!("a statement's {name} is neither a string nor a list of strings"))
}

/// Whether `text` is what `pattern` describes: `*` is any run of characters, `?` is any one.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star was, and up to where of the text it reaches so far: on a mismatch it takes one character more.
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((star_at, reached)) = star else { return false };
                star = Some((star_at, reached + 1));
                p = star_at + 1;
                t = reached + 1;
            }
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const METHOD: &str = "arn:aws:execute-api:eu-central-1:123456789012:local/dev/$connect";

    fn statement(effect: &str, resource: &str) -> Value {
        json!({"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource})
    }

    #[test]
    fn an_allow_of_the_method_allows() {
        for resource in [
            METHOD,
            "*",
            "arn:aws:execute-api:eu-central-1:123456789012:local/*",
            "arn:aws:execute-api:*:*:local/???/$connect",
            "arn:*/$connect",
        ] {
            assert_eq!(allows(&json!({"Statement": [statement("Allow", resource)]}), METHOD), Ok(true), "{resource}");
        }
    }

    #[test]
    fn a_resource_that_is_not_the_method_allows_nothing() {
        for resource in [
            "",
            "arn:aws:execute-api:eu-central-1:123456789012:local/dev/$default",
            "arn:*/$connec",
            "arn:aws:execute-api:*:*:local/??/$connect",
        ] {
            assert_eq!(allows(&json!({"Statement": [statement("Allow", resource)]}), METHOD), Ok(false), "{resource}");
        }
    }

    #[test]
    fn a_matching_deny_wins() {
        let policy = json!({"Statement": [statement("Allow", "*"), statement("Deny", METHOD)]});
        assert_eq!(allows(&policy, METHOD), Ok(false));
        let policy = json!({"Statement": [statement("Allow", "*"), statement("Deny", "arn:other")]});
        assert_eq!(allows(&policy, METHOD), Ok(true));
    }

    #[test]
    fn another_action_allows_nothing() {
        let with = |action: Value| json!({"Statement": {"Action": action, "Effect": "Allow", "Resource": ["x", "*"]}});
        assert_eq!(allows(&with(json!("execute-api:ManageConnections")), METHOD), Ok(false));
        assert_eq!(allows(&with(json!(["lambda:InvokeFunction", "execute-api:*"])), METHOD), Ok(true));
        assert_eq!(allows(&with(json!("Execute-API:invoke")), METHOD), Ok(true));
    }

    #[test]
    fn a_malformed_policy_is_an_error_and_no_statement_is_a_denial() {
        assert_eq!(allows(&json!({"Statement": []}), METHOD), Ok(false));
        for policy in [
            json!({}),
            json!(null),
            json!({"Statement": [{"Effect": "Allow", "Resource": "*"}]}),
            json!({"Statement": [{"Effect": "Allow", "Action": "*"}]}),
            json!({"Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]}),
            json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": [1]}]}),
            json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}}]}),
        ] {
            assert!(allows(&policy, METHOD).is_err(), "{policy}");
        }
    }

    /// The definition, plainly: exponential, and good for short texts only.
    fn matches_by_definition(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|taken| matches_by_definition(rest, &text[taken..])),
            Some((&c, rest)) => text.split_first().is_some_and(|(&t, others)| (c == '?' || c == t) && matches_by_definition(rest, others)),
        }
    }

    proptest! {
        #[test]
        fn matching_agrees_with_its_definition(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &text), matches_by_definition(&chars(&pattern), &chars(&text)));
        }

        #[test]
        fn a_text_matches_itself_and_itself_with_a_part_starred(text in "[a-z:/$é]{1,30}", cut in any::<(prop::sample::Index, prop::sample::Index)>()) {
            let chars: Vec<char> = text.chars().collect();
            let (a, b) = (cut.0.index(chars.len() + 1), cut.1.index(chars.len() + 1));
            let starred: String = chars[..a.min(b)].iter().chain(&['*']).chain(&chars[a.max(b)..]).collect();
            prop_assert!(matches(&text, &text));
            prop_assert!(matches(&starred, &text));
        }
    }
}
