//! Filter patterns.

use serde_json::{Value, json};

use crate::mappings::filter::Filters;

fn matches(patterns: &[Value], record: &Value) -> bool {
    Filters::new(patterns).unwrap().matches(record)
}

#[test]
fn patterns_match_as_on_lambda() {
    let image = json!({"state": {"S": "queued"}, "n": {"N": "5"}, "gone": {"NULL": true}, "nested": {"M": {"depth": {"S": "two"}}}});
    let record = json!({"eventName": "INSERT", "dynamodb": {"NewImage": image, "OldImage": null}});
    let image = |name: &str, value: Value| json!({"dynamodb": {"NewImage": {name: value}}});
    let cases = [
        (image("state", json!({"S": ["queued"]})), true),
        (image("state", json!({"S": ["open", "queued"]})), true),
        (image("state", json!({"S": ["open"]})), false),
        (json!({"dynamodb": {"NewImage": {"state": {"S": ["queued"]}, "n": {"N": ["6"]}}}}), false),
        (image("state", json!({"S": [{"prefix": "que"}]})), true),
        (image("state", json!({"S": [{"prefix": "x"}]})), false),
        (image("state", json!({"S": [{"exists": true}]})), true),
        (image("absent", json!({"S": [{"exists": false}]})), true),
        (image("absent", json!({"S": [{"exists": true}]})), false),
        // `exists` looks at leaves only.
        (json!({"dynamodb": {"NewImage": [{"exists": true}]}}), false),
        (json!({"dynamodb": {"NewImage": [{"exists": false}]}}), true),
        (image("n", json!({"N": ["5"]})), true),
        (image("gone", json!({"NULL": [true]})), true),
        (json!({"dynamodb": {"OldImage": [null]}}), true),
        (json!({"dynamodb": {"Absent": [null]}}), false),
        (image("nested", json!({"M": {"depth": {"S": ["two"]}}})), true),
    ];
    for (pattern, expected) in cases {
        assert_eq!(matches(std::slice::from_ref(&pattern), &record), expected, "{pattern}");
    }
    assert!(matches(&[], &record));
    // An attribute may be called like a type.
    assert!(!matches(&[image("L", json!({"S": ["x"]}))], &record));
}

#[test]
fn what_is_not_understood_is_refused_with_its_place() {
    let at = |rule: Value| json!({"dynamodb": {"NewImage": {"n": {"N": rule}}}});
    let place = "filter pattern 2, at dynamodb.NewImage.n.N: ";
    let cases = [
        (at(json!([{"numeric": [">", 5]}])), place, "numeric"),
        (at(json!([{"anything-but": "5"}])), place, "anything-but"),
        (at(json!([{"suffix": "5"}])), place, "suffix"),
        (at(json!([{"prefix": "a", "exists": true}])), place, "exists"),
        (at(json!([{"exists": "yes"}])), place, "true or false"),
        (at(json!([{}])), place, "{}"),
        (at(json!([5])), place, "\"5\""),
        (at(json!([["5"]])), place, "not understood"),
        (at(json!("5")), place, "list"),
        (at(json!([])), place, "with something in it"),
        (at(json!({})), place, "with something in it"),
        (json!({"dynamodb": {"NewImage": {"n": {"SS": ["x"]}}}}), "at dynamodb.NewImage.n.SS: ", "sets"),
        (json!({"dynamodb": {"$or": [{"x": ["y"]}]}}), "at dynamodb.$or: ", "alternatives"),
        (json!({"eventName": ["INSERT"]}), "filter pattern 2, at eventName: ", "dynamodb alone"),
        (json!(7), "filter pattern 2: ", "object"),
    ];
    for (pattern, place, word) in cases {
        let error = Filters::new(&[at(json!(["5"])), pattern.clone()]).unwrap_err();
        assert!(error.contains(place) && error.contains(word), "{pattern}: {error}");
    }
}
