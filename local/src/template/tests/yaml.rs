use serde_json::{Value, json};

use super::super::{error::Report, yaml};

fn parsed(text: &str) -> Result<Value, String> {
    let report = Report::default();
    let node = yaml::parse(text, &report);
    report.finish().map_err(|error| error.to_string())?;
    Ok(node.expect("no problem, so a document").to_json())
}

#[test]
fn tags_become_their_long_form() {
    for (short, long) in [
        ("!Ref Stage", json!({"Ref": "Stage"})),
        ("!Condition IsProduction", json!({"Condition": "IsProduction"})),
        ("!Sub '${A}-b'", json!({"Fn::Sub": "${A}-b"})),
        ("!Sub ['${A}', {A: !Ref B}]", json!({"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]})),
        ("!GetAtt Table.Arn", json!({"Fn::GetAtt": ["Table", "Arn"]})),
        ("!GetAtt Nested.Outputs.Arn", json!({"Fn::GetAtt": ["Nested", "Outputs.Arn"]})),
        ("!GetAtt [Table, Arn]", json!({"Fn::GetAtt": ["Table", "Arn"]})),
        ("!Join ['-', [a, !Ref B]]", json!({"Fn::Join": ["-", ["a", {"Ref": "B"}]]})),
        ("!If [C, 1, true]", json!({"Fn::If": ["C", 1, true]})),
        ("!Not [!Equals [a, b]]", json!({"Fn::Not": [{"Fn::Equals": ["a", "b"]}]})),
        ("!And [!Condition A, !Condition B]", json!({"Fn::And": [{"Condition": "A"}, {"Condition": "B"}]})),
        ("!Or\n  - !Condition A\n  - !Condition B", json!({"Fn::Or": [{"Condition": "A"}, {"Condition": "B"}]})),
        ("!FindInMap [M, a, b]", json!({"Fn::FindInMap": ["M", "a", "b"]})),
        ("{'Fn::Sub': x}", json!({"Fn::Sub": "x"})),
    ] {
        assert_eq!(parsed(&format!("value: {short}")), Ok(json!({"value": long})), "{short}");
    }
}

#[test]
fn scalars_keep_their_types() {
    let text = "{a: 1, b: '1', c: true, d: 'true', e: 1.5, f: ~, g: 2010-09-09, h: '*', i: \"*\", j: 'yes', k: '0123', l: -3}";
    let json = json!({"a": 1, "b": "1", "c": true, "d": "true", "e": 1.5, "f": null, "g": "2010-09-09", "h": "*", "i": "*",
        "j": "yes", "k": "0123", "l": -3});
    assert_eq!(parsed(text), Ok(json));
}

#[test]
fn rubbish_is_named_with_its_line() {
    for (text, expected) in [
        ("", "the template is empty"),
        ("# nothing", "the template is empty"),
        ("a: 1\nb: [1, 2", "this is not YAML"),
        ("a: 1\n  b: 2", "line 2: "),
        ("a: 1\na: 2", "line 2: this is not YAML: duplicated key"),
        ("1: a\n'1': b", "line 2: 1: this key is there twice"),
        ("a: 1\n---\nb: 2", "line 3: a template is one YAML document"),
        ("a: !Select [0, [x]]", "line 1: a: the tag !Select is not understood by the local stack; it knows !Ref"),
        ("a: &x 1\nb: *x", "line 2: b: CloudFormation does not take YAML aliases"),
        ("a: &x [1]\nb:\n  c: *x", "line 3: b.c: CloudFormation does not take YAML aliases"),
        ("[a]: 1", "line 1: a key has to be text"),
        ("a: !!int x", "line 1: a: this value is not what its YAML tag says"),
        ("a: .nan", "line 1: a: JSON, which CloudFormation works with, has no such number"),
        ("x: 1\na: yes", "line 2: a: write true or false, or put yes in quotes"),
        ("x: 1\na: 000000000000", "line 2: a: put 000000000000 in quotes"),
    ] {
        let problem = parsed(text).expect_err(text);
        assert!(problem.contains(expected), "{text:?} gave {problem:?}");
    }
}

#[test]
fn bottomless_nesting_is_refused_before_it_is_built() {
    for text in ["- ".repeat(100_000), "? ".repeat(100_000), "[".repeat(100_000), format!("{}a", "- &a ".repeat(50_000))] {
        assert!(parsed(&text).is_err());
    }
    let nested = (0..400).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>();
    assert!(parsed(&nested).is_err_and(|problem| problem.contains("nested more than 100 levels deep")));
    assert!(parsed(&format!("{}{}", "[".repeat(90), "]".repeat(90))).is_ok());
}

#[test]
fn a_template_larger_than_cloudformation_takes_is_refused() {
    assert!(parsed(&format!("a: {}", "x".repeat(1_000_001))).is_err_and(|problem| problem.contains("CloudFormation takes 1000000")));
}
