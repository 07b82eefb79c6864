//! Laws that hold for any text.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{error::Report, load, parameters, resolver::Resolver, yaml};
use super::{FUNCTION, TABLE};

/// Pieces that templates are made of, so that random texts get past the first line.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "Resources:\n",
            "Outputs:\n",
            "Parameters:\n",
            "Conditions:\n",
            "Globals:\n",
            "Transform: AWS::Serverless-2016-10-31\n",
            "  A:\n",
            "    Type: AWS::SQS::Queue\n",
            "    Type: AWS::Serverless::WebSocketApi\n",
            "    Type: AWS::Serverless::Function\n",
            "    Properties:\n",
            "      QueueName: ",
            "      Routes: ",
            "      Events: ",
            "      Value: ",
            "!Ref ",
            "!Sub ",
            "!GetAtt ",
            "!If ",
            "!Join ",
            "!FindInMap ",
            "!Equals ",
            "!Not ",
            "{Ref: A}",
            "{'Fn::Sub': '${A}${A.Arn}${!x}${'}",
            "A",
            "A.Arn",
            "AWS::NoValue",
            "[",
            "]",
            "{",
            "}",
            ", ",
            ": ",
            "- ",
            "\n",
            "  ",
            "    ",
            "'",
            "\"",
            "${",
            "}",
            "&a ",
            "*a",
            "|",
            ">",
            "? ",
            "#",
            "~",
            "!!int ",
            "0",
            "1e999",
            "yes",
            "\t",
            "---\n",
            "\u{feff}",
            "é",
            "%TAG ! x\n",
        ])
        .prop_map(str::to_owned),
        ".{0,4}",
    ]
}

/// A value of a template in flow style, intrinsic functions included, well or not.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("!Ref P".to_owned()),
        Just("!Ref AWS::NoValue".to_owned()),
        Just("!Ref Nope".to_owned()),
        Just("!Ref Rows".to_owned()),
        Just("!GetAtt Rows.Arn".to_owned()),
        Just("!GetAtt Rows".to_owned()),
        Just("!Sub '${P}-${!P}-${Worker.Arn}'".to_owned()),
        Just("!Sub '{\"Ref\":\"P\"}'".to_owned()),
        Just("!FindInMap [M, a, b]".to_owned()),
        Just("!FindInMap [M, a, c]".to_owned()),
        Just("5".to_owned()),
        Just("true".to_owned()),
        Just("~".to_owned()),
        "'[a-zA-Z$!{}. ]{0,12}'",
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|elements| format!("[{}]", elements.join(", "))),
            prop::collection::btree_map("[a-z]{1,3}|Ref|Fn::If|Fn::Sub", inner.clone(), 0..4).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(key, value)| format!("'{key}': {value}")).collect();
                format!("{{{}}}", members.join(", "))
            }),
            (prop::sample::select(vec!["Yes", "No", "Nope"]), inner.clone(), inner.clone())
                .prop_map(|(c, a, b)| format!("!If [{c}, {a}, {b}]")),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|elements| format!("!Join ['-', [{}]]", elements.join(", "))),
            inner.prop_map(|value| format!("!Sub ['${{A}}${{P}}', {{ A: {value} }}]")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_makes_loading_panic(text in prop_oneof![prop::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.concat()), "\\PC{0,200}"]) {
        // Whether it loads does not matter here, only that it comes back, and with something to say.
        if let Err(error) = load(&text, &BTreeMap::new(), "stack") {
            prop_assert!(!error.problems.is_empty());
        }
    }

    #[test]
    fn a_broken_template_never_loads_in_part(at in 0usize..FUNCTION.len() + TABLE.len(), with in piece()) {
        let mut text = format!("Resources:{FUNCTION}{TABLE}");
        text.insert_str("Resources:".len() + at, &with);
        match super::read(&text) {
            // A comment, a space or a letter inside a name may still make a template.
            Ok(manifest) => prop_assert!(manifest.functions.len() <= 1 && manifest.tables.len() <= 1),
            Err(error) => prop_assert!(error.problems.iter().all(|problem| !problem.message.is_empty())),
        }
    }

    #[test]
    fn evaluating_twice_is_evaluating_once(text in value()) {
        let report = Report::default();
        let document = format!(
            "P: {{ P: {{ Type: String, Default: '${{x}}' }} }}\nM: {{ M: {{ a: {{ b: [1, '${{P}}'], c: {{ Ref: P }} }} }} }}\nX: {text}\n"
        );
        let Some(document) = yaml::parse(&document, &report) else { return Ok(()) };
        let parameters = parameters::read(document.get("P"), 1, &BTreeMap::new(), &report);
        let mut resolver = Resolver::new(&report, "stack", &parameters, document.get("M"));
        resolver.conditions = [("Yes".to_owned(), Some(true)), ("No".to_owned(), Some(false))].into();
        let resources = yaml::parse(&format!("{FUNCTION}{TABLE}"), &report);
        resolver.resources = super::super::resources::read(resources.as_ref(), 1, None, &resolver);
        let Some(value) = document.get("X") else { return Ok(()) };
        if let Some(once) = resolver.resolve(value, "X") {
            prop_assert_eq!(resolver.resolve(&once, "X"), Some(once));
        }
    }
}
