//! Filter patterns.

use serde_json::{Value, json};

use crate::mappings::filter::Filters;

fn matches(patterns: &[Value], record: &Value) -> bool {
    Filters::new(patterns).unwrap().matches(record)
}

#[test]
fn patterns_match_as_on_lambda() {
    let image = |name: &str, value: Value| json!({"dynamodb": {"NewImage": {name: value}}});
    let record =
        json!({"eventName": "INSERT", "dynamodb": {"NewImage": {"state": {"S": "queued"}, "n": {"N": "5"}, "gone": {"NULL": true}}}});
    let cases = [
        (image("state", json!({"S": ["queued"]})), true),
        (image("state", json!({"S": ["open", "queued"]})), true),
        (image("state", json!({"S": ["open"]})), false),
        (image("state", json!({"N": ["queued"]})), false),
        (json!({"dynamodb": {"NewImage": {"state": {"S": ["queued"]}, "n": {"N": ["6"]}}}}), false),
        (image("state", json!({"S": [{"exists": true}]})), true),
        (image("state", json!({"S": ["open", {"exists": true}]})), true),
        (image("absent", json!({"S": [{"exists": false}]})), true),
        (image("absent", json!({"S": [{"exists": true}]})), false),
        (image("n", json!({"N": ["5"]})), true),
        // An attribute may be called like a type.
        (image("L", json!({"S": ["x"]})), false),
    ];
    for (pattern, expected) in cases {
        assert_eq!(matches(std::slice::from_ref(&pattern), &record), expected, "{pattern}");
    }
    assert!(matches(&[], &record));
    assert!(matches(&[image("n", json!({"N": ["6"]})), image("n", json!({"N": ["5"]}))], &record));
    let removal = json!({"eventName": "REMOVE", "dynamodb": {"Keys": {"state": {"S": "queued"}}}});
    assert!(!matches(&[image("state", json!({"S": [{"exists": true}]}))], &removal));
}

#[test]
fn what_is_not_understood_is_refused_with_its_place() {
    let at = |rule: Value| json!({"dynamodb": {"NewImage": {"n": {"N": rule}}}});
    let place = "filter pattern 2, at dynamodb.NewImage.n.N";
    let rules = "strings, also for numbers, and exists with true or false";
    let cases = [
        (at(json!([{"numeric": [">", 5]}])), place, rules),
        (at(json!([{"prefix": "5"}])), place, rules),
        (at(json!([{"prefix": "a", "exists": true}])), place, rules),
        (at(json!([{"exists": "yes"}])), place, rules),
        (at(json!([5])), place, rules),
        (at(json!("5")), place, "sequence"),
        (json!({"dynamodb": {"NewImage": {"n": {"SS": ["x"]}}}}), "at dynamodb.NewImage.n", "SS"),
        (json!({"dynamodb": {"$or": [{"x": ["y"]}]}}), "at dynamodb", "$or"),
        (json!({"dynamodb": {"OldImage": {"n": {"N": ["5"]}}}}), "at dynamodb", "OldImage"),
        (json!({"eventName": ["INSERT"]}), "filter pattern 2, at ", "eventName"),
        (json!(7), "filter pattern 2, at ", "Pattern"),
    ];
    for (pattern, place, word) in cases {
        let error = Filters::new(&[at(json!(["5"])), pattern.clone()]).unwrap_err();
        assert!(error.contains(place) && error.contains(word), "{pattern}: {error}");
    }
}
