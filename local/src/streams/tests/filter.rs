//! Filter patterns.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::streams::Filters;

fn matches(patterns: &[Value], record: &Value) -> bool {
    Filters::compile(patterns).unwrap().matches(record)
}

fn record() -> Value {
    json!({
        "eventName": "INSERT",
        "dynamodb": {
            "NewImage": {
                "state": {"S": "queued"}, "n": {"N": "5"}, "gone": {"NULL": true}, "members": {"SS": ["a", "b"]},
                "nested": {"M": {"depth": {"S": "two"}}}, "list": {"L": [{"S": "x"}, {"M": {"k": {"S": "y"}}}]}, "empty": {"L": []},
            },
            "SizeBytes": 54, "OldImage": null,
        },
    })
}

#[test]
fn operators_match_as_on_lambda() {
    let image = |name: &str, value: Value| json!({"dynamodb": {"NewImage": {name: value}}});
    let cases = [
        (json!({"eventName": ["INSERT"]}), true),
        (json!({"eventName": ["REMOVE"]}), false),
        (json!({"eventName": ["REMOVE", "INSERT"]}), true),
        (json!({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"state": {"S": ["open"]}}}}), false),
        (image("state", json!({"S": ["queued"]})), true),
        (image("state", json!({"S": [{"prefix": "que"}]})), true),
        (image("state", json!({"S": [{"prefix": "x"}]})), false),
        (image("state", json!({"S": [{"suffix": "ued"}]})), true),
        (image("state", json!({"S": [{"equals-ignore-case": "QUEUED"}]})), true),
        (image("state", json!({"S": [{"anything-but": "queued"}]})), false),
        (image("state", json!({"S": [{"anything-but": ["open", "closed"]}]})), true),
        (image("state", json!({"S": [{"anything-but": {"prefix": "que"}}]})), false),
        (image("state", json!({"S": [{"anything-but": {"suffix": "x"}}]})), true),
        (image("state", json!({"S": [{"exists": true}]})), true),
        (image("absent", json!({"S": [{"exists": false}]})), true),
        (image("absent", json!({"S": [{"exists": true}]})), false),
        (image("absent", json!({"S": [{"anything-but": "x"}]})), false),
        // `exists` looks at leaves only.
        (json!({"dynamodb": {"NewImage": [{"exists": true}]}}), false),
        (json!({"dynamodb": {"NewImage": [{"exists": false}]}}), true),
        (image("n", json!({"N": ["5"]})), true),
        (image("gone", json!({"NULL": [true]})), true),
        (json!({"dynamodb": {"OldImage": [null]}}), true),
        (json!({"dynamodb": {"Absent": [null]}}), false),
        (json!({"dynamodb": {"SizeBytes": [54.0]}}), true),
        (image("members", json!({"SS": ["b"]})), true),
        (image("members", json!({"SS": ["c"]})), false),
        (image("members", json!({"SS": [{"anything-but": "a"}]})), true),
        (image("nested", json!({"M": {"depth": {"S": ["two"]}}})), true),
        (image("list", json!({"L": {"S": ["x"]}})), true),
        (image("list", json!({"L": {"M": {"k": {"S": ["y"]}}}})), true),
        // Both, but not of one member of the list.
        (image("list", json!({"L": {"S": ["x"], "M": {"k": {"S": ["y"]}}}})), false),
        (image("empty", json!({"L": {"S": [{"exists": false}]}})), true),
    ];
    for (pattern, expected) in cases {
        assert_eq!(matches(std::slice::from_ref(&pattern), &record()), expected, "{pattern}");
        assert_eq!(matches(&[pattern.to_string().into()], &record()), expected, "as text: {pattern}");
    }
    assert!(matches(&[], &record()));
}

#[test]
fn what_cannot_work_is_refused_with_its_place() {
    let cases = [
        (json!({"dynamodb": {"NewImage": {"n": {"N": [{"numeric": [">", 5]}]}}}}), "dynamodb.NewImage.n.N", "numeric"),
        (json!({"dynamodb": {"NewImage": {"n": {"N": [5]}}}}), "dynamodb.NewImage.n.N", "\"5\""),
        (json!({"dynamodb": {"NewImage": {"n": {"N": "5"}}}}), "dynamodb.NewImage.n.N", "list"),
        (json!({"eventName": []}), "eventName", "empty list"),
        (json!({"dynamodb": {}}), "dynamodb", "empty object"),
        (json!({"eventName": [{"prefix": "a", "suffix": "b"}]}), "eventName", "exactly one"),
        (json!({"eventName": [{}]}), "eventName", "exactly one"),
        (json!({"eventName": [{"cidr": "10.0.0.0/8"}]}), "eventName", "cidr"),
        (json!({"eventName": [{"exists": "yes"}]}), "eventName", "true or false"),
        (json!({"eventName": [{"anything-but": []}]}), "eventName", "at least one"),
        (json!({"eventName": [["INSERT"]]}), "eventName", "list of lists"),
        (json!({"body": ["x"]}), "pattern 2", "body"),
        (json!("{"), "pattern 2", "JSON"),
        (json!(7), "pattern 2", "object"),
        (json!({"eventName": ["x".repeat(5000)]}), "pattern 2", "characters"),
    ];
    for (pattern, place, word) in cases {
        let error = Filters::compile(&[json!({"eventName": ["INSERT"]}), pattern.clone()]).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.pattern, 2);
        assert!(text.contains(place) && text.contains(word), "{pattern}: {text}");
    }
    assert!(Filters::compile(&vec![json!({"eventName": ["INSERT"]}); 6]).unwrap_err().to_string().contains("at most 5"));
}

