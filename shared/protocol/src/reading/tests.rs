//! What nobody should have to write, and is read.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json, value::RawValue};

use super::{event, read};

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
struct Everything {
    byte: u8,
    #[serde(default)]
    signed: i64,
    large: Option<u64>,
    text: Option<String>,
    #[serde(default)]
    flag: bool,
    #[serde(default)]
    list: Vec<Inner>,
    #[serde(default)]
    map: BTreeMap<u16, Option<u32>>,
    action: Option<Action>,
    pair: Option<(u8, char)>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Inner(u32);

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
enum Action {
    Pass,
    Bid(u32),
    Move { from: u8, to: u8, and: Option<Vec<u8>> },
}

fn complaint(text: &str) -> String {
    read::<Everything>(text).unwrap_err().to_string()
}

#[test]
fn a_whole_number_may_be_written_as_any_number() {
    for (written, value) in [("1.0", 1), ("1e0", 1), ("100e-2", 1), ("2.55E2", 255), ("-0", 0), ("-0.0", 0), ("0e999", 0)] {
        assert_eq!(read::<u8>(written), Ok(value), "{written}");
        assert_eq!(read::<Everything>(&format!(r#"{{"byte":{written}}}"#)).unwrap().byte, value, "{written}");
    }
    assert_eq!(read::<i64>("-9223372036854775808.0"), Ok(i64::MIN));
    assert_eq!(read::<u64>("18446744073709551615.0"), Ok(u64::MAX));
    assert_eq!(read::<f64>("1.0"), Ok(1.0));
}

#[test]
fn what_is_no_whole_number_is_refused_by_field() {
    for (written, problem) in [
        ("1.5", "byte: invalid type: floating point `1.5`, expected u8"),
        ("256.0", "byte: invalid value: integer `256`, expected u8"),
        ("-1.0", "byte: invalid value: integer `-1`, expected u8"),
        ("18446744073709551616", "byte: invalid type: floating point `1.8446744073709552e+19`, expected u8"),
        ("1e999", "byte: number out of range"),
        (r#""1""#, r#"byte: invalid type: string "1", expected u8"#),
        ("null", "missing field `byte`"),
    ] {
        assert_eq!(complaint(&format!(r#"{{"byte":{written}}}"#)), problem);
    }
    assert_eq!(complaint(r#"{"byte":1,"list":[1,2.0,2.5]}"#), "list[2]: invalid type: floating point `2.5`, expected u32");
}

#[test]
fn a_complaint_is_not_about_what_is_forgiven() {
    assert_eq!(complaint(r#"{"byte":1.0,"list":null,"flag":7}"#), "flag: invalid type: integer `7`, expected a boolean");
    assert_eq!(complaint(r#"{"byte":1,"byte":1}"#), "duplicate field `byte`");
    assert_eq!(complaint("[1]"), "invalid type: sequence, expected struct Everything");
    assert_eq!(complaint(r#"{"byte":1.0"#), "not JSON: EOF while parsing an object");
    assert_eq!(complaint(r#"{"byte":1.0} more"#), "not JSON: trailing characters");
}

#[test]
fn null_is_absent_whatever_the_type() {
    let text =
        r#"{"byte":1.0,"signed":null,"large":null,"text":null,"flag":null,"list":null,"map":null,"action":null,"pair":null,"x":null}"#;
    assert_eq!(read::<Everything>(text), read(r#"{"byte":1}"#));
    let action = r#"{"move":{"from":1.0,"to":2,"and":null}}"#;
    assert_eq!(read(action), Ok(Action::Move { from: 1, to: 2, and: None }));
}

#[test]
fn all_kinds_of_types_are_read_alike() {
    let text = r#"{"byte":1.0,"signed":-5.0,"large":1e18,"text":"t","flag":true,"list":[1,2e0],"map":{"3":4.0,"5":null},
        "action":{"bid":7.0},"pair":[1e0,"x"]}"#;
    let strict = r#"{"byte":1,"signed":-5,"large":1000000000000000000,"text":"t","flag":true,"list":[1,2],"map":{"3":4,"5":null},
        "action":{"bid":7},"pair":[1,"x"]}"#;
    assert_eq!(read::<Everything>(text), read(strict));
    assert_eq!(read::<Everything>(strict).unwrap().map, BTreeMap::from([(3, Some(4)), (5, None)]));
    assert_eq!(read::<Everything>(r#"{"byte":1.0,"action":"pass"}"#).unwrap().action, Some(Action::Pass));
    for text in [r#"{"byte":1.0,"pair":[1,"x",2]}"#, r#"{"byte":1.0,"action":{"bid":1,"pass":null}}"#, r#"{"byte":1.0,"action":"fold"}"#] {
        assert!(read::<Everything>(text).is_err(), "{text}");
    }
}

#[test]
fn half_of_a_surrogate_pair_is_a_replacement_character() {
    for (written, text) in [
        (r#""\ud800""#, "\u{fffd}"),
        (r#""a\uDC00b""#, "a\u{fffd}b"),
        (r#""\ud83d\u0041""#, "\u{fffd}A"),
        (r#""\ud83d\ud83d\ude00\ud83d""#, "\u{fffd}\u{1f600}\u{fffd}"),
        (r#""\ude00\ud83d퟿""#, "\u{fffd}\u{fffd}\u{d7ff}"),
    ] {
        assert_eq!(read::<String>(written).as_deref(), Ok(text), "{written}");
    }
}

#[test]
fn empty_text_is_absent_in_events_only() {
    let text = r#"{"byte":1,"text":"","list":null}"#;
    assert_eq!(event::<Everything>(text).unwrap().text, None);
    assert_eq!(read::<Everything>(text).unwrap().text.as_deref(), Some(""));
}

#[test]
fn raw_json_keeps_its_bytes() {
    #[derive(Deserialize)]
    struct Passing {
        byte: u8,
        body: Box<RawValue>,
        rest: Vec<Box<RawValue>>,
        maybe: Option<Box<RawValue>>,
    }
    let body = r#"{ "b":1.0, "a":123456789012345678901234567890,"a":[null , 1e999],"s":"\ud800\u0041" }"#;
    for byte in ["1", "1.0"] {
        let text = format!(r#"{{"byte":{byte},"body": {body} ,"rest":[{body}, 1.0 ],"maybe":null}}"#);
        let passing: Passing = read(&text).unwrap();
        assert_eq!((passing.byte, passing.body.get(), passing.rest[0].get(), passing.rest[1].get()), (1, body, body, "1.0"));
        assert!(passing.maybe.is_none());
    }
}

#[test]
fn what_nobody_asks_for_is_not_looked_into() {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let large = "x".repeat(1_000_000);
    for odd in [deep.as_str(), "1e999", r#""\ud800""#, r#"{"\ud800":1,"\ud800":1}"#, &format!(r#""{large}""#)] {
        let text = format!("\u{feff}\n{{\"odd\":{odd},\"byte\":1.0,\"\\ud800\":{odd},\"\":{odd},\"list\":[1.0]}}");
        assert_eq!(read::<Everything>(&text), read(r#"{"byte":1,"list":[1]}"#));
    }
}

#[test]
fn what_is_asked_for_is_bounded_in_depth() {
    let nested = |depth: usize| format!("{}\"\\ud800\"{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read::<Value>(&nested(100)).is_ok());
    assert_eq!(read::<Value>(&nested(100_000)).unwrap_err().to_string().split(": ").last(), Some("nested too deeply"));
    assert!(read::<Value>(&format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000))).is_err());
}

#[test]
fn types_that_gather_their_members_are_read_as_far_as_they_can_be() {
    #[derive(Debug, Deserialize, PartialEq, Eq)]
    #[serde(tag = "type", rename_all = "camelCase")]
    enum Tagged {
        Bid { amount: u32, note: Option<String> },
    }
    #[derive(Debug, Deserialize, PartialEq, Eq)]
    struct Flat {
        #[serde(flatten)]
        inner: BTreeMap<String, u32>,
    }
    let text = r#"{"type":"bid","amount":5.0,"note":null,"more":{"deep":[1e2]}}"#;
    assert_eq!(read(text), Ok(Tagged::Bid { amount: 5, note: None }));
    assert_eq!(read(r#"{"a":1.0}"#), Ok(Flat { inner: BTreeMap::from([("a".into(), 1)]) }));
}

#[test]
fn a_complaint_is_cut_short_and_knows_where_it_is() {
    fn of<T: DeserializeOwned + std::fmt::Debug>(value: &Value) -> String {
        read::<T>(&value.to_string()).unwrap_err().within("body").to_string()
    }
    let long = "x".repeat(100_000);
    assert!(of::<u8>(&json!(long)).len() < 200);
    assert!(of::<BTreeMap<String, u8>>(&json!({ long: "y" })).len() < 300);
    assert_eq!(of::<Vec<u8>>(&json!(["y"])), r#"body[0]: invalid type: string "y", expected u8"#);
    assert_eq!(of::<u8>(&json!("y")), r#"body: invalid type: string "y", expected u8"#);
}