/// Values as leaves of a record have them, few enough to meet.
fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof!["[ab]{0,2}".prop_map(Value::from), (0u8..3).prop_map(Value::from), any::<bool>().prop_map(Value::from), Just(Value::Null)]
}

fn tree() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 24, 3, |inner| {
        prop_oneof![
            prop::collection::btree_map("[abc]", inner.clone(), 0..3).prop_map(|members| json!(members)),
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
        ]
    })
}

fn a_record() -> impl Strategy<Value = Value> {
    tree().prop_map(|value| json!({"dynamodb": value}))
}

fn rule() -> impl Strategy<Value = Value> {
    let text = "[ab]{0,2}";
    prop_oneof![
        scalar(),
        text.prop_map(|text| json!({"prefix": text})),
        text.prop_map(|text| json!({"suffix": text})),
        prop::collection::vec(text, 1..3).prop_map(|texts| json!({"anything-but": texts})),
        text.prop_map(|text| json!({"anything-but": {"prefix": text}})),
        any::<bool>().prop_map(|exists| json!({"exists": exists})),
    ]
}

fn node() -> impl Strategy<Value = Value> {
    prop::collection::vec(rule(), 1..3)
        .prop_map(Value::from)
        .prop_recursive(3, 12, 3, |inner| prop::collection::btree_map("[abc]", inner, 1..3).prop_map(|members| json!(members)))
}

fn pattern() -> impl Strategy<Value = Value> {
    node().prop_map(|node| json!({"dynamodb": node}))
}

/// Anything that is JSON, operators among it.
fn anything() -> impl Strategy<Value = Value> {
    let name = prop_oneof!["prefix", "exists", "anything-but", "numeric", "dynamodb", "eventName", "N", "\\PC{0,3}"];
    scalar().prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec((name.clone(), inner.clone()), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
        ]
    })
}

proptest! {
    #[test]
    fn several_patterns_match_if_any_does(patterns in prop::collection::vec(pattern(), 1..5), record in a_record()) {
        let any = patterns.iter().any(|pattern| matches(std::slice::from_ref(pattern), &record));
        prop_assert_eq!(matches(&patterns, &record), any);
    }

    #[test]
    fn adding_a_field_never_widens(fields in prop::collection::btree_map("[abc]", node(), 1..3), more in node(), record in a_record()) {
        let mut wider = fields.clone();
        wider.entry("c".to_owned()).or_insert(more);
        let narrow = json!({"dynamodb": wider});
        if matches(&[narrow], &record) {
            let wide = matches(&[json!({"dynamodb": fields})], &record);
            prop_assert!(wide);
        }
        // The same at the top.
        if matches(&[json!({"dynamodb": fields, "eventName": ["INSERT"]})], &record) {
            let wide = matches(&[json!({"dynamodb": fields})], &record);
            prop_assert!(wide);
        }
    }

    #[test]
    fn adding_an_alternative_never_narrows(rules in prop::collection::vec(rule(), 1..3), more in rule(), record in a_record()) {
        let mut wider = rules.clone();
        wider.push(more);
        let at = |rules: &[Value]| matches(&[json!({"dynamodb": {"a": rules}})], &record);
        prop_assert!(!at(&rules) || at(&wider));
    }

    #[test]
    fn anything_but_is_the_complement_of_exact(values in prop::collection::vec("[ab]{0,2}", 1..3), value in scalar()) {
        let record = json!({"eventName": value});
        let exact = matches(&[json!({"eventName": values})], &record);
        prop_assert_eq!(matches(&[json!({"eventName": [{"anything-but": values}]})], &record), !exact);
    }

    #[test]
    fn anything_but_a_prefix_is_the_complement_of_the_prefix(prefix in "[ab]{0,2}", value in scalar()) {
        let record = json!({"eventName": value});
        let with = matches(&[json!({"eventName": [{"prefix": prefix}]})], &record);
        prop_assert_eq!(matches(&[json!({"eventName": [{"anything-but": {"prefix": prefix}}]})], &record), !with);
    }

    #[test]
    fn a_leaf_exists_or_does_not(record in a_record()) {
        let exists = |exists: bool| matches(&[json!({"dynamodb": {"a": {"b": [{"exists": exists}]}}})], &record);
        prop_assert!(exists(true) || exists(false));
    }

    #[test]
    fn a_record_matches_the_pattern_made_of_its_own_leaves(value in scalar()) {
        let record = json!({"dynamodb": {"NewImage": {"a": {"S": value}}}});
        let own = matches(&[json!({"dynamodb": {"NewImage": {"a": {"S": [value]}}}})], &record);
        prop_assert!(own);
    }

    #[test]
    fn compiling_and_matching_never_panic(patterns in prop::collection::vec(anything(), 0..6), record in anything()) {
        if let Ok(filters) = Filters::compile(&patterns) {
            filters.matches(&record);
        }
    }
}
